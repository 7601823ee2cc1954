"""Our gateway and its partners as real processes: `mrx serve`, and an `mrx sandbox` a partner.

Each is tied to this process (`gateway.demo.tether`): none outlives it, however it ends.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import home
from bench.ground import Engine, Ground
from bench.row import Wrong
from gateway.demo import processes
from gateway.home import open_home
from gateway.settings import Settings
from outbox.house import House
from schemas.errors import MrxError

US = "us-ctpat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One that listens on loopback; its home and its log lie side by side."""

    popen: "subprocess.Popen[bytes]"
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://{processes.LOOPBACK}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Home and partners, connected. `partners` are their homes, opened here for reading what they
    hold; `running` their processes by programme, and ours as soon as it serves.
    """

    folder: Path
    house: House
    partners: Mapping[str, House]
    running: dict[str, Process]
    _open: ExitStack

    def serve(self, **settings: str) -> Process:
        """Start `mrx serve` on our home; `settings` are more of its environment."""
        (port,) = processes.free_ports(1)
        more = {**home.environment(self.house), **settings}
        words = ("serve", "--port", str(port))
        process = self._open.enter_context(started(self.folder / US, words, port, more))
        self.running[US] = process
        wait(process)
        return process


@contextmanager
def standing(
    ground: Ground, folder: Path, *, engine: Engine, codes: Sequence[str]
) -> Iterator[Ends]:
    """Sandboxes of `codes` as processes, and our home connected to them; it does not serve yet."""
    with ExitStack() as stack:
        house = stack.enter_context(home.made(ground, folder, US, engine=engine))
        trust = folder / "us.pem"
        trust.write_text(house.key.certificate.pem)
        running = {}
        for code, port in zip(codes, processes.free_ports(len(codes)), strict=True):
            home.give_key(ground, folder / code, code)
            words = ("sandbox", code, "--port", str(port), "--trust", str(trust))
            running[code] = stack.enter_context(started(folder / code, words, port, {}))
        partners = {}
        for code in codes:
            wait(running[code])
            partners[code] = open_home(Settings(home=folder / code))
            stack.callback(partners[code].database.close)
            home.connect(house, partners[code], url=running[code].url)
        yield Ends(folder=folder, house=house, partners=partners, running=running, _open=stack)


@contextmanager
def started(
    place: Path, words: Sequence[str], port: int, more: Mapping[str, str]
) -> Iterator[Process]:
    """`mrx WORDS` with its home in `place`; it is told to stop at the end of the block."""
    program = (sys.executable, "-m", "gateway.demo.tether", *words)
    with running(place, program, port, more) as process:
        yield process


@contextmanager
def running(
    place: Path, program: Sequence[str], port: int, more: Mapping[str, str]
) -> Iterator[Process]:
    """Any program that listens on a port, beside its log; told to stop at the end of the block."""
    log = place.parent / f"{place.name}.log"
    with log.open("ab") as sink:
        popen = subprocess.Popen(
            program,
            env=processes.environment(place) | dict(more),
            stdin=subprocess.PIPE,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    try:
        yield Process(popen=popen, port=port, log=log)
    finally:
        popen.terminate()
        try:
            popen.wait(60)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
        assert popen.stdin is not None
        popen.stdin.close()


def wait(process: Process) -> None:
    """Until it answers; raises `Wrong` if it ends or never does."""
    listening = processes.Process(
        name=process.log.stem,
        home=process.log.parent,
        port=process.port,
        log=process.log,
        popen=process.popen,
    )
    waiting = processes.Processes(process.log.parent)
    waiting._running.append(listening)  # noqa: SLF001  # we started it, with settings of our own
    try:
        waiting.wait(lambda _: None)
    except MrxError as failed:
        said = process.log.read_text(errors="replace")[-2_000:]
        raise Wrong(f"{failed}\n{said}") from None
