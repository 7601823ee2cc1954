"""A gateway whose story is long past, before and after what is over its term was erased."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outbox.retention import RULES
from tests.conftest import connected_world
from tests.outbox.long_ago import run, told_and_left
from tests.world import World


@pytest.fixture(scope="module", autouse=True)
def short_terms() -> Iterator[None]:
    """What the tests' world did at its beginning is over its term by now."""
    with pytest.MonkeyPatch.context() as patch:
        for rule in RULES:
            if not rule.proof:
                patch.setenv(f"MRX_{rule.setting.upper()}", "30")
        yield


def of_long_ago(folder: Path, key_files: dict[str, Path]) -> World:
    return told_and_left(connected_world(folder, key_files, ("mx-neec",)))


@pytest.fixture
def world(tmp_path: Path, key_files: dict[str, Path]) -> Iterator[World]:
    """Everything in it happened long ago."""
    made = of_long_ago(tmp_path, key_files)
    yield made
    made.house.database.close()


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> Iterator[World]:
    """The same after a run, at both ends; for tests that only look."""
    made = of_long_ago(tmp_path_factory.mktemp("erased"), key_files)
    for house in (made.house, made.partners["mx-neec"]):
        run(house, now=datetime.now(UTC))
    yield made
    made.house.database.close()
