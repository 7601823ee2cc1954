"""Against what a team would otherwise write (`bench.rows.ordinary`), a member.

Theirs is measured on a sample, because it takes so long, and compared by the member: its time does
not depend on how many come before. Ours is the whole path of the same go, with both ends and all
receipts; theirs ends when the last document is signed and its row says so. Both on PostgreSQL, as
durable as in production; theirs with a Celery worker a core over a real Redis. The wall's clock.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from lxml import etree
from signxml.verifier import XMLVerifier
from sqlalchemy import URL, Engine, create_engine, select
from sqlalchemy.orm import Session

from bench import ends, members
from bench.ground import Ground
from bench.row import Row, Wrong, at_least, check, figure
from bench.rows import ordinary, outbound
from bench.rows.group import Group
from bench.stopwatch import Stopwatch

LIMIT = 30
STUCK_SECONDS = 300.0
LOOK_SECONDS = 0.05


def run(ground: Ground) -> Iterator[Row]:
    sample = ground.size.pick(tiny=4, quick=100, usual=500, full=1_000)
    runs = ground.size.pick(tiny=1, quick=1, usual=3, full=3)
    count = outbound.members_at(ground)
    theirs = [_theirs(ground, sample) / sample for _ in range(runs)]
    ours = [took / count for took in outbound.seconds(ground, "postgresql", count)]
    ratios = [one / median(ours) for one in theirs]
    note = (
        f"theirs on a sample of {sample} members x {len(members.PARTNERS)} partners, scaled by the "
        f"member; ours on {count:,}, median {median(ours) * 1e3:.2f} ms a member; wall clock"
    )
    yield at_least("against the ordinary way", ratios, LIMIT, of="as fast", note=note)
    yield figure("the ordinary way", [1 / one for one in theirs], "members/s")
    yield figure("ours beside it", [1 / one for one in ours], "members/s")


def _theirs(ground: Ground, sample: int) -> float:
    """Seconds from their push to their last signed document."""
    with ground.room() as folder, ground.database() as url:
        key = ground.key(ends.US)
        engine = create_engine(url)
        ordinary.Base.metadata.create_all(engine)
        with _worker(ground, folder, url, key):
            ordinary.push(engine, members.members(1, start=sample))  # schemas are loaded
            _until(engine, 1)
            with Stopwatch() as took:
                ordinary.push(engine, members.members(sample))
                _until(engine, sample + 1)
        _verify(engine, key)
        engine.dispose()
    ground.say(f"against: {sample} members the ordinary way in {took.wall:.1f} s")
    return took.wall


@contextmanager
def _worker(ground: Ground, folder: Path, url: URL, key: Path) -> Iterator[None]:
    """A Celery worker with a process a core."""
    broker = ground.redis.url
    ordinary.app.conf.broker_url = broker
    program = (sys.executable, "-m", "celery", "-A", ordinary.__name__, "worker", *_WORDS)
    more = {
        ordinary.DATABASE: url.render_as_string(hide_password=False),
        ordinary.BROKER: broker,
        ordinary.KEY: str(key),
    }
    with ends.running(folder / "ordinary", program, 0, more):
        yield
    ordinary.app.close()


_WORDS = (
    "--concurrency",
    str(os.cpu_count()),
    "--loglevel",
    "WARNING",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
)


def _until(engine: Engine, count: int) -> None:
    stuck_at = time.monotonic() + STUCK_SECONDS
    while ordinary.done(engine) < count:
        if time.monotonic() > stuck_at:
            raise Wrong(f"the ordinary way did not come to {count} members")
        time.sleep(LOOK_SECONDS)


def _verify(engine: Engine, key: Path) -> None:
    """A member's documents are signed, each for one partner."""
    with Session(engine) as session:
        company = session.scalars(select(ordinary.Company).limit(1)).one()
    documents = (company.documents or "").split(ordinary.BETWEEN)
    check("documents of a member", len(documents), len(members.PARTNERS))
    for document in documents:
        XMLVerifier().verify(
            etree.fromstring(document), x509_cert=key.with_suffix(".crt").read_text()
        )


GROUP = Group("against", "what a team would otherwise write, beside ours", run)
