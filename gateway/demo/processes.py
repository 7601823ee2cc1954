"""The real processes of a demo: started, waited for, asked, and stopped.

Each has a home folder, a port on loopback and a log of its own. None outlives the demo: at the
end of the block they are told to stop, and each is tied to this process (`gateway.demo.tether`),
so that they end with it even where it is killed.
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx2

import gateway
from schemas.errors import BadRequest

LOOPBACK = "127.0.0.1"
START_SECONDS = 120.0
STOP_SECONDS = 15.0
_LOOK_SECONDS = 0.1
_Sink = IO[bytes] | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One gateway that serves: a programme's code, its home, its address and its log."""

    name: str
    home: Path
    port: int
    log: Path
    popen: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"


class Processes:
    """All processes of one demo. Leaving the block stops them; `logs` is where they write."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[Process] = []
        self._children: list[subprocess.Popen[bytes]] = []  # those, and commands being run

    def __enter__(self) -> Self:
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, name: str, *arguments: str, home: Path, port: int) -> Process:
        """Start `mrx ARGUMENTS` with its own MRX_HOME; it writes to a log named after it."""
        log = self._logs / f"{name}.log"
        with log.open("ab") as sink, _uninterrupted():
            popen = self._open(arguments, home, stdout=sink, stderr=subprocess.STDOUT)
            process = Process(name=name, home=home, port=port, log=log, popen=popen)
            self._running.append(process)
        return process

    def wait(self, step: Callable[[int], None]) -> None:
        """Return when every process answers /health/live, or raise `BadRequest` MRX-5051.

        `step` is told how many do.
        """
        until = time.monotonic() + START_SECONDS
        # The environment may name a proxy; loopback is not reached through it.
        with httpx2.Client(trust_env=False, timeout=2) as client:
            for n, process in enumerate(self._running, 1):
                while not _live(client, process):
                    self.look()
                    if time.monotonic() > until:
                        raise _failed(
                            process.name, f"not live after {START_SECONDS:.0f} s", process
                        )
                    time.sleep(_LOOK_SECONDS)
                step(n)

    def look(self) -> None:
        """Raise `BadRequest` MRX-5051 if a process has ended by itself."""
        for process in self._running:
            code = process.popen.poll()
            if code is not None:
                raise _failed(process.name, f"ended with {code}", process)

    def ask(self, *arguments: str, home: Path) -> str:
        """Run one command to its end and return what it said; MRX-5051 if it does not exit 0.

        May be called by several threads. What it says besides is kept in commands.log.
        """
        log = self._logs / "commands.log"
        with log.open("ab") as sink:
            sink.write(f"$ {shlex.join(('mrx', *arguments))}\n".encode())
            sink.flush()
            with _uninterrupted():
                popen = self._open(arguments, home, stdout=subprocess.PIPE, stderr=sink)
        with popen:
            assert popen.stdout is not None
            # Not `communicate`: it would close the pipe the command is tied to.
            said = popen.stdout.read()
            code = popen.wait()
        self._children.remove(popen)
        if code != 0:
            raise BadRequest(
                "MRX-5051", process=f"mrx {' '.join(arguments[:2])}", what=f"exit {code}", log=log
            )
        return said.decode()

    def stop(self) -> None:
        """Ask every process to stop, and end those that do not."""
        for child in self._children:
            child.terminate()
        until = time.monotonic() + STOP_SECONDS
        for child in self._children:
            try:
                child.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            assert child.stdin is not None
            child.stdin.close()
        self._children.clear()
        self._running.clear()

    def _open(
        self, arguments: Sequence[str], home: Path, *, stdout: _Sink, stderr: _Sink
    ) -> "subprocess.Popen[bytes]":
        child = subprocess.Popen(  # noqa: S603  # our own program, with arguments of our own
            [sys.executable, "-m", "gateway.demo.tether", *arguments],
            env=environment(home),
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            # Ctrl-C is for the demo alone, which then stops the others in order.
            start_new_session=True,
        )
        self._children.append(child)
        return child


def free_ports(count: int) -> list[int]:
    """Different ports that were free a moment ago."""
    listeners = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports: list[int] = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def environment(home: Path) -> dict[str, str]:
    """The environment of a process: ours, without our own settings, and with its home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MRX_")}
    code = str(Path(gateway.__file__).parents[1])  # where this very program was loaded from
    path = os.pathsep.join(filter(None, (code, kept.get("PYTHONPATH"))))
    return kept | {
        "MRX_HOME": str(home),
        "PYTHONPATH": path,
        "NO_PROXY": LOOPBACK,
        "no_proxy": LOOPBACK,
    }


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back, so that no process is started without being written down."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals interrupt the main thread only
        return
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for one in came:
        signal.raise_signal(one)


def _live(client: httpx2.Client, process: Process) -> bool:
    try:
        return client.get(f"{process.url}/health/live").status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False


def _failed(name: str, what: str, process: Process) -> BadRequest:
    return BadRequest("MRX-5051", process=name, what=what, log=process.log)
