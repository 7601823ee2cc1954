"""What a gateway with twenty partners costs while nothing is due.

Five partners are the programmes that have a mapper; fifteen are invented: a row of agreements and
two lanes each, copied from a real one under another code, enabled and with an address. The worker
looks at all forty lanes as it would at any. A real `mrx serve`; processor time from /proc, user and
system together.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select

from bench import ends, invented, members
from bench.ground import ENGINES, Ground
from bench.row import Row, at_most, check
from bench.rows.group import Group
from outbox.house import House
from schemas.tables import agreements, batches, lanes, pending

PARTNERS = 20
SHARE = 0.01
SETTLE_SECONDS = 5.0
NOBODY = "http://127.0.0.1:9"
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def run(ground: Ground) -> Iterator[Row]:
    seconds = ground.size.pick(tiny=1.0, quick=6.0, usual=60.0, full=120.0)
    for engine in ENGINES if ground.size.name != "tiny" else ENGINES[:1]:
        with (
            ground.room() as folder,
            ends.standing(ground, folder, engine=engine, codes=()) as ours,
        ):
            _invent(ours.house)
            served = ours.serve()
            time.sleep(min(SETTLE_SECONDS, seconds))
            before = _processor_seconds(served.popen.pid)
            time.sleep(seconds)
            used = _processor_seconds(served.popen.pid) - before
            _verify(ours.house)
        yield at_most(
            f"idle, {PARTNERS} partners, {DATABASES[engine]}, share of a core",
            [used / seconds / SHARE],
            1,
            of=f"{SHARE:.0%} of a core",
            note=f"{used / seconds:.2%} of a core over {seconds:.0f} s of `mrx serve`",
        )


def _invent(house: House) -> None:
    """Partners up to twenty: enabled, with an address where nobody listens and nothing goes."""
    with house.database.write() as tx:
        for n in range(PARTNERS - len(members.PARTNERS)):
            invented.agree(tx, invented.code(n), like=members.PARTNERS[0])
        tx.execute(agreements.update().values(enabled=True, push_url=NOBODY))


def _verify(house: House) -> None:
    """All lanes stand, and there was nothing to do."""
    with house.database.read() as tx:
        for table, wanted in ((lanes, 2 * PARTNERS), (pending, 0), (batches, 0)):
            found = tx.scalar(select(func.count()).select_from(table))
            check(f"rows of {table.name}", found, wanted)


def _processor_seconds(pid: int) -> float:
    """User and system time of a process so far, all its threads together (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


GROUP = Group("idle", "twenty partners and nothing due", run)
