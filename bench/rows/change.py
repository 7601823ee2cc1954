"""Work follows change (P11): a hundred changes among a million members, and among ten thousand.

Both rolls stand side by side, every member consented to and held by the partner; each turn changes
a hundred spread over the roll, pushes them and works the lane until the receipt is settled. One
process pushes and delivers, so that nobody's waiting time is in it; the partner is a real
`mrx sandbox`. The held are put into the tables in bulk (`bench.filling`).
"""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select

from bench import ends, filling, home, members
from bench.ends import Ends
from bench.ground import ENGINES, Engine, Ground
from bench.row import Row, at_most, check, figure
from bench.rows.group import Group
from bench.stopwatch import Stopwatch
from gateway.demo import companies
from outbox.delivery import Delivery
from outbox.transport import HttpTransport
from schemas.tables import foreign_members, pending

LIMIT = 1.5
CHANGES = 100
PARTNER = "mx-neec"
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def run(ground: Ground) -> Iterator[Row]:
    small, large = ground.size.pick(
        tiny=(200, 1_000),
        quick=(500, 25_000),
        usual=(10_000, 1_000_000),
        full=(10_000, 1_000_000),
    )
    turns = ground.size.pick(tiny=1, quick=5, usual=15, full=15)
    for engine in ENGINES if ground.size.name != "tiny" else ENGINES[:1]:
        yield from _rows(ground, engine, (small, large), turns)


def _rows(ground: Ground, engine: Engine, sizes: tuple[int, int], turns: int) -> Iterator[Row]:
    small, large = sizes
    with (
        ground.room() as one,
        ground.room() as other,
        ends.standing(ground, one, engine=engine, codes=(PARTNER,)) as few,
        ends.standing(ground, other, engine=engine, codes=(PARTNER,)) as many,
    ):
        for both, size in ((few, small), (many, large)):
            _stand(both, size)
            ground.say(f"change, {engine}: a roll of {size:,} stands")
            _change(both, size, turn=1)  # the first batch opens connections and reads the XSD
        took = [
            (_change(few, small, turn=turn), _change(many, large, turn=turn))
            for turn in range(2, turns + 2)
        ]
        for both in (few, many):
            home.verify_ledger(both.house)
    name = f"{CHANGES} changes in a roll of {large:,}, {DATABASES[engine]}"
    yield at_most(
        name,
        [of_many / of_few for of_few, of_many in took],
        LIMIT,
        of=f"the same in a roll of {small:,}",
        note="push to settled receipt, wall clock",
    )
    yield figure(f"{name}, push to receipt", [of_many * 1_000 for _, of_many in took], "ms")


def _stand(both: Ends, size: int) -> None:
    home.push(both.house, companies.member_lines(members.members(size)), expect=size)
    filling.consented(both.house, PARTNER, 0, size)
    filling.told(both.house, PARTNER, 0, size)


def _change(both: Ends, size: int, *, turn: int) -> float:
    """Seconds from the push of the changes to their settled receipt."""
    some = [members.member(n, turn=turn) for n in range(turn, size, size // CHANGES)][:CHANGES]
    lines = list(companies.member_lines(some))
    transport = HttpTransport(deadline=timedelta(seconds=30), answer_bytes_max=4 << 20)
    try:
        with Stopwatch() as took:
            home.push(both.house, lines, expect=len(some))
            delivery = Delivery(house=both.house, transport=transport, worker="bench/0")
            while delivery.work():
                pass
    finally:
        transport.close()
    with both.house.database.read() as tx:
        check("notices still pending", tx.scalar(select(func.count()).select_from(pending)), 0)
    named = foreign_members.c.name.in_([one.name for one in some])
    with both.partners[PARTNER].database.read() as tx:
        held = tx.scalar(select(func.count()).select_from(foreign_members).where(named))
    check("changes that the partner holds", held, len(some))
    return took.wall


GROUP = Group("change", "a hundred changes in a large roll and in a small one", run)
