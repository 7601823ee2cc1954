"""A full disk: nothing is half-written, everybody is told MRX-9007, and it goes on by itself.

A real one: a file system of some megabytes that is filled to the last byte under a gateway at work,
and one on which a gateway is started. And without mounting anything: a bound on the database's
pages, and a bound on the size of files.
"""

import contextlib
import logging
import resource
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway import health, home, own_keys, spool
from gateway.acts import keys as acts
from gateway.engine import threads
from gateway.identity.actor import ALL, Actor
from gateway.pushes import Kind
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox import ledger, worker_name
from outbox.delivery import Delivery
from partners import agreements
from schemas.errors import MrxError
from schemas.tables import members, pending, pushes
from signing import keys
from tests.gateway.api.doors import token
from tests.journeys.crash import after, walks_push
from tests.journeys.crash.ground import in_process
from tests.journeys.crash.walk import MEXICO, US, Here, Place, Walk, deliver
from tests.journeys.disk.room import fill, small_disk
from tests.served_wire import served
from tests.world import member

pytestmark = [pytest.mark.slow, pytest.mark.processes]

EMIL = Actor("emil", ALL)
MANY = [str(n) for n in range(10000001, 10003001)]
LATER = [str(n) for n in range(30000001, 30003001)]


class Queued(Walk):
    """One member waits to be told, and tokens may push."""

    def begin(self, made: Here) -> None:
        token(made.house, Scope.PUSH, name="one")
        token(made.house, Scope.APPROVE, name="two")
        made.push(member(MANY[0]))
        made.grant(MANY[0])


@pytest.fixture
def place(tmp_path: Path, key_files: Mapping[str, Path]) -> Place:
    return Queued().prepare(tmp_path / "world", key_files, None)


def moved(place: Place, disk: Path) -> Here:
    """The world with our home on this disk; Mexico's stays where there is room."""
    shutil.move(place.folder / US, disk / US)
    (place.folder / US).symlink_to(disk / US)
    return place.open()


def refused(act: Callable[[], object], *codes: str) -> None:
    with pytest.raises(MrxError) as raised:
        act()
    assert raised.value.code in (codes or ("MRX-9007",)), raised.value


def nothing_works(here: Here, because: Mapping[str, str]) -> None:
    """Everybody is told so; nothing is taken, nothing leaves, and no file is left lying about.
    `because` is among what readiness says.
    """
    old = here.house.key.certificate.fingerprint
    refused(lambda: walks_push._put(here, Kind.MEMBERS, list(map(member, LATER)), 1))
    assert list(spool.every(here.house)) == []
    refused(lambda: lanes(here))
    assert here.wire.journal == []
    found = lacking(here)
    assert found.items() >= because.items(), found
    refused(lambda: acts.stage(here.house, EMIL, now=here.clock()), "MRX-9007")
    assert keys.load(here.house.folder / own_keys.KEY).certificate.fingerprint == old


def lacking(here: Here) -> dict[str, str]:
    """What the gateway says it lacks, when asked whether it is ready; on a disk as small as this."""
    health.DISK_FULL = 1 << 20  # type: ignore[misc]
    found = health.checks(here.house, now=datetime.now(UTC))
    return {name: code for name, code in found.items() if code is not None}


def lanes(here: Here) -> None:
    by = f"{worker_name.own()}/test"
    Delivery(house=here.house, transport=here.wire, worker=by, clock=here.clock).work()


def everything_works(here: Here) -> None:
    """With no hand moved, all is done now, and nothing is lacking."""
    goes_on(here)
    acts.stage(here.house, EMIL, now=here.clock())
    own_keys.activate(here.house, here.house.folder, by="test", now=here.clock())
    assert lacking(here) == {}
    after.whole(here)


def goes_on(here: Here) -> None:
    """Nothing was taken of what was refused; it is taken and told now, once."""
    with here.house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(members)) == 1
        assert tx.scalar(select(func.count()).select_from(pending)) == 1
        assert ledger.verify(tx).broken_at is None
    walks_push._put(here, Kind.MEMBERS, list(map(member, LATER)), 2)
    deliver(here)
    assert len(here.held(MEXICO)) == 1
    with here.house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(members)) == 1 + len(LATER)
        states = set(tx.scalars(select(pushes.c.state)))
        assert "running" not in states
    after.whole(here)


def test_a_disk_that_fills_up_under_a_gateway_at_work(tmp_path: Path, place: Place):
    def work(disk: Path) -> None:
        here = moved(place, disk)
        with here.house.database.read() as tx:  # it is open, as a server has it
            assert ledger.verify(tx).broken_at is None
        ballast = fill(disk)
        nothing_works(here, {"disk": "MRX-9017"})
        ballast.unlink()
        everything_works(here)

    small_disk(work, tmp_path)


def test_a_gateway_that_is_started_on_a_full_disk(tmp_path: Path, place: Place):
    def work(disk: Path) -> None:
        moved(place, disk).house.database.close()
        ballast = fill(disk)
        refused(place.open)
        refused(lambda: home.init(place.settings, US))
        ballast.unlink()
        everything_works(place.open())

    small_disk(work, tmp_path)


def test_a_home_that_is_made_on_a_full_disk(tmp_path: Path):
    def work(disk: Path) -> None:
        settings = Settings(home=disk / US)
        ballast = fill(disk)
        refused(lambda: home.init(settings, US))
        left = ballast.stat().st_size
        for room in (1 << 14, 1 << 16, 1 << 18):  # enough for the keys, and not for the tables
            with ballast.open("r+b") as file:
                file.truncate(left - room)
            with (disk / "more").open("wb") as more, contextlib.suppress(OSError):
                more.write(b"")
            refused(lambda: home.init(settings, US))
        ballast.unlink()
        house = home.init(settings, US)
        after.tidy(house)
        (disk / "more").unlink()

    small_disk(work, tmp_path)


def test_the_lanes_of_a_server_wait_and_go_on_by_themselves(tmp_path: Path, place: Place):
    """The threads of `serve`: on a full disk they try now and then, not in a circle."""

    def work(disk: Path) -> None:
        here = moved(place, disk)
        threads.REST_SECONDS = 0.4  # type: ignore[misc]  # 5 in earnest
        with served(lambda code, file: here.wire.send(code, file)) as wire:  # noqa: PLW0108
            with here.house.database.write() as tx:
                agreements.change(tx, MEXICO, push_url=wire.url(MEXICO))
            ballast = fill(disk)
            tries = Counted()
            logging.getLogger("mrx.worker").addHandler(tries)
            engine = threads.Threads(here.house)
            engine.start()
            time.sleep(1.5)
            assert here.wire.journal == []
            assert tries.said, "they tried"
            assert len(tries.said) <= 4 * len(engine._threads)
            assert all("MRX-9007" in one for one in tries.said), tries.said
            ballast.unlink()
            until = time.monotonic() + 30
            while not here.held(MEXICO):
                assert time.monotonic() < until, "they never go on"
                time.sleep(0.05)
            engine.stop()

    small_disk(work, tmp_path)


class Counted(logging.Handler):
    """What was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


# -- without a disk of one's own: these always run ---------------------------------------------------


@contextmanager
def no_more_pages(here: Here) -> Iterator[None]:
    """The database may not grow."""
    with here.house.database.write() as tx:
        most = tx.exec_driver_sql("PRAGMA max_page_count").scalar_one()
        tx.exec_driver_sql("PRAGMA max_page_count = 1")  # it stays as large as it is
    yield
    with here.house.database.write() as tx:
        tx.exec_driver_sql(f"PRAGMA max_page_count = {most}")


@contextmanager
def no_larger_files(here: Here) -> Iterator[None]:
    """No file of this process may grow past what the database has."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 12, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@pytest.mark.parametrize("bound", [no_more_pages, no_larger_files])
def test_a_database_that_may_not_grow(
    tmp_path: Path, place: Place, bound: Callable[[Here], AbstractContextManager[None]]
):
    def work() -> None:
        here = place.open()
        with bound(here):
            refused(lambda: walks_push._put(here, Kind.MEMBERS, list(map(member, LATER)), 1))
            assert list(spool.every(here.house)) == []
            with here.house.database.read() as tx:
                assert tx.scalar(select(func.count()).select_from(members)) == 1
        everything_works(here)

    in_process(work, tmp_path)
