"""What the tests of the command line share: homes made by `mrx init`, and the command itself."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.home import open_home
from gateway.settings import Settings
from tests.gateway.cli.command import Mrx
from tests.gateway.cli.ends import Authority, authority, served
from tests.softhsm import ground, soft
from tests.tools import tool
from tests.world import Clock, Wire, World, connect, member

__all__ = ["ground", "soft"]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A home of each programme as `mrx init` makes it, made once: keys take their time."""
    folder = tmp_path_factory.mktemp("homes")

    def make(programme: str) -> Path:
        home = folder / programme
        if not home.exists():
            Mrx(home)("init", "--home", programme)
        return home

    return make


@pytest.fixture
def mrx(tmp_path: Path, made: Callable[[str], Path]) -> Mrx:
    """The command line of a fresh us-ctpat home."""
    shutil.copytree(made("us-ctpat"), tmp_path / "home")
    return Mrx(tmp_path / "home")


@pytest.fixture
def theirs(made: Callable[[str], Path]) -> Mrx:
    """The command line of a Mexican home that nothing is done to."""
    return Mrx(made("mx-neec"))


@pytest.fixture
def certificate(tmp_path: Path, theirs: Mrx) -> Path:
    """The Mexican end's certificate, in a file."""
    path = tmp_path / "mx-neec.crt"
    path.write_bytes(theirs("certificate").stdout_bytes)
    return path


@pytest.fixture
def world(mrx: Mrx, tmp_path: Path, made: Callable[[str], Path]) -> Iterator[World]:
    """The home of `mrx`, connected with Mexico by a wire that obeys; today."""
    shutil.copytree(made("mx-neec"), tmp_path / "mx-neec")
    house = open_home(Settings(home=mrx.home))
    mexico = open_home(Settings(home=tmp_path / "mx-neec"))
    now = datetime.now(UTC)
    connect(house, mexico, url="mx-neec", now=now)
    clock = Clock(now)
    wire = Wire(ends={"mx-neec": mexico}, clock=clock)
    yield World(house=house, partners={"mx-neec": mexico}, clock=clock, wire=wire)
    house.database.close()
    mexico.database.close()


@pytest.fixture
def told(world: World) -> World:
    """Two members held in Mexico, a third that nobody consented to tell."""
    world.push(member("10000001"), member("10000002"), member("10000003"))
    world.grant("10000001", "10000002")
    world.deliver()
    return world


@pytest.fixture(scope="session")
def openssl() -> str:
    """OpenSSL's command, whose word counts beside ours."""
    return tool("openssl")


@pytest.fixture(scope="session")
def xmllint() -> str:
    """libxml2's command, whose word counts beside ours."""
    return tool("xmllint")


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def plain(world: World) -> Iterator[str]:
    """Mexico's gateway over plain http."""
    with served(world.partners["mx-neec"]) as url:
        yield url
