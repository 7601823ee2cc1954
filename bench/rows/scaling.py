"""Scale-out: one, two and four `mrx worker`, eight partners 50 ms away, one database on PostgreSQL.

Each worker is what an administrator starts: Celery over Redis for routine lanes, Celery for urgent
ones, and a sweep; with one slot for routine lanes, so that more workers are more batches on their
way. Eight partners: the five programmes, and three invented ones that speak the format of one of
them by agreement (`bench.invented`). Their ends share a few processes (`bench.distance`), and with
the workers and the server the cores. Each has the same backlog. A trigger of ours in the database
keeps every lane's batches at twenty notices, so that the distance counts and not the mapping, and
so that each lane has several turns: how evenly they come round is measured, too.

What must grow: with twice the workers the speed could double, or grow until the cores are full,
whichever is less. At least half of that must come. Where the smaller run left less than a tenth of
the cores free, nothing is asked.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Update, func, select, text, update

from bench import distance, ends, filling, home, invented, members
from bench.cores import Cores
from bench.ground import Ground
from bench.row import Row, Wrong, at_least, at_most, check, figure
from bench.rows.group import Group
from gateway.demo import companies
from gateway.demo.processes import free_ports
from gateway.home import open_home
from gateway.settings import Settings
from outbox.house import House
from schemas.batch import Lane
from schemas.tables import batches, foreign_members, lanes, pending

WORKERS = (1, 2, 4)
FAR_SECONDS = 0.05
BATCH = 20
INVENTED = {invented.code(n): members.PARTNERS[n] for n in range(3)}
PARTNERS = (*members.PARTNERS, *INVENTED)
PROCESSES = max(2, (os.cpu_count() or 2) // 2)
FULL = 0.9
FAIR = 2
WAIT_SECONDS = 600.0
LOOK_SECONDS = 0.1
_SMALL = (
    f"""CREATE FUNCTION small() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.batch_max := {BATCH}; RETURN NEW; END $$""",
    "CREATE TRIGGER small BEFORE UPDATE ON lanes FOR EACH ROW EXECUTE FUNCTION small()",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How one number of workers did: batches settled in a second, the last partner's time against the
    first one's, the share of all cores that was used.
    """

    speed: float
    fair: float
    used: float


def run(ground: Ground) -> Iterator[Row]:
    numbers = ground.size.pick(tiny=2, quick=12, usual=100, full=200)
    count = numbers * BATCH
    with (
        ground.room() as folder,
        home.made(ground, folder, ends.US, engine="postgresql") as house,
        ExitStack() as stack,
    ):
        partners = _partners(ground, folder, house, stack)
        celery = {
            **home.environment(house),
            "MRX_ENGINE": "celery",
            "MRX_BROKER_URL": ground.redis.url,
            "MRX_ROUTINE_SLOTS": "1",
            "MRX_URGENT_SLOTS": "1",
        }
        ground.redis.client.flushall()
        with house.database.write() as tx:
            for statement in _SMALL:
                tx.execute(text(statement))
        done: dict[int, Run] = {}
        for turn, workers in enumerate(WORKERS):
            for _ in range(workers - max(done, default=0)):
                stack.enter_context(ends.started(folder / ends.US, ("worker",), 0, celery))
            _until_waiting(ground, workers)
            done[workers] = _work(house, partners, start=turn * count, count=count)
            ground.say(f"scaling: {_of(workers)}, {done[workers]}")
            yield from _rows(workers, done)
        home.verify_ledger(house)


def _rows(workers: int, done: Mapping[int, Run]) -> Iterator[Row]:
    now, before = done[workers], done.get(workers // 2)
    name = f"scale-out, {_of(workers)}, {len(PARTNERS)} partners 50 ms away"
    yield figure(f"{name}, speed", [now.speed], "batches/s", note=_cores(now.used))
    yield figure(f"{name}, of all cores used", [now.used * 100], "%")
    yield at_most(f"{name}, the last partner served", [now.fair], FAIR, of="the first")
    if before is None:
        return
    growth = [now.speed / before.speed]
    half = _of(workers // 2)
    if before.used > FULL:
        note = f"nothing is asked: {half} left {1 - before.used:.0%} of the cores free"
        yield figure(f"{name}, growth", growth, "x", note=note)
    else:
        note = (
            f"{half} used {before.used:.0%} of the cores: more than {_could(before):.2f}x cannot be"
        )
        least = round(1 + (_could(before) - 1) / 2, 2)
        yield at_least(f"{name}, growth", growth, least, of=half, note=note)


def _of(workers: int) -> str:
    return f"{workers} worker{'s' if workers > 1 else ''}"


def _could(before: Run) -> float:
    """By how much twice the workers could be quicker: until the cores are full, and no more than
    twice.
    """
    return min(2.0, 1 / before.used)


def _cores(used: float) -> str:
    return f"{used:.0%} of {os.cpu_count()} cores used, by whatever ran on the machine"


def _partners(ground: Ground, folder: Path, house: House, stack: ExitStack) -> Mapping[str, House]:
    """The partners' homes, connected to ours, their ends running; opened here for reading."""
    made = {}
    for code in PARTNERS:
        if code in INVENTED:
            with house.database.write() as tx:
                invented.agree(tx, code, like=INVENTED[code])
            theirs = invented.made(ground, folder, code, like=INVENTED[code])
        else:
            with home.made(ground, folder, code):
                pass
            theirs = open_home(Settings(home=folder / code))
        stack.callback(theirs.database.close)
        home.connect(theirs, house, url=None)
        made[code] = theirs
    ports = dict(zip(PARTNERS, free_ports(len(PARTNERS)), strict=True))
    for n in range(PROCESSES):
        _serve(folder, {ports[code]: folder / code for code in PARTNERS[n::PROCESSES]}, n, stack)
    for code, theirs in made.items():
        home.connect(house, theirs, url=f"http://127.0.0.1:{ports[code]}")
    return made


def _serve(folder: Path, homes: Mapping[int, Path], n: int, stack: ExitStack) -> None:
    if not homes:
        return
    program: Sequence[str] = distance.command(FAR_SECONDS, homes)
    ends.wait(stack.enter_context(ends.running(folder / f"ends-{n}", program, min(homes), {})))


def _until_waiting(ground: Ground, workers: int) -> None:
    """Until both Celery queues of every worker are listened to."""
    until = time.monotonic() + WAIT_SECONDS
    while int(ground.redis.client.info("clients")["blocked_clients"]) < 2 * workers:
        if time.monotonic() > until:
            raise Wrong("the workers do not come up")
        time.sleep(LOOK_SECONDS)


def _work(house: House, partners: Mapping[str, House], *, start: int, count: int) -> Run:
    """Tell every partner of so many more members."""
    home.push(house, companies.member_lines(members.members(count, start=start)), expect=count)
    with house.database.write() as tx:
        tx.execute(_paused(paused=True))  # and with it the trigger has made their batches small
        last = tx.scalar(select(func.max(batches.c.id))) or 0
    for code in PARTNERS:
        filling.consented(house, code, start, start + count)
        filling.queued(house, code, start, start + count)
    with house.database.write() as tx:  # all at once: nobody has a start
        tx.execute(_paused(paused=False))
    cores = Cores()
    until = time.monotonic() + WAIT_SECONDS
    while _left(house):
        cores.look()
        if time.monotonic() > until:
            raise Wrong("the backlog was never delivered")
        time.sleep(LOOK_SECONDS)
    cores.look()
    for code, theirs in partners.items():
        with theirs.database.read() as tx:
            held = tx.scalar(select(func.count()).select_from(foreign_members))
        check(f"members held at {code}", held, start + count)
    began, ended = _times(house, after=last)
    took = [(at - began).total_seconds() for at in ended.values()]
    return Run(
        speed=count // BATCH * len(PARTNERS) / max(took),
        fair=max(took) / min(took),
        used=cores.used(began, max(ended.values())),
    )


def _paused(*, paused: bool) -> Update:
    return update(lanes).where(lanes.c.kind == Lane.ROUTINE.value).values(paused=paused)


def _left(house: House) -> int:
    with house.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(pending)) or 0


def _times(house: House, *, after: int) -> tuple[datetime, Mapping[str, datetime]]:
    """When the first byte left for anybody, and when each partner's last batch was settled."""
    mine = batches.c.id > after
    query = (
        select(lanes.c.partner, func.max(batches.c.closed_at).label("at"))
        .join(lanes, lanes.c.id == batches.c.lane_id)
        .where(mine)
        .group_by(lanes.c.partner)
    )
    open_ = select(func.count()).select_from(batches).where(batches.c.state != "settled")
    with house.database.read() as tx:
        ended = {row.partner: row.at for row in tx.execute(query)}
        began: datetime = tx.execute(
            select(func.min(batches.c.first_sent_at)).where(mine)
        ).scalar_one()
        check("batches that are not settled", tx.scalar(open_), 0)
    check("partners that were served", sorted(ended), sorted(PARTNERS))
    return began, ended


GROUP = Group("scaling", "more workers, partners far away", run)
