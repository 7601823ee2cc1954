"""Where a journey's gateways run: on which database, and who works their lanes.

               threads                            celery
    sqlite     `mrx serve`                        `mrx serve` and `mrx worker` over one file
    postgresql `mrx serve`, a database each       the same two over a database each, Redis each

A journey is written once, for a `Place`, and walked in every one of them.
"""

import random
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import URL

from gateway import home
from gateway.settings import Settings
from outbox.house import House
from tests import servers
from tests.gateway.engine.cluster import children, until
from tests.journeys.processes import Server, free_port
from tests.world import written

PARTS = 3
"""What a worker that has begun has: a process for each queue, and a sweep."""

FIRST = ("sqlite", "threads")
"""Where a journey is walked that depends on neither."""

EVERYWHERE = pytest.mark.parametrize(
    "place",
    [
        pytest.param((database, engine), id=f"{database}-{engine}")
        for database in ("sqlite", "postgresql")
        for engine in ("threads", "celery")
    ],
    indirect=True,
)


@dataclass
class Place:
    """One of them, for as long as a test lasts. `postgres` brings the server where it is needed."""

    database: str
    engine: str
    postgres: Callable[[], URL]
    _after: ExitStack = field(default_factory=ExitStack)

    def environment(self) -> dict[str, str]:
        """What the environment of one gateway, and of nobody else's, has beside MRX_HOME."""
        return {**self.data(), **self._lanes()}

    def gateway(self, folder: Path, programme: str) -> "Gateway":
        """A gateway made here, not started. What `mrx init` and `mrx partner connect` do to it
        beforehand is done in this process: each would take a second to start.
        """
        env = self.environment()
        gateway = Gateway(folder, env, free_port())
        home.init(gateway.settings, programme).database.close()
        return gateway

    def close(self) -> None:
        self._after.close()

    def data(self) -> Mapping[str, str]:
        """The part of it that names a database: a new one, or nothing for a file in the home."""
        if self.database == "sqlite":
            return {}
        server = self.postgres()
        url = servers.create(server)
        self._after.callback(servers.drop, server, url)
        return {"MRX_DATABASE_URL": written(url)}

    def _lanes(self) -> Mapping[str, str]:
        if self.engine == "threads":
            return {}
        folder = Path(tempfile.mkdtemp(prefix="mrx-redis-"))  # a socket's path is short
        self._after.callback(shutil.rmtree, folder, ignore_errors=True)
        redis = servers.Redis(folder)
        self._after.callback(redis.stop)
        return {
            "MRX_ENGINE": "celery",
            "MRX_BROKER_URL": redis.url,
            "MRX_ROUTINE_SLOTS": "2",
            "MRX_URGENT_SLOTS": "1",
        }


@dataclass
class Gateway:
    """The processes of one gateway: `serve`, and under Celery a `worker` beside it."""

    home: Path
    env: Mapping[str, str]
    port: int
    processes: list[Server] = field(init=False)

    def __post_init__(self) -> None:
        serve = ["serve", "--port", str(self.port)]
        words = [serve, ["worker"]] if "MRX_BROKER_URL" in self.env else [serve]
        self.processes = [Server(self.home, one, self.port, env=self.env) for one in words]

    @property
    def url(self) -> str:
        return self.processes[0].url

    @property
    def kills(self) -> int:
        return sum(one.kills for one in self.processes)

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, database_url=self.env.get("MRX_DATABASE_URL"))

    def open(self) -> House:
        """As any other process would: the caller closes its database."""
        return home.open_home(self.settings)

    def start(self) -> None:
        """Whatever does not run."""
        for one in self.processes:
            if one.process is None or one.process.poll() is not None:
                one.start()

    def wait(self) -> None:
        """Until it answers, and its worker has all its parts."""
        self.processes[0].wait()
        for worker in self.processes[1:]:
            until(lambda of=worker.process: len(children(of.pid)) >= PARTS)

    def kill(self, dice: random.Random) -> None:
        """SIGKILL to one of its processes."""
        dice.choice(self.processes).kill()

    def stop(self) -> None:
        """End what runs, in peace: each is told once, as a second word would mean "at once"."""
        running = [one.process for one in self.processes if one.process is not None]
        for one in running:
            if one.poll() is None:
                one.terminate()
        codes = [one.wait(60) for one in running]
        assert codes == [0] * len(running), codes
