"""Where most journeys begin."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from outbox.transport import HttpTransport
from tests.conftest import BOTH
from tests.outbox.long_ago import told_and_left
from tests.outbox.peers import BYTES_MAX, NOBODY
from tests.outbox.two_ends import MANY, agree, by_the_wall_clock
from tests.proxy import Proxy, proxied
from tests.world import ONE, TWO, World, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def one(small_world: World) -> World:
    """One member, consented and not told yet."""
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    return small_world


@pytest.fixture
def two_told(small_world: World) -> World:
    """Two members that Mexico holds."""
    small_world.push(member("10000001"), member("10000002"))
    small_world.grant("10000001", "10000002")
    small_world.deliver()
    assert small_world.held("mx-neec") == {ONE: "VALIDATED", TWO: "VALIDATED"}
    return small_world


@pytest.fixture
def held(small_world: World) -> World:
    """Twenty members that Mexico holds."""
    world = by_the_wall_clock(small_world)
    world.push(*map(member, MANY))
    world.grant(*MANY)
    world.deliver()
    assert agree(world)
    world.wire.journal.clear()
    return world


@pytest.fixture
def left(small_world: World) -> World:
    """Two members told to Mexico long ago; one of them has left."""
    return told_and_left(small_world)


@pytest.fixture(scope="module")
def nobody() -> Iterator[Proxy]:
    """A proxy with nobody behind it: what comes back is what its plan says."""
    with proxied(NOBODY) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def wire() -> Iterator[HttpTransport]:
    """As we push, with patience."""
    wire = HttpTransport(deadline=timedelta(seconds=20), answer_bytes_max=BYTES_MAX)
    yield wire
    wire.close()
