"""A company is found by what it says of itself, whatever keeps the data."""

import pytest

from gateway.views import told
from gateway.views.told import By
from tests.conftest import BOTH
from tests.world import ONE, TWO, World, member


@pytest.mark.parametrize("engine", BOTH, indirect=True)
@pytest.mark.parametrize(
    ("by", "text", "names"),
    [
        (By.ACCOUNT, "10000002", [TWO]),
        (By.NAME, "invented comp", [ONE, TWO]),
        (By.NAME, ONE, [ONE]),
        (By.NAME, "Company", []),
        (By.IDENTIFIER, "qxqa", [ONE]),
    ],
)
def test_companies_are_found(small_world: World, by: By, text: str, names: list[str]):
    scac = [{"scheme": "SCAC", "value": "QXQA"}]
    small_world.push(member("10000001", identifiers=scac), member("10000002"))

    with small_world.house.database.read() as tx:
        found = told.find(tx, small_world.house, by, text)

    assert [one.name for one in found] == names
