"""A PostgreSQL server that is out of space, or of anything else it needs to write.

A real one: its tables lie in a tablespace on a small disk that is filled to the last byte. And
without mounting anything: the server itself raises what it would say, at the last row that a
transaction of ours writes, so that all the rows before it must be taken back.
"""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from sqlalchemy import URL

from gateway import spool
from gateway.pushes import Kind
from schemas.postgresql import PostgreSQL
from tests import servers
from tests.conftest import SERVER_ONLY
from tests.journeys.crash import walks_push
from tests.journeys.crash.ground import in_process
from tests.journeys.crash.walk import Here, Place, Walk
from tests.journeys.disk.room import fill, small_disk
from tests.journeys.disk.test_by_http import CALLS, Both, opened, rows, taken_once, turned_down
from tests.journeys.disk.test_disk_full import (
    LATER,
    Queued,
    goes_on,
    lanes,
    nothing_works,
    refused,
)
from tests.journeys.disk.test_in_flight import MOMENTS, WALKS, stopped_in_flight
from tests.world import Server, member

pytestmark = [pytest.mark.slow, pytest.mark.processes]

STATES = {"disk full": "53100", "out of memory": "53200", "input and output": "58030"}
"""What the server says (PostgreSQL documentation, appendix A, classes 53 and 58)."""

_RAISES = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'no room for Invented Company' USING ERRCODE = '{state}'; END $$
"""
_AT = "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION refuse()"
_LAST = ("ledger_head", "member_identifiers")
"""The last row of every transaction that the ledger knows of, and of a piece of a push."""


def url_of(here: Here) -> URL:
    assert isinstance(here.house.database, PostgreSQL)
    return here.house.database.url


def raising(here: Here, state: str) -> Callable[[], None]:
    """From now on no transaction of ours comes to its end, until what is returned is called."""
    url = url_of(here)
    servers.execute(url, _RAISES.format(state=state), *(_AT.format(table=one) for one in _LAST))
    return lambda: servers.execute(url, "DROP FUNCTION refuse CASCADE")


@SERVER_ONLY
@pytest.mark.parametrize("what", STATES)
def test_a_server_that_refuses_the_last_row(
    tmp_path: Path, key_files: Mapping[str, Path], server: Server, what: str
):
    place = Queued().prepare(tmp_path / "world", key_files, server)

    def work() -> None:
        here = place.open()
        take_again = raising(here, STATES[what])
        nothing_works(here, because={"ledger": "MRX-9007"})
        take_again()
        goes_on(here)

    in_process(work, tmp_path)


@SERVER_ONLY
@pytest.mark.parametrize("what", CALLS)
def test_a_call_to_a_server_that_refuses_the_last_row(
    tmp_path: Path, key_files: Mapping[str, Path], server: Server, what: str
):
    place = Both().prepare(tmp_path / "world", key_files, server)
    made, status = CALLS[what]

    def work() -> None:
        here, call = place.open(), made(place)
        door, before = opened(here), rows(here)
        take_again = raising(here, STATES["disk full"])
        turned_down(call(door))
        assert rows(here) == before
        take_again()
        taken_once(here, call, door, status)

    in_process(work, tmp_path)


@SERVER_ONLY
@pytest.mark.parametrize("what", WALKS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_server_that_refuses_what_settles(
    tmp_path: Path, key_files: Mapping[str, Path], server: Server, what: str, moment: str
):
    place = WALKS[what][0].prepare(tmp_path / "world", key_files, server)

    def work() -> None:
        here = place.open()
        stopped_in_flight(here, what, moment, lambda: raising(here, STATES["disk full"]))

    in_process(work, tmp_path)


# -- a real one --------------------------------------------------------------------------------------


def on_a_small_disk(
    walk: Walk, key_files: Mapping[str, Path], work: Callable[[Here, Path], None]
) -> None:
    """Do it with the database's tables on a small disk; the server's own files, and its log of
    writes, lie where there is room: without that it would stop, as PostgreSQL does.
    """
    folder = Path(tempfile.mkdtemp(prefix="mrx-pg-"))  # a socket's path is short
    server = servers.Postgres(folder, "fsync=off", "autovacuum=off")
    try:
        place = walk.prepare(folder / "world", key_files, Server(server.url))
        assert place.url is not None
    finally:
        server.stop("fast")

    def inside(disk: Path) -> None:
        space = disk / "space"
        space.mkdir()
        shutil.chown(space, (folder / "data").owner())
        server.start()  # by this process, which alone sees the disk
        try:
            servers.execute(server.url, f"CREATE TABLESPACE small LOCATION '{space}'")
            servers.execute(server.url, f"ALTER DATABASE {place.url.database} SET TABLESPACE small")
            work(place.open(), disk)
        finally:
            server.stop()

    try:
        small_disk(inside, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_server_whose_disk_fills_up(key_files: Mapping[str, Path]):
    def work(here: Here, disk: Path) -> None:
        ballast = fill(disk)
        refused(lambda: walks_push._put(here, Kind.MEMBERS, list(map(member, LATER)), 1))
        assert list(spool.every(here.house)) == []
        refused(lambda: lanes(here))
        assert here.wire.journal == []
        ballast.unlink()
        goes_on(here)

    on_a_small_disk(Queued(), key_files, work)


def test_a_server_whose_disk_fills_up_under_a_partners_batch(key_files: Mapping[str, Path]):
    """A revocation is so small that there is room for it in pages that are there."""

    def work(here: Here, disk: Path) -> None:
        place = Place(here.house.folder.parent, url_of(here), here.base)
        call, door, before = CALLS["a partner's batch"][0](place), opened(here), rows(here)
        ballast = fill(disk)
        turned_down(call(door))
        assert rows(here) == before
        ballast.unlink()
        taken_once(here, call, door, 200)

    on_a_small_disk(Both(), key_files, work)


def test_a_server_whose_disk_fills_up_between_send_and_settle(key_files: Mapping[str, Path]):
    """The first receipt needs a page; that nothing was answered is written where there is room."""

    def work(here: Here, disk: Path) -> None:
        stopped_in_flight(here, "news", "it was applied", lambda: fill(disk).unlink)

    on_a_small_disk(WALKS["news"][0], key_files, work)
