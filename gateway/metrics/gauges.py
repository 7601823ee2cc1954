"""What is so now: counts and ages, each found by an index.

A count of what waits reads as many index entries as there are rows that wait, and nothing of the
rest: not the roll, not what is held (the sums of `holdings` know that), not old batches.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, bindparam, case, func, literal, select, text

from gateway.metrics import contradictions
from gateway.views import approvals, stuck
from gateway.views.count import MOST
from outbox import gate, restored, retention_run
from outbox.batch import UNANSWERED
from outbox.house import House
from outbox.notices import REFUSED_CODES
from outbox.pending import RANK_NEWS
from outbox.withdrawals import RANK as RANK_WITHDRAWALS
from partners.holdings import Side
from schemas.batch import Lane
from schemas.tables import (
    agreements,
    batches,
    certificates,
    foreign_rolls,
    holdings,
    holdings_checks,
    home,
    inbound_batches,
    lanes,
    ledger_head,
    own_keys,
    pending,
    pushes,
    revocations,
    staged_certificates,
)
from signing.certificate import Certificate

Sample: TypeAlias = tuple[str, tuple[str, ...], float]
"""A metric's name, its labels' values, its value."""

LANE_STATES: Final = ("open", "paused", "failing")
_KEY_CHARS = 16


def every(tx: Connection, house: House, *, now: datetime) -> Iterator[Sample]:
    """All gauges, and the counters that the database keeps itself."""
    yield from _lanes(tx, house, now)
    yield from _partners(tx)
    yield from _waiting(tx)
    yield from _revocations(tx, now)
    yield from _certificates(tx)
    yield from _feeds(tx, house, now)
    yield from contradictions.every(tx)
    yield "mrx_ledger_entries_total", (), tx.scalar(_LEDGER) or 0
    yield "mrx_approvals_waiting", (), approvals.count_waiting(tx)
    yield from _retention(tx, house)
    yield from _restored(tx)


def _restored(tx: Connection) -> Iterator[Sample]:
    """A gateway that was never restored waits for nothing."""
    found = restored.standing(tx)
    owed = found is not None and found.consents_owed_since is not None
    yield "mrx_restored_waiting", ("", "consents"), float(owed)
    shut, unasked = (found.shut, found.unasked) if found else ((), ())
    for partner in {*tx.scalars(_PARTNERS), *shut, *unasked}:
        yield "mrx_restored_waiting", (partner, "lanes"), float(partner in shut)
        yield "mrx_restored_waiting", (partner, "roll"), float(partner in unasked)


def _retention(tx: Connection, house: House) -> Iterator[Sample]:
    """The rows of the runs are few: one a day."""
    for rule, rows in retention_run.erased_ever(tx).items():
        yield "mrx_retention_erased_rows_total", (rule,), rows
    last = retention_run.last_ended(tx)
    if last is not None and last.ended_at is not None:
        yield "mrx_retention_last_run_timestamp_seconds", (), last.ended_at.timestamp()
    yield "mrx_retention_on", (), float(house.terms.retention.daily)


def _lanes(tx: Connection, house: House, now: datetime) -> Iterator[Sample]:
    held_back = gate.closed(tx, house, now=now)
    closed: dict[str, datetime] = {}
    for row in tx.execute(_LANES):
        lane = (row.partner, row.kind)
        state = "paused" if row.paused else "failing" if row.trips else "open"
        for one in LANE_STATES:
            yield "mrx_lane_state", (*lane, one), float(one == state)
        yield "mrx_pending_notices", lane, row.waits
        # Past a closed gate withdrawals leave; urgent news waits as its own code says, not here.
        only_leaving = row.kind == Lane.URGENT and row.partner in held_back
        ages = {
            "mrx_oldest_pending_seconds": _oldest(
                row.withdrawal, None if only_leaving else row.news
            ),
            "mrx_oldest_unanswered_seconds": row.flying,
            "mrx_oldest_received_seconds": row.received,
        }
        for name, since in ages.items():
            yield name, lane, 0 if since is None else max(0, (now - since).total_seconds())
        if row.closed is not None:
            closed[row.partner] = max(row.closed, closed.get(row.partner, row.closed))
    for partner, at in closed.items():
        yield "mrx_last_receipt_timestamp_seconds", (partner,), at.timestamp()


def _oldest(*moments: datetime | None) -> datetime | None:
    return min((at for at in moments if at is not None), default=None)


def _partners(tx: Connection) -> Iterator[Sample]:
    for row in tx.execute(_AGREEMENTS):
        yield "mrx_partner_enabled", (row.partner,), float(row.enabled)
        yield "mrx_roll_silence_limit_seconds", (row.partner,), row.rhythm_hours * 3_600
    for held in tx.execute(_HELD):
        yield "mrx_held_records", (held.programme,), held.n
    for check in tx.execute(_AGREE):
        yield "mrx_holdings_agree", (check.partner,), float(check.agree)
    for roll in tx.execute(_ROLLS):
        yield "mrx_roll_members", (roll.programme,), roll.size
        if roll.heard_at is not None:
            yield "mrx_roll_heard_timestamp_seconds", (roll.programme,), roll.heard_at.timestamp()


def _waiting(tx: Connection) -> Iterator[Sample]:
    for partner, codes in stuck.by_code(tx).items():
        for code, counted in codes.items():
            name = "mrx_refused_notices" if code in REFUSED_CODES else "mrx_blocked_notices"
            yield name, (partner, code), counted.n
    for row in tx.execute(_QUARANTINED):
        yield "mrx_quarantined", (row.partner, "in"), row.n
    yield "mrx_quarantined", ("", "out"), tx.scalar(_PUSHES) or 0


def _revocations(tx: Connection, now: datetime) -> Iterator[Sample]:
    found = {row.partner: row for row in tx.execute(_OPEN, {"now": now})}
    for partner in tx.scalars(_PARTNERS):
        row = found.get(partner)
        yield "mrx_revocations_open", (partner,), row.n if row else 0
        yield "mrx_revocations_overdue", (partner,), row.overdue if row else 0


def _certificates(tx: Connection) -> Iterator[Sample]:
    for ours in tx.execute(_OURS):
        yield _certificate("ours", ours.state, ours.fingerprint, _ends(ours.certificate))
    pinned = set()
    for one in tx.execute(_THEIRS):
        pinned.add(one.fingerprint)
        yield _certificate(one.partner, "pinned", one.fingerprint, one.not_after)
    for staged in tx.execute(_STAGED):
        if staged.fingerprint not in pinned:
            yield _certificate(staged.partner, "staged", staged.fingerprint, staged.not_after)


def _certificate(owner: str, use: str, fingerprint: str, ends: datetime) -> Sample:
    key = fingerprint[:_KEY_CHARS]
    return "mrx_certificate_expiry_timestamp_seconds", (owner, use, key), ends.timestamp()


@lru_cache(64)
def _ends(pem: str) -> datetime:
    return Certificate.parse(pem.encode()).not_after


def _feeds(tx: Connection, house: House, now: datetime) -> Iterator[Sample]:
    limit = house.terms.consents_fresh_for.total_seconds()
    yield "mrx_consent_feed_limit_seconds", (), limit
    row = tx.execute(_HOME).one()
    heard = {
        "mrx_consent_feed_age_seconds": row.consents_as_of,
        "mrx_member_feed_age_seconds": row.members_as_of,
    }
    for name, at in heard.items():
        if at is not None:
            yield name, (), max(0, (now - at.astimezone(UTC)).total_seconds())


# -- statements ------------------------------------------------------------------------------------

# Conditions of partial indexes are written out: SQLite chooses an index before it sees parameters.


def _first(rank: int) -> Any:
    """The oldest that waits at this rank: one probe of the index pending_next."""
    return (
        select(pending.c.since)
        .where(
            pending.c.lane_id == lanes.c.id,
            pending.c.rank == rank,
            pending.c.batch_id.is_(None),
            pending.c.blocked.is_(None),
        )
        # In the order of their index, so that no statistics talk PostgreSQL into reading the table.
        .order_by(pending.c.lane_id, pending.c.rank, pending.c.since)
        .limit(1)
        .correlate(lanes)
        .scalar_subquery()
    )


def _of_lane(column: Any, *where: Any, by: Iterable[Any]) -> Any:
    return (
        select(column)
        .where(batches.c.lane_id == lanes.c.id, *where)
        .order_by(*by)
        .limit(1)
        .correlate(lanes)
        .scalar_subquery()
    )


def _waits() -> Any:
    """How many wait, counted up to a bound."""
    some = (
        select(literal(1))
        .where(
            pending.c.lane_id == lanes.c.id,
            pending.c.batch_id.is_(None),
            pending.c.blocked.is_(None),
        )
        .order_by(pending.c.lane_id, pending.c.rank, pending.c.since)
        .limit(MOST + 1)
        .correlate(lanes)
    )
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _grouped(by: Iterable[Any], *where: Any) -> Any:
    return select(*by, func.count().label("n")).where(*where).group_by(*by)


_LANES = select(
    lanes.c.partner,
    lanes.c.kind,
    lanes.c.paused,
    lanes.c.trips,
    _waits().label("waits"),
    _first(RANK_WITHDRAWALS).label("withdrawal"),
    _first(RANK_NEWS).label("news"),
    _of_lane(batches.c.first_sent_at, UNANSWERED, by=[batches.c.id]).label("flying"),
    _of_lane(
        batches.c.first_sent_at,
        batches.c.closed_at.is_(None),
        batches.c.state == "received",
        by=[batches.c.lane_id, batches.c.closed_at],
    ).label("received"),
    _of_lane(
        batches.c.closed_at,
        batches.c.closed_at.is_not(None),
        by=[batches.c.lane_id.desc(), batches.c.closed_at.desc()],
    ).label("closed"),
)
_PARTNERS = select(agreements.c.partner)
_AGREEMENTS = select(agreements.c.partner, agreements.c.enabled, agreements.c.rhythm_hours)
_HELD = (
    select(holdings.c.programme, func.sum(holdings.c.size).label("n"))
    .where(holdings.c.side == Side.OURS.value)
    .group_by(holdings.c.programme)
)
_AGREE = select(holdings_checks.c.partner, holdings_checks.c.agree)
_ROLLS = select(foreign_rolls.c.programme, foreign_rolls.c.size, foreign_rolls.c.heard_at)
_QUARANTINED = _grouped([inbound_batches.c.partner], text("state = 'quarantined'"))
_PUSHES = (
    select(func.count())
    .select_from(pushes)
    .where(text("state IN ('waiting', 'running')"), pushes.c.state == "waiting")
)
_LEDGER = select(ledger_head.c.size)
_HOME = select(home.c.consents_as_of, home.c.members_as_of)
_LATE = revocations.c.due_at < bindparam("now", type_=revocations.c.due_at.type)
_OPEN = (
    select(
        revocations.c.partner,
        func.count().label("n"),
        func.sum(case((_LATE, 1), else_=0)).label("overdue"),
    )
    .where(text("confirmed_at IS NULL AND answer = 'withdrawal on its way'"))
    .group_by(revocations.c.partner)
)
_OURS = select(own_keys).where(own_keys.c.state.in_(("current", "next")))
_THEIRS = select(certificates).where(certificates.c.withdrawn_at.is_(None))
_STAGED = select(staged_certificates)
