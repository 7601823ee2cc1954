"""Where a storm takes place: a gateway on one database or the other, partners' ends in a process
of their own, and, for Celery, Redis. All of it made for one storm and thrown away: servers named
by `MRX_TEST_DATABASE_URL` and `MRX_TEST_REDIS_URL` are not used, because these are stopped.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson
from sqlalchemy import update

from gateway import tokens
from gateway.tokens import Scope
from outbox import backlog, lane
from outbox.house import House
from schemas.tables import agreements, lanes
from signing import keys
from tests import servers, world
from tests.journeys.chaos import history as histories
from tests.journeys.chaos import journal, mutants
from tests.journeys.chaos.fleet import Fleet, _answers
from tests.journeys.chaos.history import History, Outage
from tests.journeys.chaos.load import Doors, Producer
from tests.journeys.processes import free_port

HOME = "us-ctpat"
PARTNER = Path(__file__).with_name("partner.py")
CALM_SECONDS = 90


@dataclass(slots=True, kw_only=True)
class Ground:
    """One gateway's world. `request` and `lease` are its terms, in seconds."""

    folder: Path
    house: House
    ends: Mapping[str, House]
    request: float
    lease: float
    token: str
    database: servers.Postgres | None = None
    redis: servers.Redis | None = None
    street: subprocess.Popen[bytes] | None = None
    outages: list[Outage] = field(default_factory=list)

    # -- partners ----------------------------------------------------------------------------------

    def open_street(self, *, plan: str = "", seed: int = 0, **rates: float) -> None:
        """Start the partners. `plan` is what each meets first, word by word; then by `rates`."""
        (self.folder / "plan").write_text(plan)
        port = free_port()
        words = [str(self.folder), str(port), orjson.dumps({"seed": seed, **rates}).decode()]
        with (self.folder / "partners.log").open("ab") as log:
            self.street = subprocess.Popen(
                [sys.executable, str(PARTNER), *words, *self.ends],
                env={"PYTHONPATH": str(PARTNER.parents[3])},
                stdout=log,
                stderr=log,
            )
        with self.house.database.write() as tx:
            for code in self.ends:
                url = f"http://127.0.0.1:{port}/{code}"
                tx.execute(
                    update(agreements).where(agreements.c.partner == code).values(push_url=url)
                )
        until = time.monotonic() + 60
        while not _answers(port):
            assert time.monotonic() < until, "the partners do not come up"
            time.sleep(0.05)

    def close_street(self) -> None:
        if self.street is not None:
            self.street.kill()
            self.street.wait()

    def arrived(self, code: str) -> int:
        """How many files have reached a partner."""
        return journal.count(self.folder / f"{code}.journal")

    # -- the gateway -------------------------------------------------------------------------------

    def fleet(self, mutant: str = "none", **more: str) -> Fleet:
        """Processes of this gateway, none yet."""
        made = mutants.environment(mutant, request=self.request, lease=self.lease)
        engine = {}
        if self.redis is not None:
            engine = {"MRX_ENGINE": "celery", "MRX_BROKER_URL": self.redis.url}
        environment = {**world.environment(self.house), **made, **engine, **more}
        return Fleet(self.folder / "gateway.log", environment)

    def producer(self, ports: Sequence[int], *, number: int = 0, seed: int = 0) -> Producer:
        doors = Doors(ports, self.token)
        return Producer(doors, list(self.ends), number=number, seed=seed)

    # -- calm --------------------------------------------------------------------------------------

    def calm(self, seconds: float = CALM_SECONDS) -> bool:
        """Let the partners be honest, forget waiting times, and wait until nothing is left."""
        (self.folder / "calm").touch()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with self.house.database.write() as tx:
                tx.execute(update(lanes).values(look_at=lane.LONG_AGO))
            time.sleep(0.5)
            with self.house.database.read() as tx:
                left = backlog.left(tx, self.house, now=datetime.now(UTC))
            if all(one.settled for one in left):
                return True
        return False

    def history(self, *producers: Producer) -> History:
        """What happened, for the checker."""
        lines = {code: journal.read(self.folder / f"{code}.journal") for code in self.ends}
        wanted: dict[str, dict[str, str]] = {code: {} for code in self.ends}
        for one in producers:
            for code in self.ends:
                wanted[code] |= one.wanted(code)
        made = History(
            arrivals=histories.arrivals(self.house, lines),
            permissions=[window for one in producers for window in one.permissions],
            held={code: histories.roll(end, HOME) for code, end in self.ends.items()},
            wanted=wanted,
            outages=self.outages,
        )
        histories.tables(self.house, made)
        return made


@contextmanager
def ground(
    engine: str, *codes: str, request: float = 2, lease: float = 3, batch_max: int = 3
) -> Iterator[Ground]:
    """`engine` is `sqlite`, `postgresql` or `celery`. Lanes begin with small batches: many numbers."""
    with _folder() as folder, ExitStack() as after:
        database = redis = server = None
        if engine != "sqlite":
            (folder / "pg").mkdir()
            # What a crash of the server would lose must not be lost: only fsync may be off.
            database = servers.Postgres(folder / "pg", "fsync=off")
            after.callback(database.stop)
            server = world.Server(database.url)
        if engine == "celery":
            redis = servers.Redis(folder)
            after.callback(redis.stop)
        house, ends = _ends(folder, codes, server, batch_max)
        for end in (house, *ends.values()):
            after.callback(end.database.close)
        with house.database.write() as tx:
            now = datetime.now(UTC)
            token = tokens.create(tx, "storm", {Scope.PUSH}, by="test", now=now)
        made = Ground(
            folder=folder,
            house=house,
            ends=ends,
            request=request,
            lease=lease,
            database=database,
            redis=redis,
            token=token,
        )
        after.callback(made.close_street)
        yield made


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that stays where something went wrong."""
    folder = Path(tempfile.mkdtemp(prefix="mrx-chaos-"))
    folder.chmod(0o755)  # PostgreSQL may run as somebody else
    try:
        yield folder
    except BaseException:
        sys.stderr.write(f"what is left of the storm is in {folder}\n")
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _ends(
    folder: Path, codes: Sequence[str], server: world.Server | None, batch_max: int
) -> tuple[House, dict[str, House]]:
    now = datetime.now(UTC)
    made: dict[str, House] = {}
    (folder / "keys").mkdir()
    for code in (HOME, *codes):
        key = folder / "keys" / f"{code}.key"
        keys.create(key, f"mrx {code}", now, kind="p256")
        made[code] = world.make(folder / code, code, key, server=server if code == HOME else None)
    house = made.pop(HOME)
    for end in made.values():
        world.connect(house, end, now=now)
        with end.database.write() as tx:  # a storm grows a roll as fast as it can
            tx.execute(update(agreements).values(quarantine_percent=1_000_000))
    with house.database.write() as tx:
        tx.execute(update(lanes).values(batch_max=batch_max))
    return house, made
