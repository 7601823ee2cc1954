"""A full list of members: whom it leaves out, and whether that is too many to be believed at once.

look        read the list once: who stands in it, and can it be read to its end?
missing     who is on the roll and not in it
over_guard  the counts that are so high that a person should look first (P3: a truncated export)
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from gateway.intake.reading import Rejected, Taken, Tally
from gateway.intake.report import Guarded, Report
from gateway.intake.seen import Seen
from outbox import withdrawals
from outbox.house import House
from partners import roll
from partners.said import Said

# A full list that would withdraw more than this share, and more than this many, waits.
GUARD_SHARE = 0.05
GUARD_COUNT = 10
PART = 1_000
_PAGE = 10_000


def look(
    lines: Iterable[Taken[Said] | Rejected],
    tally: Tally,
    report: Report,
    rejected: Callable[[Rejected], None],
) -> Seen | None:
    """Read the list to its end; `report` gets what a look at it shows.

    None if nobody may be taken for left out: the list cannot be read to its end, or some line
    does not say whom it is about. An account on a rejected line counts as present.
    """
    seen = Seen()
    for line in lines:
        account = line.item.account if isinstance(line, Taken) else line.account
        if account is not None:
            seen.add(account)
        if isinstance(line, Rejected):
            report.reject(line)
            rejected(line)
    report.close(tally)
    if tally.whole:
        return seen
    why = "ended early" if tally.ended_early else "has a line whose account cannot be read"
    report.note = f"nobody is withdrawn: the list {why}"
    return None


def missing(
    house: House, seen: Seen | None, *, as_of: datetime, among: Seen | None = None
) -> Iterator[list[str]]:
    """The accounts a list as of that moment leaves out, a thousand at a time; of those that stand
    in `among`, if it is given.

    The roll is read page by page, with no transaction open in between. Every part but the last
    has the same length: queries of many lengths would each be prepared and kept by the driver.
    """
    after = ""
    gone: list[str] = []
    while seen is not None:
        with house.database.read() as tx:
            page = roll.present(tx, before=as_of, after=after, limit=_PAGE)
        if not page:
            break
        after = page[-1]
        left_out = (account for account in page if account not in seen)
        gone += [account for account in left_out if among is None or account in among]
        while len(gone) >= PART:
            yield gone[:PART]
            gone = gone[PART:]
    if gone:
        yield gone


def over_guard(house: House, gone: Iterable[list[str]]) -> list[Guarded]:
    """The counts over the guard, for the roll and for each partner."""
    total = 0
    counts: dict[str, int] = {}
    for some in gone:
        total += len(some)
        with house.database.read() as tx:
            for partner, count in withdrawals.held_by_partner(tx, some).items():
                counts[partner] = counts.get(partner, 0) + count
    if not total:
        return []
    with house.database.read() as tx:
        held = withdrawals.held_by_partner(tx)
        found = [Guarded("roll", total, roll.size(tx))]
    found += [Guarded(partner, counts[partner], held[partner]) for partner in sorted(counts)]
    return [
        one for one in found if one.withdrawn > GUARD_COUNT and one.withdrawn > GUARD_SHARE * one.of
    ]
