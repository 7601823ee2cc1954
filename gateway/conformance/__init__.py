"""`mrx conformance`: the checklist that a partner's endpoint must pass.

    endpoint.py    the partner's end over the wire: what was sent to it, what it answered
    lane.py        batches written by hand, well or badly, each lane of them in an epoch of its own
    roll.py        what the partner must hold by now: count and digest
    judgement.py   ok, failed, skipped; and what a check may demand of an answer
    checks/        one check a function, with the sentence it proves
    report.py      the checklist run from top to bottom, and its report

It plays us-ctpat with a key of its own and invented members only, and withdraws all of them at
the end. Every check opens a new epoch, so that none depends on how another came out.
"""
