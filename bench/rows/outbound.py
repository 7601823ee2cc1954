"""The whole path outbound: a source pushes members and consents, and the last receipt is settled.

    first    `mrx serve` and five `mrx sandbox`, each a process of its own; members and consents are
             pushed while they run. It ends when nothing is pending and every batch is settled.
    changed  the same gateways, consents standing: every member is pushed with another name; not
             with a million
    floor    the same records, once a partner: written as text, held against the XSD by libxml2,
             signed, inserted; one process, nobody at the other end

The wall's clock on both sides. Ours includes the other ends' work on the same cores: five times
opening, checking, applying and answering.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from bench import ends, floor, home, members
from bench.ends import Ends
from bench.ground import ENGINES, Engine, Ground
from bench.row import Row, Wrong, at_most, check, figure
from bench.rows.group import Group
from bench.stopwatch import Stopwatch
from gateway.demo import companies
from partners import holdings
from partners.holdings import Side
from schemas.tables import batches, foreign_members, pending
from signing.keys import SigningKey
from signing.seal import seal

LIMIT = 3
BATCH = 5_000
LOOK_SECONDS = 0.05
STUCK_SECONDS = 120.0
MILLION = 1_000_000  # at this size the first load alone: it takes a quarter of an hour or more
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Seconds of one run: of the first load, of every member changed (None if that was left out),
    of the floor; and where the first load's went.
    """

    first: float
    changed: float | None
    least: float
    note: str


def run(ground: Ground) -> Iterator[Row]:
    runs = ground.size.pick(tiny=1, quick=1, usual=3, full=3)
    for engine in ENGINES:
        yield from _rows(ground, engine, members_at(ground), runs)
        if ground.size.name == "full":
            yield from _rows(ground, engine, MILLION, 1)


def members_at(ground: Ground) -> int:
    """How many members a push brings at this size."""
    return ground.size.pick(tiny=40, quick=1_500, usual=11_400, full=11_400)


def seconds(ground: Ground, engine: Engine, count: int) -> list[float]:
    """How long the first load took, a run; measured now if it has not been in this go."""
    name = f"outbound {engine} {count}"
    if name not in ground.kept:
        ground.kept[name] = [_once(ground, engine, count, _codes(ground)).first]
    return ground.kept[name]


def _codes(ground: Ground) -> tuple[str, ...]:
    return members.PARTNERS[:2] if ground.size.name == "tiny" else members.PARTNERS


def _rows(ground: Ground, engine: Engine, count: int, runs: int) -> Iterator[Row]:
    codes = _codes(ground)
    took = []
    for turn in range(runs):
        one = _once(ground, engine, count, codes)
        took.append(one)
        ground.say(
            f"outbound, {DATABASES[engine]}, {turn + 1} of {runs}: first load {one.first:.1f} s, "
            f"all changed {one.changed or 0:.1f} s, floor {one.least:.2f} s"
        )
    ground.kept[f"outbound {engine} {count}"] = [one.first for one in took]
    size = f"{count:,} x {len(codes)}, {DATABASES[engine]}"
    told = count * len(codes)
    for what, ours in (
        ("first load", [one.first for one in took]),
        ("all changed", [one.changed for one in took if one.changed is not None]),
    ):
        if not ours:
            continue
        name = f"whole path outbound, {what}, {size}"
        ratios = [mine / one.least for mine, one in zip(ours, took, strict=True)]
        note = f"wall clock; last run: {took[-1].note}" if what == "first load" else "wall clock"
        yield at_most(name, ratios, LIMIT, note=note)
        yield figure(f"{name}, speed", [told / mine for mine in ours], "notices settled/s")


def _once(ground: Ground, engine: Engine, count: int, codes: Sequence[str]) -> Taken:
    lines = b"".join(companies.member_lines(members.members(count)))
    grants = b"".join(companies.consent_lines(members.grants(count, codes)))
    with (
        ground.room() as folder,
        ends.standing(ground, folder, engine=engine, codes=codes) as both,
    ):
        both.serve()
        with Stopwatch() as first:
            with Stopwatch() as pushed:
                home.push(both.house, [lines], expect=count)
            with Stopwatch() as consented:
                home.push_grants(both.house, [grants], expect=count * len(codes))
            numbers = settled(both)
        verify(both, count)
        again = None
        if count < MILLION:
            changed = b"".join(companies.member_lines(members.members(count, turn=1)))
            with Stopwatch() as again:
                home.push(both.house, [changed], expect=count)
                settled(both)
            verify(both, count)
        least, parts = _floor(ground, engine, count, codes, both.house.key)
    note = (
        f"members pushed {pushed.wall:.1f} s, consents pushed {consented.wall:.1f} s (deliveries "
        f"run meanwhile), rest {first.wall - pushed.wall - consented.wall:.1f} s, {numbers} "
        f"batches; floor {least:.2f} s ({parts})"
    )
    return Taken(
        first=first.wall, changed=None if again is None else again.wall, least=least, note=note
    )


def settled(both: Ends) -> int:
    """Wait until nothing is pending and every batch is settled; return how many batches."""
    stuck_at, newest_before = time.monotonic() + STUCK_SECONDS, -1
    while True:
        with both.house.database.read() as tx:  # nothing that costs more where more is pending
            some = tx.scalar(select(pending.c.account).limit(1))
            newest = tx.scalar(select(func.max(batches.c.id)))
        if some is None:
            return _batches(both)
        if newest != newest_before:
            stuck_at, newest_before = time.monotonic() + STUCK_SECONDS, newest
        if time.monotonic() > stuck_at:
            raise Wrong("notices are still pending, and no batch is sealed any more")
        time.sleep(LOOK_SECONDS)


def _batches(both: Ends) -> int:
    """How many there are; none of them may wait for anything. A notice leaves the queue in the
    transaction that settles its batch.
    """
    with both.house.database.read() as tx:
        all_ = tx.scalar(select(func.count()).select_from(batches)) or 0
        done = tx.scalar(select(func.count()).where(batches.c.state == "settled")) or 0
    check("batches settled", done, all_)
    return done


def verify(both: Ends, count: int) -> None:
    """Each partner holds every member, in the very versions we believe it holds; our ledger and
    theirs are whole.
    """
    home.verify_ledger(both.house)
    for code, theirs in both.partners.items():
        with theirs.database.read() as tx:
            live = foreign_members.c.gone_at.is_(None)
            held = tx.scalar(select(func.count()).select_from(foreign_members).where(live))
            sums = holdings.held(tx, both.house.programme, Side.THEIRS)
        with both.house.database.read() as tx:
            told = holdings.held(tx, code, Side.OURS)
        check(f"members held at {code}", held, count)
        check(f"what {code} holds", sums.digest, told.digest)
        home.verify_ledger(theirs)


def _floor(
    ground: Ground, engine: Engine, count: int, codes: Sequence[str], key: SigningKey
) -> tuple[float, str]:
    """Seconds of the floor, and of each of its parts."""
    parts: Counter[str] = Counter()
    with floor.table(ground, engine) as table:
        for start in range(0, count, BATCH):
            some = members.records(min(BATCH, count - start), start=start)
            for code in codes:
                with Stopwatch() as text:
                    document = floor.written(code, some)
                with Stopwatch() as xsd:
                    root = floor.parsed(code, document)
                with Stopwatch() as cms:
                    seal(document, key, datetime.now(UTC))
                with Stopwatch() as kept:
                    table.insert(floor.values(code, some))
                check("records in the floor's document", len(root), len(some))
                parts.update(
                    {"text": text.wall, "libxml2": xsd.wall, "CMS": cms.wall, "insert": kept.wall}
                )
        table.check(count * len(codes))
    return parts.total(), ", ".join(f"{name} {took:.2f}" for name, took in parts.items())


GROUP = Group("outbound", "the whole path, from a push to settled receipts", run)
