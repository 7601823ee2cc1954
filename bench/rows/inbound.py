"""A partner's batch, taken: opened, checked, read, applied to the roll, receipted.

    ours    `gateway.inbound.take`, from the file's bytes to the sealed receipt
    parts   the same document read (libxml2's parse, the XSD of the whole, its values as rows) and
            these rows inserted by plain executemany or COPY, in the same run

The wall's clock; nobody else uses the database. Every batch brings new members.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from bench import ends, floor, home, members
from bench.ground import ENGINES, Engine, Ground
from bench.row import Row, at_most, check, figure
from bench.rows import outbound
from bench.rows.group import Group
from bench.stopwatch import Stopwatch
from gateway import inbound
from mappers import MAPPERS
from outbox.house import House
from schemas import exchange
from schemas.batch import Header, Lane
from schemas.receipt import Verdict
from schemas.tables import foreign_members
from signing.open import open_sealed
from signing.seal import seal

LIMIT = 2
TARGET = "40,000 members/s on one core"
HERE = "mx-neec"
BYTES_MAX = 32 << 20


def run(ground: Ground) -> Iterator[Row]:
    count = ground.size.pick(tiny=50, quick=5_000, usual=5_000, full=5_000)
    for engine in ENGINES:
        ratios, speeds, note = [], [], ""
        for ours, read, kept in _measured(ground, engine, count):
            ratios.append(ours / (read + kept))
            speeds.append(count / ours)
            note = (
                f"last run: ours {ours * 1e3:.0f} ms, reading {read * 1e3:.0f}, "
                f"inserting {kept * 1e3:.0f}; wall clock"
            )
        name = f"inbound, a batch of {count:,}, {outbound.DATABASES[engine]}"
        yield at_most(name, ratios, LIMIT, of="reading plus bulk insert", note=note)
        yield figure(f"{name}, speed", speeds, "members/s", target=TARGET)


def _measured(ground: Ground, engine: Engine, count: int) -> Iterator[tuple[float, float, float]]:
    """Seconds of ours, of reading, of inserting; one a run, after one that warms up."""
    with (
        ground.room() as folder,
        home.made(ground, folder, HERE, engine=engine) as house,
        home.made(ground, folder, ends.US) as sender,
        floor.table(ground, engine) as table,
    ):
        home.connect(house, sender, url=None)
        previous: str | None = None
        for number in range(1, ground.size.runs + 2):
            records = members.records(count, start=number * count)
            document = MAPPERS[HERE].write(records)
            file = _file(sender, document, count, number, previous)
            with Stopwatch() as ours:
                receipt = inbound.take(house, file, bytes_max=BYTES_MAX, now=datetime.now(UTC))
            with Stopwatch() as read:
                rows = floor.rows(HERE, floor.parsed(HERE, document))
            with Stopwatch() as kept:
                table.insert(rows)
            previous = _receipted(house, receipt)
            check("rows of the floor", rows, floor.values(HERE, records))
            if number > 1:
                yield ours.wall, read.wall, kept.wall
        total = count * (ground.size.runs + 1)
        _verify(house, total)
        table.check(total)


def _file(sender: House, document: bytes, count: int, number: int, previous: str | None) -> bytes:
    now = datetime.now(UTC)
    header = Header(
        sender=ends.US,
        recipient=HERE,
        lane=Lane.ROUTINE,
        epoch="0" * 16,
        number=number,
        issue=1,
        replaces=None,
        previous=previous,
        created=now.replace(microsecond=0),
        format=MAPPERS[HERE].FORMAT,
        agreement=f"{ends.US}:{HERE}",
        texts=("neec-2014",),
        announcements=count,
        withdrawals=0,
    )
    return seal(exchange.write_batch(header, [], document), sender.key, now)


def _receipted(house: House, receipt: bytes) -> str:
    """The digest of the batch that was receipted; all of it was taken."""
    opened = open_sealed(receipt, [house.key.certificate], datetime.now(UTC))
    said = exchange.read_receipt(opened.content)
    check("the verdict", said.verdict, Verdict.ALL)
    return said.digest


def _verify(house: House, count: int) -> None:
    with house.database.read() as tx:
        live: Any = foreign_members.c.gone_at.is_(None)
        held = tx.scalar(select(func.count()).select_from(foreign_members).where(live))
    check("members on the partner's roll", held, count)
    home.verify_ledger(house)


GROUP = Group("inbound", "a partner's batch, from its bytes to the receipt", run)
