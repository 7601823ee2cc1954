"""Alarms of lanes: late withdrawals, attempts that fail, answers that do not come, a pause."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, text

from gateway.views.alarms.alarm import Alarm, many
from gateway.views.lanes import Lane
from gateway.views.rows import Row
from gateway.views.span import span
from outbox import restored
from outbox.batch import State
from outbox.house import House
from outbox.withdrawals import ON_ITS_WAY
from schemas.codes import CODES
from schemas.tables import Moment, revocations

UNKNOWN_LONG: Final = timedelta(hours=1)
"""No wait between two attempts is longer: by then one more has been made, and failed."""
ARRIVED_LONG: Final = timedelta(hours=24)
UNWORKED: Final = timedelta(minutes=5)

_OPEN = text("confirmed_at IS NULL AND answer = 'withdrawal on its way'")  # as its index has it
assert ON_ITS_WAY in str(_OPEN)
_OVERDUE = (
    select(
        revocations.c.partner,
        func.count().label("n"),
        func.min(revocations.c.due_at, type_=Moment()).label("due"),
    )
    .where(_OPEN, revocations.c.due_at < bindparam("now", type_=Moment()))
    .group_by(revocations.c.partner)
)


def late(tx: Connection, house: House, rows: Sequence[Row], now: datetime) -> Iterator[Alarm]:
    """Withdrawals, and bad news, that no receipt has confirmed in time (P3)."""
    overdue = {row.partner: row for row in tx.execute(_OVERDUE, {"now": now})}
    for row in rows:
        late, oldest = overdue.get(row.partner), row.oldest_of(row.urgent)
        if late is not None:
            yield Alarm(
                kind="withdrawals overdue",
                partner=row.partner,
                bad=True,
                sentence=f"{row.partner}: {many(late.n, 'withdrawal')} not confirmed, the first is"
                f" overdue for {span(now - late.due)}.",
                code=row.urgent.trouble.code if row.urgent.trouble else None,
                path=f"/revocations?partner={row.partner}&show=overdue",
                link="Revocations",
            )
        elif oldest is not None and now - oldest > house.terms.withdrawal_due:
            yield Alarm(
                kind="urgent news waits",
                partner=row.partner,
                bad=True,
                sentence=f"{row.partner}: withdrawals or bad news wait for {span(now - oldest)}.",
                code=row.urgent.trouble.code if row.urgent.trouble else None,
                path=f"/partners/{row.partner}",
                link="Cause and repair",
            )


def failing(_tx: Connection, _house: House, rows: Sequence[Row], now: datetime) -> Iterator[Alarm]:
    for row in rows:
        broken = [
            (lane, lane.trouble) for lane in row.lanes if lane.state == "failing" and lane.trouble
        ]
        if not broken:
            continue
        since = min(trouble.since for _, trouble in broken)
        lane, trouble = broken[0]
        which = "both lanes fail" if len(broken) > 1 else f"the {lane.kind} lane fails"
        code = trouble.code
        because = f": {CODES[code].title}" if code in CODES else ""
        yield Alarm(
            kind="failing",
            partner=row.partner,
            bad=True,
            sentence=f"{row.partner}: {which} for {span(now - since)}{because}.",
            code=code,
            path=f"/partners/{row.partner}",
            link="Cause and repair",
        )


def unanswered(
    _tx: Connection, _house: House, rows: Sequence[Row], now: datetime
) -> Iterator[Alarm]:
    """In flight for long, though the lane is not failing; and arrived, but never applied."""
    for row in rows:
        for lane in row.lanes:
            flying = lane.flying
            if (
                flying is not None
                and lane.state != "failing"
                and flying.state is State.UNKNOWN
                and now - flying.first_sent_at > UNKNOWN_LONG
            ):
                did = "was sent" if row.pushed else "was handed over"
                yield Alarm(
                    kind="unknown for long",
                    partner=row.partner,
                    bad=False,
                    sentence=f"{row.partner}: batch {flying.name} {did}"
                    f" {span(now - flying.first_sent_at)} ago, and no receipt has come.",
                    code=lane.trouble.code if lane.trouble else None,
                    path=f"/batches/{flying.id}",
                    link="The batch",
                )
            if lane.arrived_since is not None and now - lane.arrived_since > ARRIVED_LONG:
                yield Alarm(
                    kind="received, not applied",
                    partner=row.partner,
                    bad=False,
                    sentence=f"{row.partner}: {many(lane.arrived, 'batch', 'batches')} arrived, not applied yet,"
                    f" the first for {span(now - lane.arrived_since)}.",
                    code=None,
                    path=f"/batches?partner={row.partner}&state={State.RECEIVED}",
                    link="Batches",
                )


def unworked(_tx: Connection, _house: House, rows: Sequence[Row], now: datetime) -> Iterator[Alarm]:
    """Nobody would say so: whoever works lanes is not there. Who works any of them is there, and
    comes to the others.
    """
    long_ago = now - UNWORKED

    def left_alone(lane: Lane) -> bool:
        waits = lane.works and lane.oldest is not None and lane.oldest < long_ago
        return waits and lane.state != "paused" and lane.due_since < long_ago

    # Nobody may work the lanes that are shut since a restore.
    worked = [row for row in rows if row.pushed and row.closed != restored.SHUT]
    pushed = [lane for row in worked for lane in row.lanes]
    alone = [lane for lane in pushed if left_alone(lane)]
    if alone and not any(lane.leased or lane.served_at >= long_ago for lane in pushed):
        yield Alarm(
            kind="nobody works the lanes",
            partner=None,
            bad=True,
            sentence=f"Due, and nobody works it, for {span(UNWORKED)} or more:"
            f" {many(len(alone), 'lane')}. See whether `mrx serve` or `mrx worker` runs.",
            code=None,
            path=f"/partners/{alone[0].partner}",
            link="The first of them",
        )


def paused(_tx: Connection, _house: House, rows: Sequence[Row], now: datetime) -> Iterator[Alarm]:
    for row in rows:
        lane = row.routine
        if lane.paused_at is None or not lane.announcements:
            continue
        yield Alarm(
            kind="paused with a backlog",
            partner=row.partner,
            bad=False,
            sentence=f"{row.partner}: paused for {span(now - lane.paused_at)} by {lane.paused_by},"
            f" waiting: {many(lane.announcements, 'announcement')}.",
            code=None,
            path=f"/partners/{row.partner}",
            link="Reason and resume",
        )
