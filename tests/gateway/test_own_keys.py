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


def test_taking_the_next_key_back_and_killed_half_way_is_ended_by_the_next_stage(
    small_world: World,
):
    house, keys = small_world.house, small_world.house.folder / "keys"
    first, _ = own_keys.stage(house, house.folder, by="the test", now=START)
    kept = keys / f"retired-{first.fingerprint}.key"
    (keys / "next.key").rename(kept)  # killed here: the certificate has not followed

    second, new = own_keys.stage(house, house.folder, by="the test", now=START)

    assert new
    assert second.fingerprint != first.fingerprint
    assert kept.with_suffix(".crt").exists()
    assert (keys / "next.key").exists()


def test_a_certificate_whose_key_has_just_been_activated_is_left_to_that(small_world: World):
    house, keys = small_world.house, small_world.house.folder / "keys"
    own_keys.stage(house, house.folder, by="the test", now=START)
    (keys / "next.key").replace(keys / "signing.key")  # killed here: `keys.current` goes on

    with pytest.raises(NotReady, match="MRX-9004"):
        own_keys.stage(house, house.folder, by="the test", now=START)

    assert (keys / "next.crt").exists()
