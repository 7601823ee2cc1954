"""A member that gets worse: the partner does not go on holding the better state (P3)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from outbox import batch, lane
from partners import agreements
from schemas.tables import certificates, disclosures, pending
from tests.carriers import CARRIED
from tests.world import LOST_ANSWER, NEVER_ARRIVED, START, World, hastened, member

NAME = "Invented Company 10000001"
TWO = [{"scheme": "SCAC", "value": "QXQQ"}, {"scheme": "MID", "value": "AUOZR92MEL"}]


@pytest.fixture
def told(small_world: World) -> World:
    small_world.push(member("10000001", identifiers=TWO))
    small_world.grant("10000001")
    small_world.deliver()
    assert small_world.held("mx-neec") == {NAME: "VALIDATED"}
    return small_world


def lanes_used(world: World) -> list[str]:
    with world.house.database.read() as tx:
        return [b.lane for b in batch.every(tx)]


def pause(world: World) -> None:
    with world.house.database.write() as tx:
        lane.pause(tx, "mx-neec", by="test", reason="maintenance", now=START)


@CARRIED
@pytest.mark.parametrize("status", ["SUSPENDED", "REMOVED", "WITHDRAWN"])
def test_a_bad_status_is_announced_by_the_urgent_lane(told: World, status: str):
    told.push(member("10000001", identifiers=TWO, status=status))

    told.deliver()

    assert told.held("mx-neec") == {NAME: status}
    assert lanes_used(told) == ["routine", "urgent"]


def test_a_lower_tier_is_a_change_for_the_worse(told: World):
    told.push(member("10000001", identifiers=TWO, status="CERTIFIED"))

    told.deliver()

    assert told.held("mx-neec") == {NAME: "CERTIFIED"}
    assert lanes_used(told) == ["routine", "urgent"]


def test_a_dropped_identifier_is_a_change_for_the_worse(told: World):
    told.push(member("10000001", identifiers=TWO[:1]))

    told.deliver()

    assert lanes_used(told) == ["routine", "urgent"]


def test_a_new_name_is_not(told: World):
    told.push(member("10000001", identifiers=TWO, name="Invented Other"))

    told.deliver()

    assert lanes_used(told) == ["routine", "routine"]


def test_a_tier_the_text_does_not_name_is_not_told(told: World):
    told.push(member("10000001", identifiers=TWO, status="EXCEEDING"))

    told.deliver()

    assert told.held("mx-neec") == {NAME: "VALIDATED"}
    assert len(told.wire.journal) == 1, "VALIDATED is what they hold already"


@CARRIED
def test_while_its_partner_is_paused(told: World):
    pause(told)
    told.push(member("10000001", identifiers=TWO, status="SUSPENDED"), member("10000002"))
    told.grant("10000002")

    told.deliver()

    assert told.held("mx-neec") == {NAME: "SUSPENDED"}


@CARRIED
@pytest.mark.parametrize("fault", [NEVER_ARRIVED, LOST_ANSWER])
def test_while_its_first_batch_is_unanswered(small_world: World, fault: str):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.wire.plan = [fault]
    small_world.deliver(rounds=1)
    pause(small_world)

    small_world.push(member("10000001", status="SUSPENDED"))
    small_world.deliver()
    assert small_world.held("mx-neec") == {NAME: "SUSPENDED"}
    with small_world.house.database.write() as tx:
        lane.resume(tx, "mx-neec", by="test", reason="done", now=START)
    small_world.deliver()

    assert small_world.held("mx-neec") == {NAME: "SUSPENDED"}, "the older version is ignored"


def test_while_the_consent_feed_is_stale_it_leaves_as_a_withdrawal(told: World):
    told.clock.forward(days=30)
    told.push(member("10000001", identifiers=TWO, status="SUSPENDED"))

    told.deliver()

    assert told.held("mx-neec") == {}


def test_after_the_feed_speaks_again_it_is_announced_in_a_new_life(told: World):
    told.clock.forward(days=30)
    told.push(member("10000001", identifiers=TWO, status="SUSPENDED"), member("10000002"))
    told.deliver()

    told.grant("10000002")
    told.deliver()

    assert told.held("mx-neec") == {NAME: "SUSPENDED", "Invented Company 10000002": "VALIDATED"}


def test_good_news_waits_while_the_feed_is_stale(told: World):
    told.push(member("10000001", identifiers=TWO, status="CERTIFIED"))
    told.deliver()
    told.clock.forward(days=30)
    told.push(member("10000001", identifiers=TWO, status="VALIDATED"))

    told.deliver()

    assert told.held("mx-neec") == {NAME: "CERTIFIED"}


def test_bad_news_in_flight_when_the_feed_goes_stale_leaves_as_a_withdrawal(told: World):
    told.push(member("10000001", identifiers=TWO, status="SUSPENDED"))
    told.wire.plan = [NEVER_ARRIVED]
    told.deliver(rounds=1)
    told.clock.forward(days=30)

    told.deliver()

    assert told.held("mx-neec") == {}


@CARRIED
@pytest.mark.parametrize("fault", [None, NEVER_ARRIVED, LOST_ANSWER])
def test_a_worse_state_that_cannot_be_said_leaves_as_a_withdrawal(
    whole_world: World, fault: str | None
):
    """Korea cannot say the new name; the others can."""
    whole_world.push(member("10000001"))
    whole_world.grant("10000001", to=["kr-aeo", "ca-pip"])
    whole_world.deliver()
    whole_world.wire.plan = [fault] if fault else []

    name = "Invented – Dash"
    whole_world.push(member("10000001", name=name, status="SUSPENDED"))
    whole_world.deliver()

    assert whole_world.held("kr-aeo") == {}
    assert whole_world.held("ca-pip") == {name: "SUSPENDED"}


def test_a_state_that_cannot_be_said_and_is_not_worse_is_blocked_and_stays(whole_world: World):
    whole_world.push(member("10000001"))
    whole_world.grant("10000001", to=["kr-aeo"])
    whole_world.deliver()

    whole_world.push(member("10000001", name="Invented – Dash"))
    whole_world.deliver()

    assert whole_world.held("kr-aeo") == {NAME: "VALIDATED"}
    with whole_world.house.database.read() as tx:
        assert tx.scalars(select(pending.c.blocked)).all() == ["MRX-2101"]


@CARRIED
def test_eligibility_lost_is_withdrawn_even_while_paused(small_world: World):
    with small_world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", business_types=["carrier"])
    small_world.push(member("10000001", business_type="carrier"), member("10000002"))
    small_world.grant("10000001", "10000002")
    small_world.deliver()
    assert small_world.held("mx-neec") == {NAME: "VALIDATED"}
    with small_world.house.database.read() as tx:
        assert tx.scalars(select(pending.c.blocked)).all() == ["MRX-2205"]
    pause(small_world)

    small_world.push(member("10000001", business_type="broker"))
    small_world.deliver()

    assert small_world.held("mx-neec") == {}


def test_no_certificate_no_announcement_but_withdrawals_leave(told: World):
    """P9: the partner's certificate has run out; its receipts cannot be believed any more."""
    with told.house.database.write() as tx:
        tx.execute(update(certificates).values(not_after=told.clock.now))
    told.push(member("10000002"))
    told.grant("10000002")
    told.revoke("10000001", of="mx-neec")

    told.deliver(rounds=3)

    with told.house.database.read() as tx:
        last = batch.every(tx)[-1]
    assert (last.lane, last.withdrawals, last.announcements) == ("urgent", 1, 0)


@CARRIED
def test_a_suspended_member_nobody_knows_yet_is_announced_as_such(small_world: World):
    small_world.push(member("10000001", status="SUSPENDED"))
    small_world.grant("10000001")

    small_world.deliver()

    assert small_world.held("mx-neec") == {NAME: "SUSPENDED"}
    assert lanes_used(small_world) == ["urgent"]


def test_worse_and_better_again_before_it_was_told_is_no_news(told: World):
    told.push(member("10000001", identifiers=TWO, status="SUSPENDED"))
    told.push(member("10000001", identifiers=TWO))

    told.deliver()

    assert len(told.wire.journal) == 1
    with told.house.database.read() as tx:
        assert tx.scalars(select(pending.c.account)).all() == []
        assert tx.scalar(select(disclosures.c.best_status)) == "VALIDATED"


def test_the_stale_feed_bound_is_a_term(told: World):
    told.house = hastened(told.house, consents_fresh_for=timedelta(days=60))
    told.clock.forward(days=30)
    told.push(member("10000001", identifiers=TWO, status="SUSPENDED"))

    told.deliver()

    assert told.held("mx-neec") == {NAME: "SUSPENDED"}
