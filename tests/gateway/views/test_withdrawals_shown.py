"""What was asked to be deleted, among the failures and in the story of a batch."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.views import batch_story, failures
from gateway.views.count import Count
from outbox import batch as batches
from schemas.batch import Lane
from schemas.receipt import Verdict
from tests.conftest import BOTH
from tests.gateway.turned_down import ACCOUNTS
from tests.world import TOO_LARGE, World, answering, honest, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"withdrawals": ()}, "MRX-4016"),
        ({"withdrawals": (), "verdict": Verdict.REFUSED, "code": "X-1", "held": None}, "MRX-2211"),
    ],
)
def test_a_lane_whose_receipts_confirm_no_deletion_is_a_cause(
    small_world: World, said: dict[str, object], code: str
):
    small_world.push(*map(member, ACCOUNTS[:2]))
    small_world.grant(*ACCOUNTS[:2])
    small_world.deliver()
    small_world.wire.answer = answering(lambda receipt: replace(receipt, **said))
    began = small_world.clock.now
    for account in ACCOUNTS[:2]:
        small_world.revoke(account, of="mx-neec")
    small_world.deliver(rounds=7)

    with small_world.house.database.read() as tx:
        [cause] = failures.causes(tx, small_world.house, now=small_world.clock.now)
        assert cause.batch is not None
        batch = batches.get(tx, cause.batch)

    assert (cause.kind, cause.code, cause.count) == ("lane", code, Count(2))
    assert (cause.repairer, cause.replayable) == ("operator", False)
    assert cause.since is not None
    assert cause.since - began < timedelta(seconds=1)
    assert (batch.lane, batch.withdrawals) == (Lane.URGENT, 2)

    small_world.wire.answer = honest
    small_world.deliver()
    with small_world.house.database.read() as tx:
        assert failures.causes(tx, small_world.house, now=small_world.clock.now) == []


def test_why_an_issue_left_a_notice_out_is_not_told_by_what_happened_later(small_world: World):
    small_world.push(member("10000001"), member("10000002"))
    small_world.grant("10000001", "10000002")
    small_world.wire.plan = [TOO_LARGE]
    small_world.deliver()
    small_world.clock.forward(days=1)
    for account in ("10000001", "10000002"):
        small_world.revoke(account, of="mx-neec")
    small_world.deliver()

    with small_world.house.database.read() as tx:
        story = batch_story.story(tx, 1, now=small_world.clock.now)

    assert dict(story.branches[1].left_out) == {"for a later number": 1}
