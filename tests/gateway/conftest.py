"""A partner whose batches are written by hand, and its roll."""

import pytest

from gateway.console import signing_in
from schemas.record import Record
from tests.gateway.marked import logged, marked_home, marked_once, secrets
from tests.gateway.sender import Sender, some
from tests.world import World

__all__ = ["logged", "marked_home", "marked_once", "secrets"]


@pytest.fixture(autouse=True)
def refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong passwords are answered when they are known to be wrong: there are many here. That it is
    otherwise no sooner than a moment is a test of its own (`doors/test_sameness.py`).
    """
    monkeypatch.setattr(signing_in, "REFUSED_SECONDS", 0.0)


@pytest.fixture
def sender(small_world: World) -> Sender:
    return Sender(small_world)


@pytest.fixture
def loaded(sender: Sender) -> list[Record]:
    """A roll of 300, a day old."""
    members = some(300)
    sender.send(sender.next(members))
    return members
