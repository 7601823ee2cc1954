"""One notice a batch: the dearest way to send, and what a day of single changes looks like.

    ours   every member has changed; each change is a batch of its own: drafted, sealed, released,
           sent, checked and applied over there, receipted, settled, in both ledgers
    bare   the same exchange with no database and no checks: seal, HTTP, open, seal, HTTP, open

Both: three partners as processes of their own, three threads of ours that deliver (what the
embedded engine has), kept-alive connections, RSA-3072 at both ends, two signatures an exchange. The
wall's clock; both ends share the machine.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from bench import bare, ends, home, members
from bench.ends import Ends
from bench.ground import ENGINES, Engine, Ground
from bench.row import Row, Wrong, at_most, check, figure
from bench.rows import outbound
from bench.rows.group import Group
from bench.stopwatch import Stopwatch
from gateway import home as homes
from gateway.demo import companies, processes
from gateway.engine.threads import ANY_LANE_THREADS, Threads
from mappers import MAPPERS
from outbox import lane
from outbox.house import House
from outbox.transport import Answered, HttpTransport
from schemas import exchange
from schemas.batch import Header, Lane
from schemas.tables import batches, lanes
from signing.certificate import Certificate
from signing.open import open_sealed
from signing.seal import seal

LIMIT = 2
TARGET = "300 exchanges/s on two cores, both ends on them"
CODES = ("mx-neec", "ca-pip", "tw-aeo")[:ANY_LANE_THREADS]  # a thread a lane, on both sides


def run(ground: Ground) -> Iterator[Row]:
    count = ground.size.pick(tiny=4, quick=30, usual=300, full=1_000)
    runs = ground.size.pick(tiny=1, quick=3, usual=3, full=5)
    codes = CODES[:1] if ground.size.name == "tiny" else CODES
    for engine in ENGINES:
        ratios, speeds, bare_speeds = [], [], []
        for turn, (ours, plain) in enumerate(_pairs(ground, engine, codes, count, runs)):
            ground.say(
                f"exchanges, {engine}, {turn + 1} of {runs}: {ours:.0f}/s, bare {plain:.0f}/s"
            )
            ratios.append(plain / ours)
            speeds.append(ours)
            bare_speeds.append(plain)
        name = f"one notice a batch, {outbound.DATABASES[engine]}"
        note = f"{count} changes x {len(codes)} partners a run; wall clock"
        yield at_most(name, ratios, LIMIT, of="the bare exchange", note=note)
        yield figure(f"{name}, speed", speeds, "exchanges/s", target=TARGET)
        yield figure(f"{name}, bare exchange", bare_speeds, "exchanges/s")


def _pairs(
    ground: Ground, engine: Engine, codes: Sequence[str], count: int, runs: int
) -> Iterator[tuple[float, float]]:
    """Exchanges a second, ours and bare, measured by turns."""
    with (
        ground.room() as folder,
        ends.standing(ground, folder, engine=engine, codes=codes) as both,
        _bare_ends(folder, both) as urls,
    ):
        home.push(both.house, companies.member_lines(members.members(count)), expect=count)
        grants = companies.consent_lines(members.grants(count, codes))
        home.push_grants(both.house, grants, expect=count * len(codes))
        with _delivering(both.house):
            outbound.settled(both)
        outbound.verify(both, count)
        for turn in range(1, runs + 1):
            yield _ours(both, count, turn), _bare(both.house, urls, count)
        home.verify_ledger(both.house)


def _ours(both: Ends, count: int, turn: int) -> float:
    changed = companies.member_lines(members.members(count, turn=turn))
    home.push(both.house, changed, expect=count)
    before = _sent(both.house)
    with _one_a_batch(both.house), _delivering(both.house), Stopwatch() as took:
        outbound.settled(both)
    check("batches of one notice", _sent(both.house) - before, count * len(both.partners))
    outbound.verify(both, count)
    return count * len(both.partners) / took.wall


@contextmanager
def _one_a_batch(house: House) -> Iterator[None]:
    """Lanes whose batches hold one notice, and do not grow when all goes well."""
    usual = lane.BATCH_MAX
    lane.BATCH_MAX = 1
    try:
        with house.database.write() as tx:
            tx.execute(update(lanes).values(batch_max=1))
        yield
    finally:
        lane.BATCH_MAX = usual


@contextmanager
def _delivering(house: House) -> Iterator[None]:
    """The embedded engine's threads, in this process."""
    threads = Threads(house)
    threads.start()
    try:
        yield
    finally:
        threads.stop()


def _sent(house: House) -> int:
    """Batches that said one thing."""
    with house.database.read() as tx:
        one = select(func.count()).where(batches.c.announcements + batches.c.withdrawals == 1)
        return tx.scalar(one) or 0


# -- the bare exchange -----------------------------------------------------------------------------


@contextmanager
def _bare_ends(folder: Path, both: Ends) -> Iterator[dict[str, Certificate]]:
    """A bare other end for each partner, with the partner's key: certificates by address."""
    trust = folder / "us.pem"
    with ExitStack() as stack:
        found = {}
        for code, port in zip(both.partners, processes.free_ports(len(both.partners)), strict=True):
            key = folder / code / homes.KEY
            program = (sys.executable, "-m", "bench.bare", str(port), str(key), str(trust))
            place = folder / f"bare-{code}"
            process = stack.enter_context(ends.running(place, program, port, {}))
            ends.wait(process)
            found[process.url] = both.partners[code].key.certificate
        yield found


def _bare(house: House, urls: Mapping[str, Certificate], count: int) -> float:
    content = _content()
    transport = HttpTransport(deadline=timedelta(seconds=30), answer_bytes_max=1 << 20)

    def deliver(url: str) -> None:
        for _ in range(count):
            now = datetime.now(UTC)
            answer = transport.send(url, seal(content, house.key, now))
            if not isinstance(answer, Answered):
                raise Wrong(f"the bare end said {answer}")
            opened = open_sealed(answer.body, [urls[url]], now)
            check("what the bare end said", opened.content, bare.ANSWER)

    with ThreadPoolExecutor(len(urls)) as pool, Stopwatch() as took:
        list(pool.map(deliver, urls))
    transport.close()
    return count * len(urls) / took.wall


def _content() -> bytes:
    """A batch of one notice."""
    header = Header(
        sender=ends.US,
        recipient=CODES[0],
        lane=Lane.ROUTINE,
        epoch="0" * 16,
        number=1,
        issue=1,
        replaces=None,
        previous=None,
        created=datetime.now(UTC).replace(microsecond=0),
        format=MAPPERS[CODES[0]].FORMAT,
        agreement=f"{ends.US}:{CODES[0]}",
        texts=("neec-2014",),
        announcements=1,
        withdrawals=0,
    )
    return exchange.write_batch(header, [], MAPPERS[CODES[0]].write(members.records(1)))


GROUP = Group(
    "exchanges", "one notice a batch, beside the same exchange with nothing around it", run
)
