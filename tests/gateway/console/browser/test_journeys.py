"""Every act of the console, gone by keyboard alone, and without script: see `journey`."""

from collections.abc import Iterator
from contextlib import ExitStack

import orjson
import pytest
from playwright.sync_api import Browser

from gateway.identity.roles import Role
from outbox import ledger as ledgers
from schemas.tables import ledger
from tests.gateway.console.browser import ground as grounds
from tests.gateway.console.browser.by_keyboard import Keyboard
from tests.gateway.console.browser.ground import Facts, Ground, name_of
from tests.gateway.console.browser.hand import Hand
from tests.gateway.console.browser.journey import Journey, Meanwhile, Sit
from tests.gateway.console.browser.journeys.every import JOURNEYS
from tests.gateway.console.browser.without_script import WithoutScript

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with grounds.laid(tmp_path_factory.mktemp("ground")) as one:
        yield one


@pytest.mark.parametrize("hand", [Keyboard, WithoutScript], ids=["keyboard", "without script"])
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.name)
def test_somebody_goes(ground: Ground, browser: Browser, journey: Journey, hand: type[Hand]):
    facts = journey.given(ground)
    before = _entries(ground)

    hands = _go(ground, browser, journey, hand, facts)

    assert [fault for one in hands for fault in one.faults] == []
    assert set(journey.does) <= {act for one in hands for act in one.posted}
    assert _missing(ground, journey, facts, after=before) == []
    assert journey.holds(ground, facts), "the database says otherwise"


def _go(
    ground: Ground, browser: Browser, journey: Journey, hand: type[Hand], facts: Facts
) -> list[Hand]:
    """All who sat down, after the last step."""
    hands: list[Hand] = []
    with ExitStack() as left:

        def sit(who: Role | str | None, start: str) -> None:
            held = None if who is None else ground.signed_in(_named(who, facts))
            hands.append(hand(browser, ground.url, held, facts))
            left.callback(hands[-1].close)
            hands[-1].start(start)

        sit(journey.role, journey.start)
        for step in journey.steps:
            match step:
                case Sit(who, start):
                    sit(who, start)
                case Meanwhile(happens):
                    happens(ground, facts)
                case _:
                    hands[-1].take(step)
    return hands


def _entries(ground: Ground) -> int:
    with ground.house.database.read() as tx:
        return ledgers.head(tx).size


def _missing(ground: Ground, journey: Journey, facts: Facts, *, after: int) -> list[str]:
    """What should stand in the ledger of the journey, and does not."""
    query = ledger.select().where(ledger.c.position > after)
    with ground.house.database.read() as tx:
        there = {(row.kind, orjson.loads(row.entry).get("by")) for row in tx.execute(query)}
    wanted = {(kind, _named(who, facts)) for kind, who in (journey.kept or {}).items()}
    return sorted(f"{kind} by {who}" for kind, who in wanted - there)


def _named(who: Role | str, facts: Facts) -> str:
    return name_of(who).format_map(facts)
