"""Asking to be told again what is missing."""

from typing import Any

import pytest
from sqlalchemy import select

from gateway.api.partner.resend import REFS_MAX
from outbox import batch, ledger
from schemas import ref as refs
from schemas.tables import ledger as ledger_
from schemas.tables import pending
from tests.gateway.api.partner.holdings_calls import MANY, Caller, lives, twelve_held
from tests.world import LOST_ANSWER, World, member

MEXICO, CANADA = "mx-neec", "ca-pip"


@pytest.fixture
def world(whole_world: World) -> World:
    return twelve_held(whole_world)


@pytest.fixture
def mexico(world: World) -> Caller:
    """Mexico asks us."""
    return Caller(world.partners[MEXICO], world.house)


def test_what_is_missing_is_told_again_and_what_is_unknown_withdrawn(world: World, mexico: Caller):
    one, two, *_ = lives(world)
    stray = refs.new()
    answer = mexico.post(
        missing=[one.ref], differing=[{"ref": two.ref, "version": 7}], unknown=[stray]
    )

    told = {"told_again": 2, "withdrawn": 1, "ended": 0, "epochs": []}
    assert (answer.status_code, answer.json()) == (200, told)
    world.deliver()
    after = {life.ref: life for life in lives(world)}
    assert after[one.ref].held_version == 2
    assert after[two.ref].held_version == 8, "newer than what they have"
    with world.house.database.read() as tx:
        assert tx.execute(select(pending)).all() == []
        kinds = list(tx.scalars(select(ledger_.c.kind).where(ledger_.c.partner == MEXICO)))
        assert "resend asked" in kinds
        assert ledger.verify(tx).broken_at is None


def test_asked_twice_it_is_told_once(world: World, mexico: Caller):
    one = lives(world)[0]
    first = mexico.post(missing=[one.ref])
    assert mexico.post(missing=[one.ref]).json() == first.json()
    world.deliver()

    with world.house.database.read() as tx:
        assert batch.every(tx, partner=MEXICO)[-1].announcements == 1
    assert len(world.wire.journal) == 1


def test_what_is_not_theirs_is_passed_over_without_a_word(world: World, mexico: Caller):
    (canadas,) = lives(world, CANADA)
    for what in ("missing", "withdrawn"):
        answer = mexico.post(**{what: [canadas.ref]})
        assert answer.json() == {"told_again": 0, "withdrawn": 0, "ended": 0, "epochs": []}
    assert mexico.post(differing=[{"ref": canadas.ref, "version": 9}]).json()["told_again"] == 0
    assert lives(world, CANADA) == [canadas]
    with world.house.database.read() as tx:
        assert tx.execute(select(pending)).all() == []


def test_another_partners_reference_is_withdrawn_like_one_that_nobody_knows(
    world: World, mexico: Caller
):
    """So that nobody learns here which references live elsewhere; over there nothing changes."""
    (canadas,) = lives(world, CANADA)

    assert mexico.post(unknown=[canadas.ref]).json()["withdrawn"] == 1
    world.deliver()

    assert lives(world, CANADA) == [canadas]
    assert len(world.held(CANADA)) == 1


def test_a_life_we_tell_now_is_not_unknown(world: World, mexico: Caller):
    """It arrived, and its receipt did not: they hold what we do not count yet."""
    world.push(member("20000001"))
    world.grant("20000001", to=[MEXICO])
    world.wire.plan = [LOST_ANSWER]
    world.deliver(rounds=1)
    (new,) = [life for life in lives(world) if life.held_version is None]

    assert mexico.post(unknown=[new.ref]).json()["withdrawn"] == 0
    world.deliver()
    assert "Invented Company 20000001" in world.held(MEXICO)


def test_a_lost_place_begins_a_new_epoch(world: World, mexico: Caller):
    before = mexico.get("/holdings/expected").json()["lanes"]
    answer = mexico.post(lost_place=["routine"])

    assert answer.json()["epochs"] == ["routine"]
    after = {lane["lane"]: lane for lane in mexico.get("/holdings/expected").json()["lanes"]}
    old = {lane["lane"]: lane for lane in before}
    assert after["routine"]["epoch"] != old["routine"]["epoch"]
    assert (after["routine"]["number"], after["routine"]["digest"]) == (0, None)
    assert after["urgent"] == old["urgent"]
    world.push(member(MANY[0], name="Invented Company Renamed"))
    world.deliver()
    assert "Invented Company Renamed" in world.held(MEXICO)


@pytest.mark.slow
@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"missing": ["short"]}, id="no reference"),
        pytest.param({"missing": ["7ZKQ3M9RTW4R"] * (REFS_MAX + 1)}, id="too many"),
        pytest.param({"differing": [{"ref": "7ZKQ3M9RTW4R", "version": 0}]}, id="no version"),
        pytest.param({"differing": [{"ref": "7ZKQ3M9RTW4R", "version": 2**40}]}, id="far version"),
        pytest.param({"lost_place": ["fast"]}, id="no lane"),
        pytest.param({"refs": []}, id="an unknown field"),
    ],
)
def test_a_request_of_another_shape_is_a_problem(mexico: Caller, document: dict[str, Any]):
    answer = mexico.post(**document)
    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")
    assert "7ZKQ3M9RTW4R" not in answer.text


def test_a_reference_with_a_wrong_check_character_goes_nowhere(world: World, mexico: Caller):
    """No withdrawal could say it: the batch would not be valid."""
    assert mexico.post(unknown=["7ZKQ3M9RTW4K"]).json()["withdrawn"] == 0
    world.deliver()
    assert world.wire.journal == []


def test_a_reference_named_twice_is_repaired_once(world: World, mexico: Caller):
    one, two, *_ = lives(world)
    answer = mexico.post(missing=[one.ref, one.ref], unknown=[one.ref, two.ref])

    assert answer.json() == {"told_again": 1, "withdrawn": 0, "ended": 0, "epochs": []}
    world.deliver()
    assert len(world.held(MEXICO)) == 12


def test_an_empty_request_is_answered(mexico: Caller):
    assert mexico.post().json() == {"told_again": 0, "withdrawn": 0, "ended": 0, "epochs": []}
