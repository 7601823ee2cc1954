"""A database that takes no writes: a disk that is read-only, a folder that is not ours, a server.

Nothing is half-written, everybody is told MRX-9007, nothing leaves, and it goes on by itself.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gateway import home
from tests import servers
from tests.journeys.crash.ground import in_process
from tests.journeys.crash.walk import US, Place
from tests.journeys.disk.room import read_only, small_disk
from tests.journeys.disk.test_disk_full import (
    Queued,
    everything_works,
    moved,
    nothing_works,
    refused,
)
from tests.world import Server

pytestmark = [pytest.mark.slow, pytest.mark.processes]

NOBODY = 65534


@pytest.fixture
def place(tmp_path: Path, key_files: Mapping[str, Path]) -> Place:
    return Queued().prepare(tmp_path / "world", key_files, None)


def test_a_disk_that_becomes_read_only(tmp_path: Path, place: Place):
    """Every connection is opened anew, as after the database's own errors."""

    def work(disk: Path) -> None:
        here = moved(place, disk)
        here.house.database.close()
        read_only(disk)
        nothing_works(here, because={"ledger": "MRX-9007"})
        here.house.database.close()
        read_only(disk, is_so=False)
        everything_works(here)

    small_disk(work, tmp_path)


def test_a_gateway_that_is_started_on_a_read_only_disk(tmp_path: Path, place: Place):
    def work(disk: Path) -> None:
        moved(place, disk).house.database.close()
        read_only(disk)
        refused(place.open)
        refused(lambda: home.init(place.settings, US))
        read_only(disk, is_so=False)
        everything_works(place.open())

    small_disk(work, tmp_path)


def test_a_folder_in_which_we_may_not_write(open_to_all: Path, key_files: Mapping[str, Path]):
    place = Queued().prepare(open_to_all / "world", key_files, None)
    ours = place.folder / US

    def work() -> None:
        if os.geteuid() == 0:
            for path in (place.folder, *place.folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        here = place.open()
        here.house.database.close()
        for folder in (ours, ours / "keys"):
            folder.chmod(0o500)
        refused(place.open)
        nothing_works(here, because={"schema": "MRX-9007"})
        for folder in (ours, ours / "keys"):
            folder.chmod(0o700)
        here.house.database.close()
        everything_works(here)

    in_process(work, open_to_all)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that others may come to: those of pytest are for its owner alone."""
    with tempfile.TemporaryDirectory(prefix="mrx-disk-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def test_a_server_that_has_become_a_standby(tmp_path: Path, key_files: Mapping[str, Path]):
    """As after a failover: it answers, and takes no writes, until it is the first again."""
    folder = Path(tempfile.mkdtemp(prefix="mrx-pg-"))  # a socket's path is short
    server = servers.Postgres(folder, "fsync=off")
    standby = folder / "data" / "standby.signal"
    try:
        place = Queued().prepare(tmp_path / "world", key_files, Server(server.url))

        def work() -> None:
            here = place.open()
            server.stop("fast")
            standby.touch(mode=0o644)
            server.start()
            nothing_works(here, because={"ledger": "MRX-9007"})
            server.stop("fast")
            standby.unlink()
            server.start()
            everything_works(here)

        in_process(work, tmp_path)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
