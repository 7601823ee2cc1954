"""A backup onto a disk that is full: told so clearly, nothing half under its name, the gateway goes on."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.backup import making, verifying
from gateway.pushes import Kind
from schemas.errors import MrxError
from tests.conftest import BOTH
from tests.homes import environment
from tests.journeys.crash import walks_push
from tests.journeys.crash.walk import MEXICO, Here, Place, deliver
from tests.journeys.disk.room import SIZE, fill, small_disk
from tests.journeys.disk.test_disk_full import LATER, Queued, everything_works, moved
from tests.world import Server, member

pytestmark = [pytest.mark.slow, pytest.mark.processes]

ON_BOTH = pytest.mark.parametrize("engine", BOTH, indirect=True)
NAME = "b.zip"


@pytest.fixture
def place(tmp_path: Path, key_files: Mapping[str, Path], server: Server | None) -> Place:
    return Queued().prepare(tmp_path / "world", key_files, server)


def back_up(here: Here, file: Path) -> Path:
    return making.make(here.house, file, with_keys=False, by="test", now=here.clock()).file


def rooms() -> Iterator[int]:
    """Ever more room: so it ends at every step of the work."""
    yield 0
    room = 64 << 10
    while room < SIZE:
        yield room
        room += room // 4


def with_more_and_more_room(disk: Path, attempt: Callable[[], Path]) -> list[str]:
    """Try until it is made; the codes of what was said before. Nothing is ever left half-written."""
    said: list[str] = []
    for room in rooms():
        ballast = fill(disk, but=room)
        before = set(disk.iterdir())
        try:
            attempt()
        except MrxError as refusal:
            said.append(refusal.code)
            assert set(disk.iterdir()) == before, "nothing lies there"
        else:
            return said
        finally:
            ballast.unlink()
    raise AssertionError("it was never made")


@ON_BOTH
def test_onto_a_disk_of_its_own(tmp_path: Path, place: Place):
    def work(disk: Path) -> None:
        here = place.open()
        walks_push._put(here, Kind.MEMBERS, list(map(member, LATER)), 1)
        file = disk / NAME

        said = with_more_and_more_room(disk, lambda: back_up(here, file))

        assert len(said) > 5
        assert set(said) == {"MRX-9007"}
        whole(here, file)

    small_disk(work, tmp_path)


@ON_BOTH
def test_the_gateway_goes_on(tmp_path: Path, place: Place):
    """Pushes are taken and partners told, while the backup finds no room."""

    def work(disk: Path) -> None:
        here = place.open()
        ballast = fill(disk)
        with pytest.raises(MrxError, match="MRX-9007"):
            back_up(here, disk / NAME)
        walks_push._put(here, Kind.MEMBERS, list(map(member, LATER)), 2)
        deliver(here)
        assert len(here.held(MEXICO)) == 1
        ballast.unlink()
        whole(here, back_up(here, disk / NAME))

    small_disk(work, tmp_path)


@ON_BOTH
def test_the_command_says_what_to_do(tmp_path: Path, place: Place):
    def work(disk: Path) -> None:
        here = place.open()
        fill(disk)
        said = subprocess.run(  # our own words, no shell
            [sys.executable, "-m", "gateway", "backup", str(disk / NAME)],
            env={**os.environ, **environment(here.house)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode != 0
        assert "MRX-9007" in said.stderr
        assert "free space" in said.stderr
        assert "Traceback" not in said.stderr
        assert [one.name for one in disk.iterdir()] == ["ballast"]

    small_disk(work, tmp_path)


def test_onto_the_disk_of_the_gateway(tmp_path: Path, place: Place):
    """Both want the same room; afterwards the gateway has done everything, with no hand moved."""

    def work(disk: Path) -> None:
        here = moved(place, disk)
        file = disk / NAME

        said = with_more_and_more_room(disk, lambda: back_up(here, file))

        assert set(said) == {"MRX-9007"}
        whole(here, file)
        everything_works(here)

    small_disk(work, tmp_path)


def whole(here: Here, file: Path) -> None:
    """It is read to its last byte."""
    trusted = [here.house.key.certificate]
    found = verifying.verify(
        file, trusted=trusted, now=datetime.now(UTC), show=lambda _done, _note: None
    )
    assert found.known
