"""Scale-out: one, two and four workers, partners 50 ms away, one database on PostgreSQL.

Five partners, not eight: five programmes have a mapper, and a partner is a programme. Each has the
same backlog, in batches of few, so that the distance counts and not the mapping. A worker is a
process with one thread (`bench.worker`), so that never more batches are on their way than there
are workers. The partners' five sandboxes and the server work on the same cores.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

from sqlalchemy import func, select, update

from bench import distance, ends, filling, home, members
from bench.ends import Ends
from bench.ground import Ground
from bench.row import Row, Wrong, at_least, at_most, check, figure
from bench.rows.group import Group
from gateway.demo import companies
from gateway.demo.processes import environment
from schemas.tables import batches, foreign_members, lanes, pending

WORKERS = (1, 2, 4)
FAR_SECONDS = 0.05
BATCH = 20
GROWS = {2: 1.3, 4: 1.1}  # against half as many; four are more than the cores of a small machine
FAIR = 2
WAIT_SECONDS = 600.0


def run(ground: Ground) -> Iterator[Row]:
    numbers = ground.size.pick(tiny=2, quick=40, usual=100, full=200)
    count = numbers * BATCH
    speeds = {}
    with (
        ground.room() as folder,
        ends.standing(ground, folder, engine="postgresql", codes=members.PARTNERS) as both,
        ExitStack() as stack,
    ):
        for code, theirs in both.partners.items():
            url = distance.far(both.running[code].port, seconds=FAR_SECONDS)
            home.connect(both.house, theirs, url=stack.enter_context(url))
        for turn, workers in enumerate(WORKERS):
            took, fair = _work(both, workers, start=turn * count, count=count)
            speeds[workers] = numbers * len(members.PARTNERS) / took
            ground.say(f"scaling: {workers} workers, {speeds[workers]:.1f} batches/s")
            name = f"scale-out, {workers} workers, {len(members.PARTNERS)} partners 50 ms away"
            yield figure(f"{name}, speed", [speeds[workers]], "batches/s")
            yield at_most(f"{name}, the last partner served", [fair], FAIR, of="the first")
            if workers in GROWS:
                yield at_least(
                    f"{name}, growth",
                    [speeds[workers] / speeds[workers // 2]],
                    GROWS[workers],
                    of=f"{workers // 2} workers",
                )
        home.verify_ledger(both.house)


def _work(both: Ends, workers: int, *, start: int, count: int) -> tuple[float, float]:
    """Seconds until all partners have heard it all, and the slowest partner's against the
    quickest's.
    """
    home.push(both.house, companies.member_lines(members.members(count, start=start)), expect=count)
    with both.house.database.write() as tx:
        tx.execute(update(lanes).values(batch_max=BATCH))
        last = tx.scalar(select(func.max(batches.c.id))) or 0
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(_worker(both))
        time.sleep(2)  # they start, and find nothing
        for code in members.PARTNERS:
            filling.consented(both.house, code, start, start + count)
        for code in members.PARTNERS:
            filling.queued(both.house, code, start, start + count)
        until = time.monotonic() + WAIT_SECONDS
        while _left(both):
            if time.monotonic() > until:
                raise Wrong("the backlog was never delivered")
            time.sleep(0.1)
    for code, theirs in both.partners.items():
        with theirs.database.read() as tx:
            held = tx.scalar(select(func.count()).select_from(foreign_members))
        check(f"members held at {code}", held, start + count)
    took = _took(both, after=last)
    return max(took), max(took) / min(took)


def _worker(both: Ends) -> "subprocess.Popen[bytes]":
    class Worker(subprocess.Popen[bytes]):
        def __exit__(self, *_: object) -> None:
            self.terminate()
            self.wait(60)

    return Worker(
        [sys.executable, "-m", "bench.worker", str(BATCH)],
        env=environment(both.house.folder) | home.environment(both.house),
    )


def _left(both: Ends) -> int:
    with both.house.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(pending)) or 0


def _took(both: Ends, *, after: int) -> list[float]:
    """Seconds from the first byte to anybody until each partner's last batch was settled."""
    mine = batches.c.id > after
    query = (
        select(lanes.c.partner, func.max(batches.c.closed_at).label("at"))
        .join(lanes, lanes.c.id == batches.c.lane_id)
        .where(mine)
        .group_by(lanes.c.partner)
    )
    open_ = select(func.count()).select_from(batches).where(batches.c.state != "settled")
    with both.house.database.read() as tx:
        done = {row.partner: row.at for row in tx.execute(query)}
        began = tx.execute(select(func.min(batches.c.first_sent_at)).where(mine)).scalar_one()
        check("batches that are not settled", tx.scalar(open_), 0)
    check("partners that were served", sorted(done), sorted(members.PARTNERS))
    return [(at - began).total_seconds() for at in done.values()]


GROUP = Group("scaling", "more workers, partners far away", run)
