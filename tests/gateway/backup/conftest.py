"""Where these journeys begin: twenty members that Mexico holds, five of Mexico's that we hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import build
from gateway.other_end import OtherEnd
from gateway.recovering import Recovering
from gateway.settings import Settings
from outbox.house import House
from schemas.consent import Event
from tests.conftest import BOTH
from tests.gateway.backup.loss import Abroad, Ask, Source, back_up, drop
from tests.gateway.sandbox.bad_partner import served
from tests.outbox.two_ends import MANY, MEXICO, agree, by_the_wall_clock
from tests.world import World, member

THEIRS = [str(n) for n in range(90000001, 90000006)]


def mexican(account: str, **facts: object) -> dict[str, object]:
    number = [{"scheme": "MX-RFC", "value": "ZZZ140101AA1"}]
    facts = {"name": f"Empresa Inventada {account}", "identifiers": number, **facts}
    return member(account, **facts)


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def world(small_world: World) -> Iterator[World]:
    first = small_world.house
    yield by_the_wall_clock(small_world)
    if small_world.house is not first:
        drop(small_world)


@pytest.fixture
def source(world: World) -> Source:
    world.push(*map(member, MANY))
    said = Source(world)
    said.say(Event.GRANTED, *MANY)
    world.deliver()
    assert agree(world)
    return said


@pytest.fixture
def abroad(world: World) -> Abroad:
    other = Abroad(world)
    other.push(*map(mexican, THEIRS))
    other.consent(Event.GRANTED, *THEIRS)
    other.deliver()
    assert len(other.held()) == len(THEIRS)
    return other


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """Mexico's gateway answers questions here."""
    mexico = world.partners[MEXICO]
    with served(build(mexico, Settings(home=mexico.folder))) as url:
        yield url


@pytest.fixture
def recovering(world: World, address: str) -> Ask:
    """Ours asks by itself, over real HTTP, as `mrx serve` does."""

    def ask() -> int:
        def end(house: House, partner: str, _url: str) -> OtherEnd:
            return OtherEnd(house=house, partner=partner, url=address, by="restore")

        return Recovering(world.house, clock=world.clock, end=end).ask()

    return ask


@pytest.fixture
def told(world: World) -> World:
    world.push(*map(member, MANY[:3]))
    world.grant(*MANY[:3])
    world.deliver()
    return world


@pytest.fixture
def file(told: World, tmp_path: Path) -> Path:
    return back_up(told, tmp_path / "b.zip")
