"""The mapper pipeline: a batch written, held against its XSD, sealed and read again, in each tongue.

Ours is what a delivery does (`outbox.draft.make`): the file that comes out may leave. The parts are
the same records as plain text, libxml2's parse and XSD of the whole, and the CMS signature, in the
same run one after the other. Processor time of one core; no database is touched meanwhile.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

from sqlalchemy import select

from bench import floor, home, members
from bench.ground import Ground
from bench.row import Row, at_most, check, figure
from bench.rows.group import Group
from bench.stopwatch import Stopwatch
from outbox import draft, gate
from outbox.candidate import Tell
from outbox.draft import Line, Selection
from outbox.house import House
from schemas.record import Record
from schemas.tables import lanes
from signing.open import open_sealed
from signing.seal import seal

LIMIT = 1.5
TARGET = "100,000 members/s on one core"


def run(ground: Ground) -> Iterator[Row]:
    count = ground.size.pick(tiny=50, quick=5_000, usual=5_000, full=5_000)
    turns = ground.size.pick(tiny=1, quick=9, usual=15, full=15)
    ratios: dict[str, list[float]] = {code: [] for code in members.PARTNERS}
    speeds: dict[str, list[float]] = {code: [] for code in members.PARTNERS}
    parts: dict[str, str] = {}
    with ground.room() as folder, ExitStack() as stack:
        house = stack.enter_context(home.made(ground, folder, "us-ctpat"))
        for code in members.PARTNERS:
            theirs = stack.enter_context(home.made(ground, folder, code))
            home.connect(house, theirs, url="http://127.0.0.1:9")
        records = members.records(count)
        chosen = _chosen(records)
        for turn in range(turns + 1):
            for code in members.PARTNERS:
                ours, (text, xsd, cms) = _once(house, code, records, chosen)
                if turn == 0:
                    continue  # schemas and statements are compiled once a process
                ratios[code].append(ours / (text + xsd + cms))
                speeds[code].append(count / ours)
                parts[code] = (
                    f"last run: ours {ours * 1e3:.1f} ms, text {text * 1e3:.1f}, "
                    f"libxml2 {xsd * 1e3:.1f}, CMS {cms * 1e3:.1f}; processor time, one core"
                )
    for code in members.PARTNERS:
        name = f"mapper pipeline, {code}"
        yield at_most(name, ratios[code], LIMIT, of="the sum of its parts", note=parts[code])
        yield figure(f"{name}, speed", speeds[code], "members/s", target=TARGET)


def _once(
    house: House, code: str, records: list[Record], chosen: Selection
) -> tuple[float, tuple[float, float, float]]:
    """Seconds of ours, and of the three parts."""
    now = datetime.now(UTC)
    with house.database.read() as tx:
        lane = tx.execute(select(lanes).where(lanes.c.partner == code)).first()
        found = gate.gate(tx, house, code, now=now)
    assert lane is not None, "a connected partner has lanes"
    with Stopwatch() as ours:
        made = draft.make(house, lane, found, chosen, now=now)
    with Stopwatch() as text:
        document = floor.written(code, records)
    with Stopwatch() as xsd:
        found_records = len(floor.parsed(code, document))  # and the tree is let go, as ours is
    with Stopwatch() as cms:
        seal(document, house.key, now)
    check("records in the floor's document", found_records, len(records))
    opened = open_sealed(made.file, [house.key.certificate], now)
    check("the mapper's document is the floor's", document in opened.content, True)
    return ours.cpu, (text.cpu, xsd.cpu, cms.cpu)


def _chosen(records: list[Record]) -> Selection:
    lines = [
        Line(members.account(n), Tell(record, n + 1, "2014-08", first=True), ())
        for n, record in enumerate(records)
    ]
    return Selection(lines=tuple(lines), withdrawals=(), asides=())


GROUP = Group("mapping", "a batch written, checked and sealed in each programme's tongue", run)
