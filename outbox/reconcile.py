"""Reconciling with one partner: find the references on which the two ends differ, repair those.

    hold both lanes        nothing of ours is sent meanwhile                    [outbox.standstill]
    ask for its 256 sums   beside ours, added up anew from the disclosures
    ask for the buckets    that differ, and no others
    sort the references    told again | withdrawn | on their way already        [outbox.repair]
    compare the lanes      a lane that one end has lost gets a new epoch        [outbox.epochs]
    open the lanes         of a gateway that was restored from a backup         [outbox.restored]

Each slice of repairs is a transaction of its own, guarded by the lanes' fences; the new epochs come
last. A crash anywhere leaves some repairs queued and the rest undone, and doing it all once more
finds what is left: a life that waits to be told again counts as not held.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from outbox import epochs, holdings, inventory, ledger, repair, rest, restored, standstill
from outbox.epochs import Sent
from outbox.house import House
from outbox.inventory import Ask, Entry, Inventory
from outbox.repair import slices
from partners import agreements
from schemas.batch import Lane
from schemas.holdings import BUCKETS, Bucket, bucket_of, leaf, total
from schemas.tables import disclosures, pending


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a comparison found, and whether anything was done about it.

    `compared` counts the references that were looked at one by one, `buckets` the buckets they
    were in. `ended` are lives that the partner has buried and we had not; `waiting` those that
    differ only until what is on its way has arrived.
    """

    partner: str
    ours: int
    theirs: int
    buckets: int
    compared: int
    told_again: int
    withdrawn: int
    ended: int
    waiting: int
    epochs: tuple[str, ...]
    dry_run: bool

    @property
    def differs(self) -> bool:
        return bool(self.told_again or self.withdrawn or self.ended or self.epochs)


@dataclass(slots=True)
class _Found:
    """What is to be done: references to tell again, with the version they hold; to withdraw."""

    compared: int = 0
    waiting: int = 0
    lost: list[Lane] = field(default_factory=list)
    again: dict[str, int | None] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    withdraw: list[str] = field(default_factory=list)


def reconcile(
    house: House,
    partner: str,
    ask: Ask,
    *,
    worker: str,
    by: str,
    clock: Callable[[], datetime],
    dry_run: bool = False,
) -> Report:
    """Compare with what the partner holds of us, and repair. `ask` asks the partner.

    A dry run changes nothing, and does not hold the lanes: what is sent meanwhile may be found to
    differ. Raises `BadRequest`: MRX-5001 (no such partner), MRX-5021 (a lane is being worked),
    MRX-5019 or MRX-6001 (no answer that could be used).
    """
    with house.database.read() as tx:
        agreements.get(tx, partner)
    if dry_run:
        theirs, ours, found = _find(house, partner, ask, lambda: None)
        return _report(partner, theirs, ours, found, dry_run=True)
    with standstill.held(house, partner, worker=worker, clock=clock) as standing:
        with standing.write(house) as tx:
            _mend(tx, partner)
        theirs, ours, found = _find(house, partner, ask, lambda: standing.renew(house))
        for refs in slices(found.again):
            with standing.write(house) as tx:
                now = clock()
                some = {ref: found.again[ref] for ref in refs}
                repair.tell_again(tx, house, partner, some, now=now)
                _enter(tx, partner, "told_again", refs, by=by, now=now)
        for refs in slices(found.ended):
            with standing.write(house) as tx:
                now = clock()
                repair.end(tx, house, partner, refs, now=now)
                _enter(tx, partner, "ended", refs, by=by, now=now)
        for refs in slices(found.withdraw):
            with standing.write(house) as tx:
                now = clock()
                repair.withdraw(tx, partner, refs, now=now)
                _enter(tx, partner, "withdrawn", refs, by=by, now=now)
        with standing.write(house) as tx:
            now = clock()
            rest.hurry(tx, only=partner)
            for kind in found.lost:
                epochs.open_new(tx, partner, kind, why="reconciled", now=now)
            restored.opened(tx, partner, by=by, now=now)
            report = _report(partner, theirs, ours, found, dry_run=False)
            _conclude(tx, report, theirs, by=by, now=now)
    return report


# -- finding ---------------------------------------------------------------------------------------


def _find(
    house: House, partner: str, ask: Ask, renew: Callable[[], None]
) -> tuple[Inventory, list[Bucket], _Found]:
    """Ask and compare. `renew` is called after each answer that was waited for."""
    with house.database.read() as tx:
        ours = holdings.added_up(tx, partner)
        # Before the question: a receipt that comes while we wait moves our place, and not theirs.
        sent = epochs.sent(tx, partner)
    theirs = inventory.held(ask)
    renew()
    differing = [n for n in range(BUCKETS) if ours[n] != theirs.buckets[n]]
    found = _Found(lost=_lost(sent, theirs))
    if not differing:
        return theirs, ours, found
    with house.database.read() as tx:
        mine = _leaves(tx, partner, frozenset(differing))
    for number in differing:
        said = inventory.bucket(ask, inventory.HELD, number)
        renew()
        with house.database.read() as tx:
            _sort(tx, partner, mine[number], said, found)
    return theirs, ours, found


def _leaves(tx: Connection, partner: str, wanted: frozenset[int]) -> dict[int, dict[str, bytes]]:
    """Our leaves of these buckets, by bucket and reference."""
    found: dict[int, dict[str, bytes]] = {number: {} for number in wanted}
    for one in holdings.every(tx, partner):
        if (number := bucket_of(one.ref)) in wanted:
            found[number][one.ref] = one.leaf
    return found


def _sort(
    tx: Connection, partner: str, ours: dict[str, bytes], theirs: dict[str, Entry], found: _Found
) -> None:
    """Each reference of one bucket on which the two ends differ, to what is done about it."""
    refs = {ref for ref in theirs if theirs[ref].leaf is not None} | ours.keys()
    found.compared += len(refs)
    differing = [
        ref for ref in sorted(refs) if ref not in theirs or theirs[ref].leaf != ours.get(ref)
    ]
    for some in slices(differing):
        known = {row.ref: row for row in tx.execute(_state(partner, some))}
        for ref in some:
            _decide(partner, ref, known.get(ref), theirs.get(ref), found)


def _decide(partner: str, ref: str, life: Any | None, entry: Entry | None, found: _Found) -> None:
    if life is None or (life.partner == partner and life.gone_at is not None):
        # Without a leaf they have it no more either: its deletion was confirmed while we asked.
        if entry is not None and entry.leaf is not None:
            found.withdraw.append(ref)
    elif life.partner != partner:
        return  # nothing we ever told this partner: not a word about it
    elif life.withdraw_since is not None:
        found.waiting += 1  # the receipt of its withdrawal will say what they have of it
    elif entry is not None and entry.leaf is None:
        found.ended.append(ref)
    elif life.in_flight and _overtaken(life, entry):
        found.waiting += 1
    else:
        found.again[ref] = None if entry is None else entry.version


def _overtaken(life: Any, entry: Entry | None) -> bool:
    """Whether what is in flight about this life makes the difference good when it arrives."""
    if entry is None or entry.version < life.version:
        return True
    return entry.leaf == leaf(life.ref, life.version, life.told_digest)


def _state(partner: str, refs: list[str]) -> Any:
    in_flight = pending.c.batch_id.is_not(None).label("in_flight")
    return (
        select(disclosures, in_flight)
        .outerjoin(
            pending,
            (pending.c.partner == partner)
            & (pending.c.account == disclosures.c.account)
            & (pending.c.ref == ""),
        )
        .where(disclosures.c.ref.in_(refs))
    )


def _lost(sent: dict[Lane, Sent], theirs: Inventory) -> list[Lane]:
    """The lanes that cannot go on where they are."""
    return [
        kind
        for kind, place in sent.items()
        if not epochs.in_place(place, theirs.taken[kind].get(place.epoch))
    ]


# -- doing -----------------------------------------------------------------------------------------


def _mend(tx: Connection, partner: str) -> None:
    """What was confirmed before digests were kept gets them; then the sums are added up anew if
    they are not those of the disclosures.
    """
    unknown = (
        (disclosures.c.partner == partner)
        & disclosures.c.held_version.is_not(None)
        & disclosures.c.held_digest.is_(None)
    )
    last = disclosures.c.held_version == disclosures.c.version
    tx.execute(
        disclosures.update().where(unknown, last).values(held_digest=disclosures.c.told_digest)
    )
    tx.execute(disclosures.update().where(unknown).values(held_version=None, held_at=None))
    holdings.put_right(tx, partner)


def _enter(
    tx: Connection, partner: str, what: str, refs: list[str], *, by: str, now: datetime
) -> None:
    ledger.add(tx, "repaired", {"by": by, what: refs}, now=now, partner=partner)


def _conclude(tx: Connection, report: Report, theirs: Inventory, *, by: str, now: datetime) -> None:
    told = {
        "by": by,
        "ours": report.ours,
        "theirs": report.theirs,
        "compared": report.compared,
        "told_again": report.told_again,
        "withdrawn": report.withdrawn,
        "ended": report.ended,
        "epochs": list(report.epochs),
    }
    ledger.add(tx, "reconciled", told, now=now, partner=report.partner)
    if not (report.differs or report.waiting):
        said = theirs.holdings
        holdings.note(tx, report.partner, said, said.count, said.digest, now=now)


def _report(
    partner: str,
    theirs: Inventory,
    ours: list[Bucket],
    found: _Found,
    *,
    dry_run: bool,
) -> Report:
    differing = sum(one != other for one, other in zip(ours, theirs.buckets, strict=True))
    return Report(
        partner=partner,
        ours=total(ours).count,
        theirs=theirs.holdings.count,
        buckets=differing,
        compared=found.compared,
        told_again=len(found.again),
        withdrawn=len(found.withdraw),
        ended=len(found.ended),
        waiting=found.waiting,
        epochs=tuple(kind.value for kind in found.lost),
        dry_run=dry_run,
    )
