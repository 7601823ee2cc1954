"""What the consent in force and the agreement no longer name does not leave, and is taken back.

The consent text and the agreement are the ground an announcement stands on. It is looked at again
at every transmission, also of what was sealed before.
"""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from outbox import batch, endings, lane, notices
from partners import agreements, consents
from schemas.agreement import Stage
from schemas.consent import ConsentText
from schemas.tables import disclosures
from tests.world import LOST_ANSWER, NEVER_ARRIVED, ONE, START, TWO, World, member

SCAC = {"scheme": "SCAC", "value": "QXQQ"}
MID = {"scheme": "MID", "value": "AUOZR92MEL"}


def text_of(name: str, *schemes: str, tiers: bool = False) -> ConsentText:
    return ConsentText(
        id=name,
        valid_from=date(2014, 8, 1),
        programmes=frozenset({"mx-neec"}),
        schemes=frozenset(schemes),
        names_tiers=tiers,
    )


def signed_wide(world: World, wide: ConsentText, **facts: object) -> None:
    """A member whose officer signed this text; there is a narrower one that names SCAC alone."""
    world.house = replace(world.house, texts={"wide": wide, "narrow": text_of("narrow", "SCAC")})
    world.push(member("10000001", **facts))
    with world.house.database.write() as tx:
        consents.heard(tx, world.clock())
    world.sign("10000001", "wide")


def retry_before_the_urgent_lane(world: World) -> None:
    """Both lanes are due; what the urgent one sends first does not arrive, the routine one's does.

    Otherwise the urgent lane would tell the narrower state first, and hide what the other says.
    """
    world.clock.forward(minutes=2)
    world.wire.plan = [NEVER_ARRIVED]
    world.deliver(rounds=2, hurry=False)


@pytest.mark.parametrize("fault", [NEVER_ARRIVED, LOST_ANSWER])
def test_what_a_new_consent_no_longer_names_does_not_leave_again(small_world: World, fault: str):
    """The batch that carries the MID has no answer yet when the narrower text is signed."""
    w = small_world
    signed_wide(w, text_of("wide", "SCAC", "MID"), identifiers=[SCAC, MID])
    w.wire.plan = [fault]
    w.deliver(rounds=1)
    before = len(w.wire.journal)

    w.sign("10000001", "narrow")
    retry_before_the_urgent_lane(w)
    w.deliver()

    assert w.held("mx-neec") == {ONE: "VALIDATED"}
    assert not [file for _, file in w.wire.journal[before:] if MID["value"].encode() in file]


def test_a_tier_that_a_new_consent_no_longer_names_does_not_leave_again(small_world: World):
    w = small_world
    signed_wide(w, text_of("wide", "SCAC", tiers=True), status="EXCEEDING")
    w.wire.plan = [NEVER_ARRIVED]
    w.deliver(rounds=1)

    w.sign("10000001", "narrow")
    retry_before_the_urgent_lane(w)

    assert "EXCEEDING" not in w.held("mx-neec").values()
    w.deliver()
    assert w.held("mx-neec") == {ONE: "VALIDATED"}


def test_a_consent_under_a_narrower_text_takes_the_rest_back_by_the_urgent_lane(
    small_world: World,
):
    w = small_world
    signed_wide(w, text_of("wide", "SCAC", "MID"), identifiers=[SCAC, MID])
    w.deliver()
    with w.house.database.write() as tx:
        lane.pause(tx, "mx-neec", by="test", reason="maintenance", now=START)

    w.sign("10000001", "narrow")
    w.deliver()

    with w.house.database.read() as tx:
        assert [b.lane for b in batch.every(tx)] == ["routine", "urgent"]
        assert tx.scalar(select(disclosures.c.best_identifiers)) == [["SCAC", "QXQQ"]]


def test_a_stage_before_implementation_announces_nothing(small_world: World):
    with small_world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", stage=int(Stage.SIGNATURE))
    small_world.push(member("10000001"))
    small_world.grant("10000001")

    small_world.deliver()

    assert small_world.wire.journal == []


def test_the_agreement_ends_and_everyone_is_withdrawn(two_told: World):
    with two_told.house.database.write() as tx:
        agreements.change(tx, "mx-neec", ended_on=two_told.clock.now.date())

    assert endings.end_due(two_told.house, now=two_told.clock()) == 2
    two_told.deliver()

    assert two_told.held("mx-neec") == {}


def test_an_agreement_that_ended_and_was_renewed_tells_everyone_again(two_told: World):
    """In between every member is shown as blocked, with the reason: nobody is out of sight."""
    with two_told.house.database.write() as tx:
        agreements.change(tx, "mx-neec", ended_on=two_told.clock.now.date())
    endings.end_due(two_told.house, now=two_told.clock())
    two_told.deliver()
    assert two_told.held("mx-neec") == {}
    with two_told.house.database.read() as tx:
        shown = [n.code for n in notices.every(tx, two_told.house, now=two_told.clock())]

    with two_told.house.database.write() as tx:
        agreements.change(tx, "mx-neec", ended_on=None)
    two_told.deliver()

    assert two_told.held("mx-neec") == {ONE: "VALIDATED", TWO: "VALIDATED"}
    assert shown == ["MRX-2203", "MRX-2203"]
