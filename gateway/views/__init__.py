"""What people and their tools are shown: plain frozen facts, made by functions of one transaction.

`(tx, house, ..., now) -> ...`. One view serves the page, its twin at `/v1/ops`, the command and
`mrx top`, so that no two of them disagree. A view reads by indexes: what it costs grows with what it
shows, not with the members or the batches that there are.
"""
