"""A turn is one process's at a time, and nobody's once that process is gone."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from schemas.postgresql import PostgreSQL
from schemas.turn import Turn
from tests.conftest import BOTH
from tests.world import World


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def turns(small_world: World) -> Iterator[tuple[Turn, Turn]]:
    """Of two processes."""
    both = (
        Turn(small_world.house.database, "errands"),
        Turn(small_world.house.database, "errands"),
    )
    yield both
    for one in both:
        one.give_up()


def test_a_turn_is_one_processs_until_it_gives_it_up(turns: tuple[Turn, Turn]):
    first, second = turns
    assert [first.mine(), second.mine(), first.mine()] == [True, False, True]

    first.give_up()

    assert [second.mine(), first.mine()] == [True, False]


def test_turns_of_other_names_are_other_turns(small_world: World, turns: tuple[Turn, Turn]):
    other = Turn(small_world.house.database, "something")
    assert turns[0].mine()
    assert other.mine()
    other.give_up()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_session_that_the_server_ended_has_lost_its_turn(
    small_world: World, turns: tuple[Turn, Turn]
):
    """The server does so to a process that is frozen, or whose host is gone."""
    first, second = turns
    database = small_world.house.database
    assert isinstance(database, PostgreSQL)
    assert first.mine()
    session = first._held.scalar(text("SELECT pg_backend_pid()"))
    assert first._held.scalar(text("SHOW idle_session_timeout")) == "1min"

    with database.write() as tx:
        tx.execute(text("SELECT pg_terminate_backend(:session)"), {"session": session})

    until = time.monotonic() + 20
    while not second.mine():
        assert time.monotonic() < until
        time.sleep(0.02)
    assert not first.mine()
