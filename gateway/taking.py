"""Carrying out a push that came by HTTP: the intake reads its body from the spool, the register
says how it ended.

    body in the spool --> register: running --> intake --> done | waiting | interrupted
    waiting --somebody lets it in--> looked at again --no more would go--> running --> as above
                                                    '--more would go--> waiting, and says how many

A crash before the intake is done leaves `running`, and the next sweep says `interrupted`; a crash
after it, the same: the push is complete then, and pushed again it changes nothing. A crash while one
that waits is looked at again leaves it waiting.

Whoever sends or releases a push waits for the answer as long as the intake takes, which grows with
its lines (docs/performance.md). A caller that gives up stops nothing: the push goes on, and the
register says how it stands.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from gateway import pushes, spool
from gateway.intake import push_consents, push_members, reading
from gateway.intake.report import Report
from gateway.intake.shape import CONSENTS, MEMBERS, Shape
from gateway.pushes import Kind, Pushed, Rejections, State
from gateway.spool import Spooled
from outbox import watch
from outbox.house import House
from schemas.errors import BadRequest
from schemas.tables import pushes as register

# What an answer shows at once; the rest is read page by page.
SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class _Approved:
    """By whom a push is let in; `begin` is called when nothing speaks against it any more."""

    by: str
    begin: Callable[[], None]


_SHAPES: Mapping[Kind, Shape] = {Kind.MEMBERS: MEMBERS, Kind.CONSENTS: CONSENTS}


def take(house: House, push: Pushed, body: Spooled, *, now: datetime) -> None:
    """Enter a new push and carry it out; its body is removed unless the push waits.

    Raises `BadRecord` for a CSV under whose header nothing can be read: that is no push with one
    bad line, and it is not entered.
    """
    try:
        reading.header(body.open(), format=push.format, shape=_SHAPES[push.kind])
        with house.database.write() as tx:
            pushes.begin(tx, push)
        _run(house, push, body, now=now, approved=None)
    finally:
        body.remove()


def approve(
    house: House, push: Pushed, *, by: str, now: datetime, reason: str | None = None
) -> None:
    """Let a waiting push in. `by` is what the ledger names: `token <id>`, or a user.

    Whoever approves it approves the number that `push` says, and nobody goes who was not counted
    when it was looked at again (`push_members`).

    Raises `BadRequest` MRX-7014 (one's own), MRX-7015 (not waiting), MRX-7024 (more would go by now
    than `push` says: it waits on, and says how many).
    """
    body = _waiting(house, push)
    begun = False

    def begin() -> None:
        nonlocal begun
        with house.database.write() as tx:
            pushes.resume(tx, push.id, by=by, reason=reason, now=now)
        begun = True

    try:
        _run(house, push, body, now=now, approved=_Approved(by, begin))
    finally:
        if begun:
            body.remove()
        else:
            body.let_go()


def discard(
    house: House, push: Pushed, *, by: str, now: datetime, reason: str | None = None
) -> None:
    """Give up a waiting push. Raises `BadRequest` MRX-7015 if it does not wait."""
    body = _waiting(house, push)
    try:
        with house.database.write() as tx:
            pushes.discard(tx, push.id, by=by, reason=reason, now=now)
    except BaseException:
        body.let_go()
        raise
    body.remove()  # a crash before this leaves a file that the next sweep removes


def going(push: Pushed) -> int:
    """How many members would go: the highest of the counts that are over the guard."""
    over = (push.report or {}).get("waiting", [])
    return max((one["withdrawn"] for one in over), default=0)


def _refuse_more(house: House, push: Pushed, report: Report) -> None:
    """More would go than was approved: it waits on, with the number of now."""
    told = {**(push.report or {}), "waiting": _guarded(report), "plan": _plan(report)}
    waits = (register.c.id == push.id) & (register.c.state == State.WAITING)
    with house.database.write() as tx:
        tx.execute(update(register).where(waits).values(report=told))
    raise BadRequest("MRX-7024")


def _waiting(house: House, push: Pushed) -> Spooled:
    if push.state is not State.WAITING:
        raise BadRequest("MRX-7015")
    body = spool.take(house, push.id)
    if body is None:  # somebody else decides it in this moment
        raise BadRequest("MRX-7015")
    return body


@watch.step("push")
def _run(
    house: House, push: Pushed, body: Spooled, *, now: datetime, approved: _Approved | None
) -> None:
    began = time.monotonic()

    def clock() -> datetime:
        """`now`, and the time the push has taken since."""
        return now + timedelta(seconds=time.monotonic() - began)

    watch.say(push=push.id, kind=push.kind.value)
    rejections = Rejections(house, push.id)
    try:
        intake = _members if push.kind is Kind.MEMBERS else _consents
        report = intake(house, push, body, rejections, now=now, approved=approved)
        rejections.flush()
    except BaseException:
        with house.database.write() as tx:
            pushes.settle(tx, push.id, State.INTERRUPTED, None, now=clock())
        raise
    waits = bool(report.waiting) and not push.dry_run
    watch.say(records=report.read, outcome="waiting" if waits else "done")
    if waits and approved is not None:
        _refuse_more(house, push, report)
    told = _told(report, cut=rejections.cut)
    with house.database.write() as tx:
        pushes.settle(tx, push.id, State.WAITING if waits else State.DONE, told, now=clock())
    if waits:
        body.let_go()


def _members(
    house: House,
    push: Pushed,
    body: Spooled,
    rejections: Rejections,
    *,
    now: datetime,
    approved: _Approved | None,
) -> Report:
    order = push_members.Push(
        open=body.open,
        format=push.format,
        mode="snapshot" if push.mode == "snapshot" else "delta",
        as_of=push.as_of,
        now=now,
        by=f"token {push.token}",
        dry_run=push.dry_run,
        push=push.id,
        rejected=rejections.add,
        rejections_max=0,
    )
    if approved is not None:
        order = replace(
            order,
            approve=True,
            approved_by=approved.by,
            gone_max=going(push),
            begin=approved.begin,
        )
    return push_members.push(house, order)


def _consents(
    house: House,
    push: Pushed,
    body: Spooled,
    rejections: Rejections,
    *,
    now: datetime,
    approved: _Approved | None,  # noqa: ARG001  # consents never wait
) -> Report:
    order = push_consents.Push(
        source=body.open(),
        format=push.format,
        as_of=push.as_of,
        now=now,
        by=f"token {push.token}",
        dry_run=push.dry_run,
        push=push.id,
        rejected=rejections.add,
        rejections_max=0,
    )
    return push_consents.push(house, order)


def _told(report: Report, *, cut: bool) -> Mapping[str, Any]:
    """What the register keeps: counts, codes and numbers of revocations."""
    return {
        "read": report.read,
        "accepted": report.accepted,
        "unchanged": report.unchanged,
        "ignored": report.ignored,
        "rejected": report.rejected,
        "withdrawn": report.withdrawn,
        "revoked": report.revoked,
        "dropped_fields": report.dropped_fields,
        "warnings": report.warnings,
        "revocations": report.revocations[:SHOWN],
        "rejections_cut": cut,
        "waiting": _guarded(report),
        "note": report.note,
        "plan": _plan(report),
    }


def _guarded(report: Report) -> list[dict[str, Any]]:
    return [asdict(one) for one in report.waiting]


def _plan(report: Report) -> dict[str, Any] | None:
    if report.plan is None:
        return None
    return {partner: asdict(one) for partner, one in sorted(report.plan.items())}
