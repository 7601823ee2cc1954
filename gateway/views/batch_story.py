"""The story of one batch, branch by branch: what became of each issue of its number.

issue 1  sealed -> sent -x no answer -> sent -x no answer
issue 2  sealed again without one member -> sent -> receipt -> settled, 1 refused
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, bindparam, case, func, or_, select

from outbox import batch as batches_
from outbox import evidence
from outbox.batch import ANSWERED, Batch
from outbox.evidence import Receipt
from schemas.tables import agreements, attempts, batch_files, batch_notices, disclosures, lanes

FIRST: Final = 5
LAST: Final = 45
"""Of a batch that was tried for weeks, so many attempts are shown: the first, and the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One transmission, and how it ended; `ended_at` is None while nobody knows."""

    n: int
    issue: int
    began_at: datetime
    ended_at: datetime | None
    outcome: str | None
    code: str | None
    detail: str | None
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One issue of the number: what became of it. `left_out` are the notices it does not say any
    more, by the reason; `why` says in words why it was sealed, None for the first. `erased_at`:
    its file went under the rule `batch files`.
    """

    issue: int
    digest: str
    sealed_at: datetime
    erased_at: datetime | None
    why: str | None
    left_out: Mapping[str, int]
    attempts: Sequence[Attempt]
    receipts: Sequence[Receipt]


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTry:
    """When it is tried again, if it is: at `at`, or `now`, or not before what `waits_for` says."""

    at: datetime | None
    waits_for: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One batch from its first sealing on. `outcomes` counts its notices by what became of them;
    `unshown` counts attempts between the first and the last ones, where there are very many.
    """

    batch: Batch
    branches: Sequence[Branch]
    unshown: int
    next_try: NextTry | None
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice of a batch."""

    ref: str
    kind: str
    account: str
    version: int | None
    dropped_issue: int | None
    outcome: str | None
    code: str | None


def story(tx: Connection, batch_id: int, *, now: datetime) -> Story:
    """One batch, or `BadRequest` MRX-5003."""
    batch = batches_.get(tx, batch_id)
    which = {"batch": batch_id, "first": FIRST, "last": batch.attempts - LAST}
    made = [_attempt(row) for row in tx.execute(_ATTEMPTS, which)]
    too_large = set(tx.scalars(_TOO_LARGE, {"batch": batch_id}))
    answers = evidence.receipts_of(tx, batch.lane_id, batch.epoch, batch.number)
    dropped = _left_out(tx, batch_id)
    branches = [
        Branch(
            issue=issue.issue,
            digest=issue.digest,
            sealed_at=issue.sealed_at,
            erased_at=issue.erased_at,
            why=_why(issue.issue, dropped.get(issue.issue, {}), too_large),
            left_out=dropped.get(issue.issue, {}),
            attempts=[one for one in made if one.issue == issue.issue],
            receipts=[one for one in answers if one.issue == issue.issue],
        )
        for issue in evidence.issues(tx, batch)
    ]
    return Story(
        batch=batch,
        branches=branches,
        unshown=batch.attempts - len(made),
        next_try=None if batch.state in ANSWERED else _next_try(tx, batch, now),
        outcomes={row.said: row.n for row in tx.execute(_OUTCOMES, {"batch": batch_id})},
    )


def notices(
    tx: Connection,
    batch_id: int,
    *,
    outcome: str | None = None,
    ref: str | None = None,
    after: str | None = None,
    limit: int,
) -> list[Notice]:
    """The notices of a batch by reference, those after one; only the one of `ref`, or those with this
    outcome, where `LEFT_OUT` are those that the newest issue does not say.
    """
    query = _NOTICES.where(
        batch_notices.c.batch_id == batch_id, batch_notices.c.ref > (after or "")
    )
    if ref is not None:
        query = query.where(batch_notices.c.ref == ref)
    if outcome == LEFT_OUT:
        query = query.where(batch_notices.c.dropped_issue.is_not(None))
    elif outcome is not None:
        said = None if outcome == OPEN else outcome
        query = query.where(
            batch_notices.c.outcome.is_not_distinct_from(said),
            batch_notices.c.dropped_issue.is_(None),
        )
    return [Notice(**row._mapping) for row in tx.execute(query.limit(limit))]  # noqa: SLF001  # SQLAlchemy's public name


LEFT_OUT: Final = "left out"
OPEN: Final = "no answer yet"


def _attempt(row: Row[Any]) -> Attempt:
    names = Attempt.__dataclass_fields__
    return Attempt(**{name: value for name, value in row._mapping.items() if name in names})  # noqa: SLF001  # SQLAlchemy's public name


def _left_out(tx: Connection, batch_id: int) -> dict[int, dict[str, int]]:
    """By the issue that no longer says them, the reason that there was then, and how many."""
    found: dict[int, dict[str, int]] = {}
    for row in tx.execute(_LEFT_OUT, {"batch": batch_id}):
        reason = row.reason or "for a later number"
        found.setdefault(row.dropped_issue, {})[reason] = row.n
    return found


def _why(issue: int, left_out: Mapping[str, int], too_large: Collection[int]) -> str | None:
    """Why an issue after the first was sealed."""
    if issue == 1:
        return None
    if issue - 1 in too_large:
        return "the partner found the one before too large"
    if left_out:
        n = sum(left_out.values())
        return f"sealed again without {n} notice{'s' if n != 1 else ''}"
    return "the agreement or a consent changed: sealed again at the newest values"


def _next_try(tx: Connection, batch: Batch, now: datetime) -> NextTry:
    lane = tx.execute(_LANE, {"lane": batch.lane_id}).one()
    if lane.push_url is None:
        return NextTry(at=None, waits_for="the partner, who fetches by itself")
    if lane.paused:
        return NextTry(at=None, waits_for=f"{lane.paused_by}, who paused it: {lane.pause_reason}")
    if lane.leased_until > now:
        return NextTry(at=None, waits_for="the answer: it is being sent now")
    return NextTry(at=max(lane.look_at, now), waits_for=None)


_ATTEMPTS = (
    select(attempts)
    .where(
        attempts.c.batch_id == bindparam("batch"),
        or_(attempts.c.n <= bindparam("first"), attempts.c.n > bindparam("last")),
    )
    .order_by(attempts.c.n)
)
_TOO_LARGE = (
    select(attempts.c.issue)
    .distinct()
    .where(attempts.c.batch_id == bindparam("batch"), attempts.c.code == "MRX-6005")
)
_LANE = (
    select(lanes, agreements.c.push_url)
    .join(agreements, agreements.c.partner == lanes.c.partner)
    .where(lanes.c.id == bindparam("lane"))
)
# A life that was withdrawn after the issue was sealed was not left out of it for that.
_REASON = case(
    (disclosures.c.withdraw_since <= batch_files.c.sealed_at, disclosures.c.withdraw_reason)
).label("reason")
_LEFT_OUT = (
    select(batch_notices.c.dropped_issue, _REASON, func.count().label("n"))
    .outerjoin(disclosures, disclosures.c.ref == batch_notices.c.ref)
    .outerjoin(
        batch_files,
        and_(
            batch_files.c.batch_id == batch_notices.c.batch_id,
            batch_files.c.issue == batch_notices.c.dropped_issue,
        ),
    )
    .where(batch_notices.c.batch_id == bindparam("batch"))
    .where(batch_notices.c.dropped_issue.is_not(None))
    .group_by(batch_notices.c.dropped_issue, _REASON)
)
_SAID = case(
    (batch_notices.c.dropped_issue.is_not(None), LEFT_OUT),
    else_=func.coalesce(batch_notices.c.outcome, OPEN),
).label("said")
_OUTCOMES = (
    select(_SAID, func.count().label("n"))
    .where(batch_notices.c.batch_id == bindparam("batch"))
    .group_by(_SAID)
)
_NOTICES = select(
    batch_notices.c.ref,
    batch_notices.c.kind,
    batch_notices.c.account,
    batch_notices.c.version,
    batch_notices.c.dropped_issue,
    batch_notices.c.outcome,
    batch_notices.c.code,
).order_by(batch_notices.c.ref)
