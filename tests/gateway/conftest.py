"""A partner whose batches are written by hand, and its roll."""

import pytest

from schemas.record import Record
from tests.gateway.sender import Sender, some
from tests.world import World


@pytest.fixture
def sender(small_world: World) -> Sender:
    return Sender(small_world)


@pytest.fixture
def loaded(sender: Sender) -> list[Record]:
    """A roll of 300, a day old."""
    members = some(300)
    sender.send(sender.next(members))
    return members
