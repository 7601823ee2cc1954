"""A member's standing, in the ledger at the moment it turns: for whoever asks later how long it took."""

from typing import Any

import orjson
import pytest
from sqlalchemy import select

from partners import agreements
from schemas.tables import disclosures, ledger
from tests.world import NEVER_ARRIVED, World, member

ONE, TWO = "10000001", "10000002"


@pytest.fixture
def world(small_world: World) -> World:
    """Two members held in Mexico, and a third that nobody was told of."""
    small_world.push(member(ONE), member(TWO), member("10000003"))
    small_world.grant(ONE, TWO)
    small_world.deliver()
    return small_world


def turns(world: World) -> list[list[Any]]:
    with world.house.database.read() as tx:
        query = select(ledger.c.entry).where(ledger.c.kind == "standing")
        entries = tx.scalars(query.order_by(ledger.c.position))
        return [turn for entry in entries for turn in orjson.loads(entry)["turned"]]


def ref(world: World, account: str) -> str:
    with world.house.database.read() as tx:
        return tx.scalar(select(disclosures.c.ref).where(disclosures.c.account == account)) or ""


def test_a_bad_status_is_kept_with_who_may_hold_what(world: World):
    world.push(member(ONE, status="SUSPENDED"), member(TWO), member("10000003", status="REMOVED"))

    assert turns(world) == [[ONE, "SUSPENDED", [["mx-neec", ref(world, ONE), 1, True]]]]


def test_neither_a_worse_one_nor_a_lower_level_is_a_turn(world: World):
    world.push(member(ONE, status="SUSPENDED"), member(TWO, status="CERTIFIED"))
    world.push(member(ONE, status="REMOVED"), member(TWO, status="EXCEEDING"))

    assert [turn[:2] for turn in turns(world)] == [[ONE, "SUSPENDED"]]


def test_a_good_status_again_is_a_turn_and_says_what_was_told_meanwhile(world: World):
    world.push(member(ONE, status="SUSPENDED"))
    world.deliver()
    world.push(member(ONE))

    assert turns(world)[1] == [ONE, "VALIDATED", [["mx-neec", ref(world, ONE), 2, False]]]


def test_what_was_sent_and_not_answered_may_still_be_held(world: World):
    world.push(member(ONE, status="SUSPENDED"))
    world.wire.plan = [NEVER_ARRIVED]
    world.deliver(1)
    world.push(member(ONE))

    assert turns(world)[1][2] == [["mx-neec", ref(world, ONE), 2, True]]


def gone(world: World, account: str) -> bool:
    with world.house.database.read() as tx:
        query = select(disclosures.c.gone_at).where(disclosures.c.account == account)
        return tx.scalar(query) is not None


def test_a_good_status_again_names_a_life_that_is_gone_by_then(world: World):
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", statuses=["VALIDATED"])
    world.push(member(ONE, status="SUSPENDED"))
    world.deliver()
    assert gone(world, ONE)

    world.push(member(ONE))
    world.push(member(ONE, status="SUSPENDED"))

    assert turns(world)[1:] == [[ONE, "VALIDATED", [["mx-neec", ref(world, ONE), 1, True]]]]


def test_a_good_status_ends_no_revocation_that_is_carried_out(world: World):
    world.revoke(ONE, of="mx-neec")
    world.deliver()
    assert gone(world, ONE)

    world.push(member(ONE, status="SUSPENDED"))
    world.push(member(ONE))

    assert turns(world) == []


def test_absence_is_a_turn(world: World):
    world.push(member(ONE), mode="snapshot", approve=True)

    assert turns(world) == [[TWO, "absent", [["mx-neec", ref(world, TWO), 1, True]]]]


def test_a_dry_run_turns_nothing(world: World):
    world.push(member(ONE, status="SUSPENDED"), dry_run=True)

    assert turns(world) == []


def test_a_revocation_names_the_lives_it_is_about(world: World):
    world.revoke(ONE, of="mx-neec")
    world.revoke("10000003", of="mx-neec")

    with world.house.database.read() as tx:
        query = select(ledger.c.entry).where(ledger.c.kind == "revoked")
        lives = [orjson.loads(entry)["lives"] for entry in tx.scalars(query)]
    assert lives == [[[ref(world, ONE), 1, True]], []]
