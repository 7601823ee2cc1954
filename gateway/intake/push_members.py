"""Taking a push of members: the roll and the queue change together, some thousand lines at a time.

    delta      read --> news? --> roll + pending, one transaction a chunk
    snapshot   read once to see who is missing --> guard --> as a delta --> withdraw the missing
                                                     '--> waits; let in, it begins anew from here

Every chunk is complete in itself and may be repeated: a push that is interrupted is pushed again.
Whom a full list withdraws are those that were counted for the guard, as far as it still leaves them
out: who joins between the look and the withdrawal was not counted, and is not withdrawn by it. The
next full list speaks of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from gateway.intake import full_list, plain_members
from gateway.intake.ahead import ahead
from gateway.intake.lines import Source
from gateway.intake.members import read_member
from gateway.intake.reading import Format, Rejected, Taken, Tally, chunks, read
from gateway.intake.report import REJECTIONS_MAX, Report
from gateway.intake.seen import Seen
from gateway.intake.shape import MEMBERS
from outbox import ledger, pending, preview, standing, withdrawals
from outbox.house import House
from partners import roll
from partners.said import Said, said
from schemas.programme import PROGRAMMES
from schemas.tables import stored

Mode = Literal["delta", "snapshot"]
CHUNK = 5_000
Line = Taken[Said] | Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One push of members. `open` gives the input from its start, each time it is called; `step`
    is told after each chunk how many lines have been read; `by` is who brings it, `push` its id in
    the register, if any.

    `rejected` gets every rejection once, with no transaction open. `approve` lets a full list
    withdraw more than the guard allows; `approved_by` is who else said so. With `gone_max` it may
    withdraw no more than so many, by the highest count over the guard; else it waits on. `begin` is
    called when it was looked at and nothing has been taken yet: what it raises stops the push.
    """

    open: Callable[[], Source]
    format: Format
    mode: Mode
    as_of: datetime
    now: datetime
    by: str
    dry_run: bool = False
    approve: bool = False
    approved_by: str | None = None
    gone_max: int | None = None
    begin: Callable[[], None] = lambda: None
    push: str | None = None
    step: Callable[[int], None] = lambda _: None
    rejected: Callable[[Rejected], None] = lambda _: None
    rejections_max: int = REJECTIONS_MAX


def push(house: House, order: Push) -> Report:
    """Take a push and say what became of it."""
    if order.mode == "delta":
        return _carry_out(house, order, None, None)
    looked, tally = Report(rejections_max=order.rejections_max), Tally()
    # Those of one that is let in are written when it begins: until then the first ones stand.
    first, later = order.rejected, _forget
    if order.gone_max is not None:
        first, later = later, first
    seen = full_list.look(_lines(house, order, tally), tally, looked, first)
    order = replace(order, rejected=later)
    counted: Seen | None = None
    if not order.approve or order.gone_max is not None:
        counted = Seen()
        gone = full_list.missing(house, seen, as_of=order.as_of)
        looked.waiting = full_list.over_guard(house, _noted(gone, counted))
    if _highest(looked) <= (order.gone_max or 0):
        looked.waiting = []
    if looked.waiting and not order.dry_run:
        foreseen = replace(order, dry_run=True, rejected=_forget)
        looked.plan = _carry_out(house, foreseen, seen, counted).plan
        return looked
    order.begin()
    report = _carry_out(house, order, seen, counted)
    report.note, report.waiting = looked.note, looked.waiting
    return report


def _forget(_: Rejected) -> None:
    """A rejection that was told before, or will be."""


def _noted(gone: Iterable[list[str]], counted: Seen) -> Iterator[list[str]]:
    for some in gone:
        for account in some:
            counted.add(account)
        yield some


def _highest(looked: Report) -> int:
    return max((one.withdrawn for one in looked.waiting), default=0)


def _carry_out(house: House, order: Push, seen: Seen | None, counted: Seen | None) -> Report:
    """Take the lines, then withdraw whom a full list leaves out, of those who were `counted`; in a
    dry run, say what would be.
    """
    report, tally = Report(rejections_max=order.rejections_max), Tally()
    report.plan = {} if order.dry_run else None
    news = False
    for chunk in ahead(chunks(_lines(house, order, tally), tally, most=CHUNK), house.database):
        news = _take(house, order, chunk, report, expecting=news)
        order.step(tally.read)
    report.close(tally)
    for some in full_list.missing(house, seen, as_of=order.as_of, among=counted):
        report.withdrawn += _withdraw(house, order, some, report)
    if not order.dry_run:
        _enter(house, order, report, tally)
    return report


def _withdraw(house: House, order: Push, gone: list[str], report: Report) -> int:
    if order.dry_run:
        with house.database.read() as tx:
            report.foresee(preview.plan(tx, house, [], now=order.now, missing=gone))
        return len(gone)
    with house.bell.after(), house.database.write() as tx:
        left = roll.leave(tx, gone, as_of=order.as_of, now=order.now)
        withdrawals.leave(tx, left, reason="absent", now=order.now)
        standing.enter(tx, dict.fromkeys(left, standing.ABSENT), now=order.now)
    return len(left)


def _lines(house: House, order: Push, tally: Tally) -> Iterator[Line]:
    schemes = PROGRAMMES[house.programme].schemes
    today = order.now.date()

    def take(fields: Mapping[str, object]) -> plain_members.Judged:
        member, warnings = read_member(fields, schemes=schemes, today=today)
        return said(member), warnings

    return read(
        order.open(),
        format=order.format,
        shape=MEMBERS,
        take=take,
        plain=plain_members.reader(schemes, today),
        tally=tally,
    )


def _take(house: House, order: Push, chunk: list[Line], report: Report, *, expecting: bool) -> bool:
    """Take some thousand lines; say whether there was news in them.

    They are looked at before the write lock is taken, and again under it only if there is news.
    Where news is expected, because the lines before had some, the first look is left out.
    """
    items = [line.item for line in chunk if isinstance(line, Taken)]
    rejected = [line for line in chunk if isinstance(line, Rejected)]
    doubtful = [line.account for line in rejected if line.status_unknown and line.account]
    accounts = _accounts(items)
    for line in rejected:
        report.reject(line)
        order.rejected(line)
    at = stored(order.as_of)
    before: dict[str, roll.Known] = {}
    found = roll.sort((), before, order.as_of)
    if order.dry_run or not expecting:
        with house.database.read() as tx:
            before = roll.known(tx, accounts)
            found = roll.sort(items, before, order.as_of)
            if order.dry_run:
                heard = [one.member for one in (*found.news, *found.unchanged)]
                plan = preview.plan(tx, house, heard, now=order.now, doubtful=doubtful)
                report.foresee(plan)
        expecting = bool(found.new or found.changed or doubtful)
    if expecting and not order.dry_run:
        with house.bell.after(), house.database.write() as tx:
            before = roll.known(tx, accounts)
            found = roll.sort(items, before, order.as_of)
            was = roll.statuses(tx, _accounts(found.changed))
            roll.put(tx, found, before, as_of=order.as_of, now=order.now)
            roll.confirm(tx, _accounts(found.unchanged), as_of=order.as_of)
            doubted = [a for a in doubtful if roll.doubt(tx, a, as_of=order.as_of, now=order.now)]
            if found.new or found.changed or doubted:
                pending.mark(tx, house, [*_accounts(found.news), *doubted], now=order.now)
            say = {one.account: one.status for one in found.changed}
            standing.enter(tx, standing.turned(was, say), now=order.now)
    elif not order.dry_run and any(known.as_of < at for known in before.values()):
        with house.database.write() as tx:
            roll.confirm(tx, _accounts(found.unchanged), as_of=order.as_of)
    report.accepted += len(found.new) + len(found.changed)
    report.unchanged += len(found.unchanged)
    report.ignored += found.older
    return bool(found.new or found.changed)


def _accounts(items: Iterable[Said]) -> list[str]:
    return [one.account for one in items]


def _enter(house: House, order: Push, report: Report, tally: Tally) -> None:
    told: dict[str, object] = {
        "mode": order.mode,
        "as_of": order.as_of.isoformat(),
        "read": report.read,
        "accepted": report.accepted,
        "unchanged": report.unchanged,
        "ignored": report.ignored,
        "rejected": report.rejected,
        "withdrawn": report.withdrawn,
        "approved": order.approve,
        "by": order.by,
    }
    if order.push is not None:
        told["push"] = order.push
    if order.approved_by is not None:
        told["approved_by"] = order.approved_by
    with house.database.write() as tx:
        # What could not be read does not say how things stand.
        if not tally.ended_early and (report.rejected < report.read or not report.read):
            roll.heard(tx, order.as_of)
        ledger.add(tx, "members pushed", told, now=order.now)
