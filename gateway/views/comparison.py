"""Two issues of one batch side by side: what left, what came, what is said anew.

From the ledger, which knows by reference, version and digest what every issue said, also after the
payload is erased. What it was in words, it does not know.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from outbox import batch as batches
from outbox import witness
from outbox.batch import Batch
from outbox.witness import Told
from schemas.errors import BadRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Issue `issue` of a batch, against the one before."""

    batch: Batch
    issue: int
    left: Sequence[Told]
    came: Sequence[Told]
    changed: Sequence[Told]
    same: int


def compare(tx: Connection, batch_id: int, issue: int | None = None) -> Comparison:
    """Compare an issue (the newest) with the one before. Raises `BadRequest` MRX-5003 where there
    are no two.
    """
    batch = batches.get(tx, batch_id)
    newer = batch.issue if issue is None else issue
    if not 2 <= newer <= batch.issue:
        raise BadRequest("MRX-5003", issue=newer)
    before, after = (witness.said(tx, batch, one) for one in (newer - 1, newer))
    both = sorted(before.keys() & after.keys())
    changed = [after[ref] for ref in both if before[ref].items != after[ref].items]
    return Comparison(
        batch=batch,
        issue=newer,
        left=[before[ref] for ref in sorted(before.keys() - after.keys())],
        came=[after[ref] for ref in sorted(after.keys() - before.keys())],
        changed=changed,
        same=len(both) - len(changed),
    )
