"""What a walk is: a journey that is cut short somewhere, and gone on with.

prepare   once, in a process of its own: the homes as they are when the walk begins
steps     the journey, step by step; the child that walks it dies somewhere
go on     a clean process: the homes opened again, upkeep as at a server's start, the step that
          was cut short said again by whoever heard no answer, the steps after it, until calm
state     what must then be the same as after a walk in calm weather
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import URL, select

from gateway import home, upkeep
from gateway.engine.errands import Errands
from gateway.settings import Settings
from outbox import asking, lane, worker_name
from outbox.delivery import Delivery
from outbox.house import House
from schemas.tables import lanes
from tests import world
from tests.journeys.crash.trap import Trap
from tests.world import Clock, Server, Wire, World

US, MEXICO = "us-ctpat", "mx-neec"


class Kept(list[tuple[str, bytes]]):
    """A wire's journal that outlives the process: a file for each transmission that arrived."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        files = sorted(folder.iterdir())
        super().__init__((one.name.split(".", 1)[1], one.read_bytes()) for one in files)

    def append(self, sent: tuple[str, bytes]) -> None:
        super().append(sent)
        (self._folder / f"{len(self):04}.{sent[0]}").write_bytes(sent[1])


@dataclass
class Here(World):
    """The world of a walk; `base` is when it was prepared, the same in every process of a walk."""

    base: datetime = world.START


@dataclass
class Place:
    """Homes in a folder, ours on a server if there is a `url`. `base` is when they were prepared."""

    folder: Path
    url: URL | None
    base: datetime

    @property
    def settings(self) -> Settings:
        return _settings(self.folder / US, self.url)

    def open(self) -> Here:
        """As any process does; closed by its end."""
        ours = home.open_home(self.settings)
        mexico = self.folder / MEXICO
        partners = {MEXICO: home.open_home(_settings(mexico, None))} if mexico.exists() else {}
        clock = Clock(datetime.now(UTC))
        wire = Wire(ends=partners, clock=clock, journal=Kept(self.folder / "journal"))
        return Here(house=ours, partners=partners, clock=clock, wire=wire, base=self.base)


_PLAIN = Settings(home=Path("nowhere"))


def _settings(folder: Path, url: URL | None) -> Settings:
    """To read them from the environment takes as long as to open a home."""
    return _PLAIN.model_copy(update={"home": folder, "database_url": url})


Step = Callable[[Here], object]


class Walk:
    """One journey. `plan` is what happens to the first transmissions of the child's wire."""

    plan: ClassVar[tuple[str, ...]] = ()
    steps: ClassVar[tuple[Step, ...]] = ()

    def prepare(self, folder: Path, key_files: Mapping[str, Path], server: Server | None) -> Place:
        house, partners = world.connected(folder, key_files, (MEXICO,), server=server)
        base = datetime.now(UTC) - timedelta(minutes=10)
        clock = Clock(base)
        journal = Kept(folder / "journal")
        wire = Wire(ends=partners, clock=clock, journal=journal)
        made = Here(house=house, partners=partners, clock=clock, wire=wire, base=base)
        self.begin(made)
        closed(made)
        url = getattr(house.database, "url", None)
        return Place(folder, url, base)

    def begin(self, made: Here) -> None:
        """Bring the new homes to where the walk begins."""

    def walk(self, place: Place, note: Callable[[int], None], trap: Trap) -> Here:
        """The journey, by a process that may die in it. `note` is told each step that begins."""
        note(0)
        here = place.open()
        self.opened(here)
        here.wire.plan = list(self.plan)
        here.wire.send = trap.sending(here.wire.send)
        asking.ask = trap.sending(asking.ask)
        for n, step in enumerate(self.steps):
            note(n)
            step(here)
        return here

    def go_on(self, place: Place, begun: int) -> Here:
        """From the step that was begun, by a clean process."""
        here = place.open()
        self.opened(here)
        for house in (here.house, *here.partners.values()):
            restarted(house)
        self.look(here)
        for step in self.steps[begun:]:
            here.clock.forward(minutes=11)
            step(here)
        return here

    def opened(self, here: Here) -> None:
        """Lay what is not a wire, in every process of the walk."""

    def look(self, here: Here) -> None:
        """What must be so right after the restart."""

    def state(self, here: Here) -> dict[str, Any]:
        """What must be the same at the end of every walk."""
        raise NotImplementedError


def restarted(house: House) -> None:
    """What every server does when it starts."""
    Errands(house, batch_bytes_max=world.BYTES_MAX)._mend()
    upkeep.tidy(house, now=datetime.now(UTC))


def deliver(here: Here, *, closed: bool = False) -> None:
    """Work the lanes until nothing is left to do, however long they rest in between; behind a gate
    that is `closed` something may wait for ever.
    """
    worker = f"{worker_name.own()}/test"
    delivery = Delivery(house=here.house, transport=here.wire, worker=worker, clock=here.clock)
    query = select(lanes.c.id).where(lane.work())
    for _ in range(3 if closed else 20):
        while delivery.work():
            pass
        with here.house.database.read() as tx:
            if tx.execute(query).first() is None:
                return
        here.clock.forward(minutes=30)
    assert closed, "the lanes never come to rest"


def closed(here: Here) -> None:
    """No connection of it is open: a fork would share it."""
    for house in (here.house, *here.partners.values()):
        house.database.close()
