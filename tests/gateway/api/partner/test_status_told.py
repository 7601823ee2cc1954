"""What an answer about a status tells: it counts as told, and stands in the ledger."""

import orjson
import pytest
from sqlalchemy import select

from outbox import lane as lanes
from outbox import ledger
from schemas.tables import ledger as ledger_
from tests.conftest import BOTH
from tests.gateway.api.partner.puller import Puller, puller
from tests.gateway.api.partner.status_calls import ask, life, scac, two_known
from tests.world import NEVER_ARRIVED, ONE, World, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def world(whole_world: World) -> World:
    return two_known(whole_world)


@pytest.fixture
def mexico(world: World) -> Puller:
    return puller(world, status_answer_seconds=0)


def test_good_news_told_by_an_answer_makes_bad_news_urgent(world: World, mexico: Puller):
    """They hold SUSPENDED, were answered VALIDATED: SUSPENDED again is news for the worse."""
    world.push(member("10000001", identifiers=scac("QXQA"), status="SUSPENDED"))
    world.deliver()
    world.push(member("10000001", identifiers=scac("QXQA"), status="VALIDATED"))
    assert life(world).best_status == "SUSPENDED"
    assert ask(mexico)["status"] == "VALIDATED"
    assert life(world).best_status == "VALIDATED"

    world.push(member("10000001", identifiers=scac("QXQA"), status="SUSPENDED"))
    with world.house.database.write() as tx:
        lanes.pause(tx, "mx-neec", by="test", reason="invented", now=world.clock())
    world.deliver()

    told = life(world)
    assert (told.told_status, told.best_status) == ("SUSPENDED", "SUSPENDED")
    assert told.held_version == told.version
    assert world.held("mx-neec") == {ONE: "SUSPENDED"}


def test_a_late_receipt_does_not_take_back_what_an_answer_told(world: World, mexico: Puller):
    world.push(member("10000001", identifiers=scac("QXQA"), status="SUSPENDED"))
    world.wire.plan = [NEVER_ARRIVED]
    world.deliver(rounds=1)  # in flight: SUSPENDED
    world.push(member("10000001", identifiers=scac("QXQA"), status="VALIDATED"))
    assert ask(mexico)["status"] == "VALIDATED"

    world.deliver(rounds=1)  # its receipt comes

    assert life(world).best_status == "VALIDATED"
    world.deliver()
    assert world.held("mx-neec") == {ONE: "VALIDATED"}


def test_an_identifier_confirmed_by_an_answer_counts_as_told(world: World, mexico: Puller):
    both = [*scac("QXQA"), {"scheme": "ICR", "value": "12-3456789AB"}]
    world.push(member("10000001", identifiers=both))
    assert ask(mexico, "12-3456789AB", "ICR")["known"]

    assert sorted(life(world).best_identifiers) == [["ICR", "12-3456789AB"], ["SCAC", "QXQA"]]


def test_asking_about_what_they_hold_changes_nothing(world: World, mexico: Puller):
    before = life(world)

    for _ in range(3):
        ask(mexico)

    assert life(world) == before


def test_the_ledger_says_that_was_asked_and_never_what_for(world: World, mexico: Puller):
    ask(mexico)
    ask(mexico, "QZZZ")

    with world.house.database.read() as tx:
        rows = tx.execute(select(ledger_).where(ledger_.c.kind == "asked")).all()
        assert ledger.verify(tx).broken_at is None
    known, unknown = rows
    assert (known.partner, known.subject, unknown.subject) == ("mx-neec", "10000001", None)
    told = orjson.loads(known.entry)
    assert told["ref"] == life(world).ref
    assert (told["known"], told["account"], told["status"]) == (True, "10000001", "VALIDATED")
    assert told["consent"] == life(world).consent_id
    assert orjson.loads(unknown.entry) == {"known": False, "scheme": "SCAC"}
    assert "QXQA" not in known.entry
    assert "QZZZ" not in unknown.entry
