"""Nonces of signed requests: forgotten when they are too old."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from gateway import upkeep
from partners import nonces
from schemas.tables import nonces as nonces_
from tests.gateway.api.partner.signed_calls import keys_of_three, two_pinned
from tests.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    key_files = keys_of_three(tmp_path_factory.mktemp("keys"))
    return two_pinned(tmp_path_factory.mktemp("world"), key_files)


@pytest.mark.slow
def test_nonces_are_forgotten_when_their_signature_is_too_old(world: World):
    """Not before: a request from a clock that is ahead is believed for ten minutes."""
    now = datetime(2030, 1, 1, tzinfo=UTC)
    with world.house.database.write() as tx:
        assert nonces.spend(tx, "f" * 64, "once", now=now)
        assert not nonces.spend(tx, "f" * 64, "once", now=now + timedelta(minutes=10))
        assert nonces.spend(tx, "e" * 64, "once", now=now)
        assert nonces.spend(tx, "f" * 64, "once", now=now + timedelta(minutes=16))
        assert not nonces.spend(tx, "f" * 64, "once", now=now + timedelta(minutes=17))


def test_what_is_too_old_is_swept_away(world: World):
    now = datetime(2030, 1, 1, tzinfo=UTC)
    with world.house.database.write() as tx:
        assert nonces.spend(tx, "c" * 64, "old", now=now)
        assert nonces.spend(tx, "c" * 64, "new", now=now + timedelta(minutes=10))

    upkeep.tidy(world.house, now=now + timedelta(minutes=16))

    with world.house.database.read() as tx:
        left = select(nonces_.c.nonce).where(nonces_.c.certificate == "c" * 64)
        assert tx.scalars(left).all() == ["new"]
