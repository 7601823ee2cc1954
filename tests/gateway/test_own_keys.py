"""Our keys, in files and in the register: what moves when the database takes no writes."""

from dataclasses import dataclass, replace

import pytest

from gateway import own_keys
from schemas.errors import NotReady
from tests.world import START, World


@dataclass
class Refusing:
    """A database that is read and takes no writes."""

    read: object

    def write(self):
        raise NotReady("MRX-9007")


def test_no_file_moves_for_a_database_that_takes_no_writes(small_world: World):
    house = small_world.house
    own_keys.stage(house, house.folder, by="the test", now=START)
    before = {path.name: path.read_bytes() for path in (house.folder / "keys").iterdir()}
    refusing = replace(house, database=Refusing(house.database.read))

    with pytest.raises(NotReady, match="MRX-9007"):
        own_keys.activate(refusing, house.folder, by="the test", now=START)

    assert {path.name: path.read_bytes() for path in (house.folder / "keys").iterdir()} == before
