"""Fixtures that every room's tests may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from schemas.programme import PROGRAMMES
from tests import world

# Machines are shared and slow by turns: an example that takes long is no bug.
settings.register_profile("mrx", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=10)
settings.load_profile(
    "quick" if os.environ.get("MRX_QUICK") else "ci" if os.environ.get("CI") else "mrx"
)

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and facts beside the repository."""
    if not (SHARED / "data").is_dir():
        pytest.skip("allowed: the repository stands alone, ../shared is not beside it")
    return SHARED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: what begins last would otherwise end alone, with the other cores idle."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skip is a failure unless its reason begins with 'allowed:'."""
    report = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = report.stats.get("skipped", []) if report else []
    silent = [skip for skip in skipped if "allowed:" not in str(skip.longrepr)]
    if os.environ.get("CI") == "true" and silent:
        report.write_line(f"{len(silent)} tests were skipped in CI", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One signing key per programme, made once: RSA-3072 takes its time."""
    folder = tmp_path_factory.mktemp("keys")
    return {code: world.new_key(folder, code) for code in PROGRAMMES}


@pytest.fixture
def small_world(tmp_path: Path, key_files: dict[str, Path]) -> world.World:
    """us-ctpat and Mexico, connected."""
    return connected_world(tmp_path, key_files, ("mx-neec",))


@pytest.fixture
def whole_world(tmp_path: Path, key_files: dict[str, Path]) -> world.World:
    """us-ctpat and all five partners, connected."""
    codes = tuple(code for code in PROGRAMMES if code != "us-ctpat")
    return connected_world(tmp_path, key_files, codes)


def connected_world(
    folder: Path, key_files: dict[str, Path], codes: tuple[str, ...]
) -> world.World:
    clock = world.Clock()
    house = world.make(folder / "us-ctpat", "us-ctpat", key_files["us-ctpat"])
    partners = {code: world.make(folder / code, code, key_files[code]) for code in codes}
    for code, partner in partners.items():
        world.connect(house, partner, url=code)
    wire = world.Wire(ends=partners, clock=clock)
    return world.World(house=house, partners=partners, clock=clock, wire=wire)
