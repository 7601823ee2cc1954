"""The six ends of the demo: started, connected to each other, and loaded.

    start      the gateway and five sandboxes, each a process with its own home
    connect    certificates and addresses, in both directions
    load       members and consents: ours, and a few of each partner's own

FOLDER/
      us-ctpat/ mx-neec/ ...    the homes
      certificates/CODE.pem     what each end gave the others
      sources/                  the members and consents that were pushed
      logs/                     one a process, and the commands that were run
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway import home as homes
from gateway.demo import companies, foreign
from gateway.demo.processes import Process, Processes, free_ports
from gateway.demo.show import Show
from gateway.intake import push_consents, push_members
from gateway.settings import Settings
from outbox.house import House
from schemas.consent import ConsentEvent
from schemas.errors import BadRequest
from schemas.member import Member

US = "us-ctpat"
COMMANDS_AT_ONCE = 3
Step = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One of the six ends: its process, its opened home, what was loaded there."""

    code: str
    process: Process
    house: House
    members: list[Member]
    grants: list[ConsentEvent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The stage: where everything lies, and all ends. `us` is the gateway."""

    folder: Path
    processes: Processes
    show: Show
    us: End
    partners: Mapping[str, End]

    @property
    def ends(self) -> tuple[End, ...]:
        return (self.us, *self.partners.values())

    def close(self) -> None:
        """Let go of the databases."""
        for end in self.ends:
            end.house.database.close()


def start(
    show: Show, processes: Processes, folder: Path, *, codes: Sequence[str], count: int
) -> Scene:
    """Start the gateway and the sandboxes of `codes`; `count` companies are invented meanwhile."""
    us_port, *ports = free_ports(1 + len(codes))
    with show.phase("start", {"live": 1 + len(codes)}) as advance:
        us = homes.init(Settings(home=folder / US), US)
        trust = _write(folder / "certificates" / f"{US}.pem", [us.key.certificate.pem.encode()])
        running = {
            US: processes.start(US, "serve", "--port", str(us_port), home=folder / US, port=us_port)
        }
        for code, port in zip(codes, ports, strict=True):
            arguments = ("sandbox", code, "--port", str(port), "--trust", str(trust))
            running[code] = processes.start(code, *arguments, home=folder / code, port=port)
        ours = companies.companies(count)
        processes.wait(lambda live: advance("live", live))
    texts = {code: companies.TEXTS[code] for code in codes}
    return Scene(
        folder=folder,
        processes=processes,
        show=show,
        us=End(
            code=US,
            process=running[US],
            house=us,
            members=ours,
            grants=companies.grants(ours, texts, share=companies.CONSENT_SHARE),
        ),
        partners={code: _partner(code, running[code]) for code in codes},
    )


def _partner(code: str, process: Process) -> End:
    theirs = foreign.members(code)
    return End(
        code=code,
        process=process,
        house=homes.open_home(Settings(home=process.home)),
        members=theirs,
        grants=companies.grants(
            theirs,
            {US: f"{code}-profile-1"},
            share=foreign.CONSENT_SHARE,
            officers=foreign.CASTS[code].officers,
        ),
    )


def connect(scene: Scene) -> None:
    """Tell each pair of ends where the other is and by which certificate it is known."""
    pairs = [pair for end in scene.partners.values() for pair in ((scene.us, end), (end, scene.us))]
    with scene.show.phase("connect", {"connected": len(pairs)}) as advance:
        for end in scene.ends:
            _write(_certificate(scene, end), [end.house.key.certificate.pem.encode()])
        pool = ThreadPoolExecutor(COMMANDS_AT_ONCE)
        try:
            for n, _ in enumerate(pool.map(lambda pair: _connect(scene, *pair), pairs), 1):
                advance("connected", n)
        finally:
            pool.shutdown(cancel_futures=True)  # Ctrl-C waits for those that run, not for all


def _connect(scene: Scene, here: End, there: End) -> None:
    where = ("--push", there.process.url, "--certificate", str(_certificate(scene, there)))
    scene.processes.ask("partner", "connect", there.code, *where, home=here.process.home)


def _certificate(scene: Scene, end: End) -> Path:
    return scene.folder / "certificates" / f"{end.code}.pem"


def load(scene: Scene) -> None:
    """Push members and consents at every end, as its source would."""
    theirs = list(scene.partners.values())
    totals = {
        "members": len(scene.us.members),
        "consents": len(scene.us.grants),
        "partners' own members": sum(len(end.members) for end in theirs),
    }
    with scene.show.phase("load", totals) as advance:
        _push_members(scene, scene.us, lambda done: advance("members", done))
        _push_consents(scene, scene.us, lambda done: advance("consents", done))
        loaded = 0
        for end in theirs:
            _push_members(scene, end, lambda _: None)
            _push_consents(scene, end, lambda _: None)
            loaded += len(end.members)
            advance("partners' own members", loaded)


def _push_members(scene: Scene, end: End, step: Step) -> None:
    lines = companies.member_lines(end.members)
    file = _write(scene.folder / "sources" / f"{end.code}-members.ndjson", lines)
    now = datetime.now(UTC)
    with file.open("rb") as source:
        order = push_members.Push(
            open=lambda: source,
            format="ndjson",
            mode="delta",
            as_of=now,
            now=now,
            by="demo",
            step=step,
        )
        report = push_members.push(end.house, order)
    _expect(f"members accepted by {end.code}", report.accepted, len(end.members))


def _push_consents(scene: Scene, end: End, step: Step) -> None:
    lines = companies.consent_lines(end.grants)
    file = _write(scene.folder / "sources" / f"{end.code}-consents.ndjson", lines)
    now = datetime.now(UTC)
    with file.open("rb") as source:
        order = push_consents.Push(
            source=source, format="ndjson", as_of=now, now=now, by="demo", step=step
        )
        report = push_consents.push(end.house, order)
    _expect(f"consents accepted by {end.code}", report.accepted, len(end.grants))


def _expect(what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise BadRequest("MRX-5052", what=what, found=found, expected=wanted)


def _write(file: Path, lines: Iterable[bytes]) -> Path:
    file.parent.mkdir(mode=0o700, exist_ok=True)
    with file.open("wb") as sink:
        sink.writelines(lines)
    return file
