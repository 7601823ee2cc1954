"""The gateway's processes in a storm, found again whatever they have started, and whoever is left.

Every process of a fleet, and every process that it starts, carries the fleet's own word in its
environment.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

MARK = "MRX_CHAOS_FLEET"


class Fleet:
    """Keeps `mrx serve` and `mrx worker` running; what died is started again by `mend`."""

    def __init__(self, log: Path, environment: Mapping[str, str]) -> None:
        self._mark = secrets.token_hex(8)
        self._log = log
        self._environment = {**os.environ, **environment, MARK: self._mark}
        self._running: list[tuple[tuple[str, ...], subprocess.Popen[bytes]]] = []
        self._ports: list[int] = []

    def serve(self, port: int) -> None:
        self._ports.append(port)
        self.start("serve", "--port", str(port))

    def start(self, *words: str) -> None:
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", *words],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        self._running.append((words, process))

    def mend(self) -> None:
        """Start again what is not running any more."""
        for one in list(self._running):
            words, process = one
            if process.poll() is not None:
                self._running.remove(one)
                self.start(*words)

    def wait(self, seconds: float = 60) -> None:
        """Until every door answers."""
        until = time.monotonic() + seconds
        while not all(_answers(port) for port in self._ports):
            assert time.monotonic() < until, f"the gateway does not come up, see {self._log}"
            self.mend()
            time.sleep(0.1)

    def serves(self) -> bool:
        """Whether any door answers."""
        return any(_answers(port) for port in self._ports)

    @property
    def pids(self) -> Sequence[int]:
        """All processes of ours, those that were started by others of ours too."""
        mark = f"{MARK}={self._mark}".encode()
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with suppress(OSError):
                    if mark in (folder / "environ").read_bytes().split(b"\0"):
                        found.append(int(folder.name))
        return sorted(found)

    def end(self) -> None:
        """First politely, then not."""
        for pid in self.pids:
            say(pid, signal.SIGCONT)
        for _, process in self._running:
            with suppress(ProcessLookupError):
                process.terminate()
        until = time.monotonic() + 10
        while self.pids and time.monotonic() < until:
            for _, process in self._running:
                process.poll()
            time.sleep(0.05)
        while pids := self.pids:
            for pid in pids:
                say(pid, signal.SIGKILL)
            for _, process in self._running:
                process.poll()
            time.sleep(0.05)
        for _, process in self._running:
            process.wait()


def say(pid: int, number: signal.Signals) -> bool:
    """Signal a process; False if it is gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1):
            return True
    except (OSError, urllib.error.URLError):
        return False
