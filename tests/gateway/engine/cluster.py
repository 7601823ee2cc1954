"""A gateway of the engine celery as real processes: serve, workers, and what they are told."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from outbox.house import House
from schemas.tables import attempts, lanes
from tests import servers, world
from tests.journeys.processes import free_port


def until(holds: Callable[[], bool], seconds: float = 60) -> float:
    """Wait for something; how long it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "it did not come to pass"
        time.sleep(0.05)
    return time.monotonic() - began


@dataclass
class Cluster:
    """Processes over one home, started and killed one by one; their log is one file."""

    house: House
    redis: servers.Redis
    log: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """`mrx` with these words."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", *words],
                env={
                    **os.environ,
                    **world.environment(self.house),
                    "MRX_ENGINE": "celery",
                    "MRX_BROKER_URL": self.redis.url,
                    "MRX_ROUTINE_SLOTS": "2",
                    "MRX_URGENT_SLOTS": "1",
                },
                stdout=log,
                stderr=log,
            )
        self.running.append(process)
        return process

    def serve(self) -> subprocess.Popen[bytes]:
        return self.start("serve", "--port", str(free_port()))

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("worker")

    def stop(self) -> None:
        """Whatever still runs ends at once, and its children with it."""
        for process in self.running:
            if process.poll() is None:
                for child in children(process.pid):
                    end(child)
                process.kill()
            process.wait(30)

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def workers(self) -> list[str]:
        """Who made each attempt: "task" or "sweep"."""
        with self.house.database.read() as tx:
            made = tx.scalars(select(attempts.c.worker).order_by(attempts.c.began_at)).all()
        return [one.rpartition("/")[2] for one in made]

    def at_task(self) -> int | None:
        """The process that has leased a lane for a task."""
        with self.house.database.read() as tx:
            by = tx.scalar(select(lanes.c.leased_by).where(lanes.c.leased_by.endswith("/task")))
        return None if by is None else int(by.split(":")[1])


def children(of: int) -> list[int]:
    """Processes that this one started, and theirs."""
    found = []
    for one in Path("/proc").iterdir():
        if one.name.isdigit():
            try:
                parent = (one / "stat").read_text("utf-8").rpartition(")")[2].split()[1]
            except OSError:
                continue
            if int(parent) == of:
                found += [int(one.name), *children(int(one.name))]
    return found


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def end(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return
