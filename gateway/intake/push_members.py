"""Taking a push of members: the roll and the queue change together, some thousand lines at a time.

    delta      read --> news? --> roll + pending, one transaction a chunk
    snapshot   read once to see who is missing --> guard --> as a delta --> withdraw the missing

Every chunk is complete in itself and may be repeated: a push that is interrupted is pushed again.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal, TypeVar

from gateway.intake.lines import Source
from gateway.intake.members import read_member
from gateway.intake.reading import Format, Rejected, Taken, Tally, read
from gateway.intake.report import Guarded, Report
from gateway.intake.shape import MEMBERS
from outbox import ledger, pending, withdrawals
from outbox.house import House
from partners import roll
from partners.roll import News
from schemas.member import Member
from schemas.programme import PROGRAMMES

Mode = Literal["delta", "snapshot"]
CHUNK = 2_000
# A full list that would withdraw more than this share, and more than this many, waits (P3's guard
# against a truncated export).
GUARD_SHARE = 0.05
GUARD_COUNT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One push of members. `open` gives the input from its start, each time it is called; `step`
    is told after each chunk how many lines have been read; `by` is who brings it.
    """

    open: Callable[[], Source]
    format: Format
    mode: Mode
    as_of: datetime
    now: datetime
    by: str
    dry_run: bool = False
    approve: bool = False
    step: Callable[[int], None] = lambda _: None


def push(house: House, order: Push) -> Report:
    """Take a push and say what became of it."""
    missing: list[str] = []
    report = Report()
    if order.mode == "snapshot":
        looked = Report()
        missing = _missing(house, order, looked)
        looked.waiting = [] if order.approve else _over_guard(house, missing)
        if looked.waiting and not order.dry_run:
            return looked
        report.note, report.waiting = looked.note, looked.waiting
    tally = Tally()
    for chunk in _chunks(_lines(house, order, tally), CHUNK):
        _take(house, order, chunk, report)
        order.step(tally.read)
    report.close(tally)
    if order.dry_run:
        report.withdrawn = len(missing)
    else:
        for some in _chunks(iter(missing), CHUNK // 2):
            with house.database.write() as tx:
                gone = roll.leave(tx, some, as_of=order.as_of, now=order.now)
                withdrawals.leave(tx, gone, reason="absent", now=order.now)
            report.withdrawn += len(gone)
        _enter(house, order, report)
    return report


def _lines(house: House, order: Push, tally: Tally) -> Iterator[Taken[Member] | Rejected]:
    schemes = PROGRAMMES[house.programme].schemes
    today = order.now.date()
    return read(
        order.open(),
        format=order.format,
        shape=MEMBERS,
        take=lambda fields: read_member(fields, schemes=schemes, today=today),
        tally=tally,
    )


def _take(house: House, order: Push, chunk: list[Taken[Member] | Rejected], report: Report) -> None:
    members = [line.item for line in chunk if isinstance(line, Taken)]
    rejected = [line for line in chunk if isinstance(line, Rejected)]
    doubtful = [line.account for line in rejected if line.status_unknown and line.account]
    accounts = [member.account for member in members]
    for line in rejected:
        report.reject(line)
    with house.database.read() as tx:
        # Looked at before the write lock is taken; looked at again under it only if there is news.
        before = roll.known(tx, accounts)
    sorted_ = _sort(members, before, order)
    if not order.dry_run and (sorted_[News.NEW] or sorted_[News.CHANGED] or doubtful):
        with house.database.write() as tx:
            before = roll.known(tx, accounts)
            sorted_ = _sort(members, before, order)
            news = sorted_[News.NEW] + sorted_[News.CHANGED]
            roll.put(tx, news, before, as_of=order.as_of, now=order.now)
            roll.confirm(tx, _accounts(sorted_[News.UNCHANGED]), as_of=order.as_of)
            doubted = [a for a in doubtful if roll.doubt(tx, a, as_of=order.as_of, now=order.now)]
            pending.mark(tx, house, [*_accounts(news), *doubted], now=order.now)
    elif not order.dry_run and any(known.as_of < order.as_of for known in before.values()):
        with house.database.write() as tx:
            roll.confirm(tx, _accounts(sorted_[News.UNCHANGED]), as_of=order.as_of)
    report.accepted += len(sorted_[News.NEW]) + len(sorted_[News.CHANGED])
    report.unchanged += len(sorted_[News.UNCHANGED])
    report.ignored += len(sorted_[News.OLDER])


def _sort(
    members: list[Member], before: dict[str, roll.Known], order: Push
) -> dict[News, list[Member]]:
    found: dict[News, list[Member]] = {news: [] for news in News}
    for member in members:
        found[roll.news(member, before.get(member.account), order.as_of)].append(member)
    return found


def _accounts(members: Iterable[Member]) -> list[str]:
    return [member.account for member in members]


# -- full lists ------------------------------------------------------------------------------------


def _missing(house: House, order: Push, looked: Report) -> list[str]:
    """The accounts a full list leaves out; `looked` gets what a look at the list shows.

    None are left out if the list cannot be read to its end or some line does not say whom it is
    about. An account on a rejected line counts as present.
    """
    tally = Tally()
    seen: set[int] = set()
    for line in _lines(house, order, tally):
        account = line.item.account if isinstance(line, Taken) else line.account
        if account is not None:
            seen.add(int("1" + account))
        if isinstance(line, Rejected):
            looked.reject(line)
    looked.close(tally)
    if not tally.whole:
        why = "ended early" if tally.ended_early else "has a line whose account cannot be read"
        looked.note = f"nobody is withdrawn: the list {why}"
        return []
    with house.database.read() as tx:
        on_roll = roll.present(tx, before=order.as_of)
        return [account for account in on_roll if int("1" + account) not in seen]


def _over_guard(house: House, missing: list[str]) -> list[Guarded]:
    counts: dict[str, int] = {}
    with house.database.read() as tx:
        for some in _chunks(iter(missing), 10_000):
            for partner, count in withdrawals.held_by_partner(tx, some).items():
                counts[partner] = counts.get(partner, 0) + count
        held = withdrawals.held_by_partner(tx)
        found = [Guarded("roll", len(missing), roll.size(tx))]
    found += [Guarded(partner, counts[partner], held[partner]) for partner in sorted(counts)]
    return [
        one for one in found if one.withdrawn > GUARD_COUNT and one.withdrawn > GUARD_SHARE * one.of
    ]


def _enter(house: House, order: Push, report: Report) -> None:
    told = {
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
    with house.database.write() as tx:
        ledger.add(tx, "members pushed", told, now=order.now)


T = TypeVar("T")


def _chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while chunk := list(islice(items, size)):
        yield chunk
