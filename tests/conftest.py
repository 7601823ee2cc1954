"""Fixtures that every room's tests may use."""

import gc
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import URL

from schemas.programme import PROGRAMMES
from tests import carriers, compiled, memory, servers, world
from tests.dealing import dealt
from tests.executed import counted, note, silent
from tests.journeys.places import FIRST, Place
from tests.thinning import thinned

QUICK = bool(os.environ.get("MRX_QUICK"))

# Machines are shared and slow by turns: an example that takes long is no bug.
settings.register_profile("mrx", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=10)
settings.load_profile("quick" if QUICK else "ci" if os.environ.get("CI") else "mrx")

BOTH = ["sqlite"] if QUICK else ["sqlite", "postgresql"]
"""The databases, for tests that must end alike on both."""

FILE_ONLY = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""For a test of what only SQLite has."""

SERVER_ONLY = pytest.mark.parametrize(
    "engine", [pytest.param("postgresql", marks=pytest.mark.processes)], indirect=True
)
"""For a test of what only a server has; left out of the quick run with all that start a program."""

# What one worker and the processes it starts may come to.
WORKER_BYTES = 3 << 30

compiled.share()
memory.use()

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and facts beside the repository."""
    if not (SHARED / "data").is_dir():
        pytest.skip("allowed: the repository stands alone, ../shared is not beside it")
    return SHARED


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """`-n auto` is two for each core and one more, where there is memory for them. Nearly half of the
    whole suite's time is waiting, for processes to come up and for clocks; the quick run leaves
    most of those tests out, and has one for each core and one more.
    """
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min((1 if QUICK else 2) * cores + 1, memory // WORKER_BYTES))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays to the end: no search for garbage need look at it again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


@pytest.hookimpl(trylast=True)  # after what is not to run was left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: what begins last would otherwise end alone, with the other cores idle."""
    if QUICK:
        items[:] = thinned(items)
    for item in items:
        note(item)
    items[:] = dealt(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Say how much of each kind a whole run has executed. In CI nothing of a kind is a failure, and
    so is a skip unless its reason begins with 'allowed:'.
    """
    config = session.config
    out = config.pluginmanager.get_plugin("terminalreporter")
    if out is None:
        return
    wrong = []
    if skipped := silent(out.stats.get("skipped", [])):
        wrong.append(f"{skipped} tests were skipped")
    part = config.option.markexpr or config.option.keyword or config.option.collectonly
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS and not part:
        kinds = counted(out.stats.get("passed", []))
        out.write_line("\nexecuted: " + ", ".join(f"{kind} {n}" for kind, n in kinds.items()))
        wrong += [f"no test executed of {kind}" for kind, n in kinds.items() if not n]
    if os.environ.get("CI") == "true" and wrong:
        out.write_line("\nnot in CI: " + "; ".join(wrong), red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One signing key per programme, made once. Both kinds, so that they meet on every wire: RSA at
    home, where most of what is told is signed, P-256 abroad.
    """
    folder = tmp_path_factory.mktemp("keys")
    return {
        code: world.new_key(folder, code, kind="rsa" if code == "us-ctpat" else "p256")
        for code in PROGRAMMES
    }


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """The address of a PostgreSQL server, for databases of one's own."""
    with servers.postgres() as url:
        yield url


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """Which database `small_world` and `whole_world` keep their home's data in. Rooms whose SQL
    must do the same on both run every test on `BOTH`: see their conftest.
    """
    return getattr(request, "param", "sqlite")


@pytest.fixture
def server(engine: str, request: pytest.FixtureRequest) -> Iterator[world.Server | None]:
    """The server of this test's databases; None for files."""
    if engine == "sqlite":
        yield None
        return
    made = world.Server(request.getfixturevalue("postgres"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def broker_url() -> Iterator[str]:
    """A Redis for wake-ups that no test stops."""
    with servers.broker() as url:
        yield url


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Where the gateways of a journey run: see tests/journeys/places.py."""
    database, engine = getattr(request, "param", FIRST)
    made = Place(database, engine, lambda: request.getfixturevalue("postgres"))
    yield made
    made.close()


@pytest.fixture
def carrier(request: pytest.FixtureRequest) -> str:
    """Who delivers in `small_world` and `whole_world`: see tests/carriers.py."""
    return getattr(request, "param", carriers.HERE)


@pytest.fixture
def carry(carrier: str, request: pytest.FixtureRequest) -> carriers.Carry:
    """Lets this test's carrier deliver in a world."""
    redis = request.getfixturevalue("broker_url") if carrier == carriers.CELERY else None
    return lambda one: carriers.carried(one, carrier, redis)


@pytest.fixture
def small_world(
    tmp_path: Path,
    key_files: dict[str, Path],
    server: world.Server | None,
    carry: carriers.Carry,
) -> Iterator[world.World]:
    """us-ctpat and Mexico, connected."""
    made = connected_world(tmp_path, key_files, ("mx-neec",), server=server)
    with carry(made):
        yield made
    made.house.database.close()


@pytest.fixture
def whole_world(
    tmp_path: Path,
    key_files: dict[str, Path],
    server: world.Server | None,
    carry: carriers.Carry,
) -> Iterator[world.World]:
    """us-ctpat and all five partners, connected."""
    codes = tuple(code for code in PROGRAMMES if code != "us-ctpat")
    made = connected_world(tmp_path, key_files, codes, server=server)
    with carry(made):
        yield made
    made.house.database.close()


def connected_world(
    folder: Path,
    key_files: dict[str, Path],
    codes: tuple[str, ...],
    *,
    server: world.Server | None = None,
) -> world.World:
    """Home, on the server if there is one, and partners in files."""
    house, partners = world.connected(folder, key_files, codes, server=server)
    clock = world.Clock()
    wire = world.Wire(ends=partners, clock=clock)
    return world.World(house=house, partners=partners, clock=clock, wire=wire)
