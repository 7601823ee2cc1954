"""A house of their own for a module: making one takes longer than most of these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from outbox.house import House
from tests import world
from tests.gateway.identity import provider
from tests.gateway.identity.provider import Provider
from tests.gateway.identity.somebody import name


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> Iterator[House]:
    """A gateway that knows nobody; users differ from test to test."""
    made, _ = world.connected(tmp_path_factory.mktemp("identity"), key_files, (), server=None)
    yield made
    made.database.close()


@pytest.fixture
def there() -> Iterator[Provider]:
    """An identity provider that keeps to the rules, with somebody at it who may look."""
    with provider.serving() as made:
        who = name()
        made.person = {"sub": f"subject-of-{who}", "preferred_username": who, "roles": ["viewer"]}
        yield made
