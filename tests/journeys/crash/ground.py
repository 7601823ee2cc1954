"""The ground a walk is walked on: homes prepared once, copied for each time, and processes of its own.

A process is forked from one that has imported and compiled everything: it costs a tenth of a second.
"""

import gc
import os
import shutil
import signal
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlalchemy import URL

from outbox import asking
from tests import servers
from tests.journeys.crash import trap as traps
from tests.journeys.crash.trap import Event, Trap
from tests.journeys.crash.walk import Place, Walk, closed
from tests.world import Server


@dataclass
class Ground:
    """One walk on one database: prepared once, and copied for every time it is walked."""

    walk: Walk
    kept: Place
    folder: Path
    postgres: URL | None
    _n: int = field(default=0)

    @classmethod
    def prepared(
        cls, walk: Walk, folder: Path, key_files: Mapping[str, Path], postgres: URL | None
    ) -> "Ground":
        server = None if postgres is None else Server(postgres)
        traps.by_file()
        kept = walk.prepare(folder / "kept", key_files, server)
        return cls(walk, kept, folder, postgres)

    def copy(self) -> Place:
        """New homes, as they are when the walk begins."""
        self._n += 1
        folder = self.folder / str(self._n)
        shutil.copytree(self.kept.folder, folder)
        url = None
        if self.kept.url is not None:
            assert self.postgres is not None
            url = servers.create(self.postgres, template=self.kept.url)
        return Place(folder, url, self.kept.base)

    def drop(self, place: Place) -> None:
        if place.url is not None:
            assert self.postgres is not None
            servers.drop(self.postgres, place.url)
        shutil.rmtree(place.folder)

    def warm(self) -> None:
        """Walk once in this process, which others will be forked from: what is compiled, imported
        and worked out at the first time is theirs then.
        """
        place, ask = self.copy(), asking.ask
        closed(self.walk.walk(place, _forget, Trap()))
        here = self.walk.go_on(place, len(self.walk.steps))
        self.walk.state(here)
        closed(here)
        asking.ask = ask
        self.drop(place)
        gc.collect()
        gc.freeze()

    def calm(self) -> tuple[list[Event], dict[str, Any]]:
        """A walk in calm weather: what it passed, and how it ended."""
        place = self.copy()
        trap = Trap()
        log = place.folder / "told"

        def walked() -> None:
            trap.set()
            self.walk.walk(place, _forget, trap)
            log.write_text("\n".join(f"{name} {side}" for name, side in trap.told))

        in_process(walked, place.folder)
        events = [tuple(line.split()) for line in log.read_text("utf-8").splitlines()]
        state = self._end(place, len(self.walk.steps))
        self.drop(place)
        return events, state  # type: ignore[return-value]

    def killed(self, at: int, event: Event) -> dict[str, Any]:
        """A walk that is killed at this event; how it ends when it was gone on with."""
        place = self.copy()
        begun = place.folder / "begun"
        trap = Trap(at, event)

        def walked() -> None:
            trap.set()
            self.walk.walk(place, lambda n: begun.write_text(str(n)) and None, trap)

        in_process(walked, place.folder, dies=True)
        state = self._end(place, int(begun.read_text("utf-8")))
        self.drop(place)
        return state

    def _end(self, place: Place, begun: int) -> dict[str, Any]:
        found = place.folder / "state"

        def gone_on() -> None:
            here = self.walk.go_on(place, begun)
            found.write_text(repr(self.walk.state(here)))

        in_process(gone_on, place.folder)
        return eval(found.read_text("utf-8"))  # our own words, of a moment ago


def _forget(_: int) -> None:
    """Nobody asks which step has begun."""


def in_process(work: Callable[[], None], folder: Path, *, dies: bool = False) -> None:
    """Do it in a process of its own, forked from this one, which has imported everything."""
    failure = folder / "failure"
    child = os.fork()
    if child == 0:
        status = 1
        try:
            # Keys of 3072 bits take longer than all the rest, and how they are made is no step.
            rsa.generate_private_key = lambda **_: ec.generate_private_key(ec.SECP256R1())
            work()
            status = 0
        except BaseException:  # noqa: BLE001  # the parent raises it
            failure.write_text(traceback.format_exc())
        finally:
            os._exit(status)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended == 1:
        raise AssertionError(failure.read_text("utf-8"))
    assert ended == (-signal.SIGKILL if dies else 0), f"it ended with {ended}"
