"""Nothing too large stops a lane: it is halved, and what is too large alone steps aside (P4, P10)."""

from datetime import timedelta

import pytest

from outbox import batch as batches
from outbox import lane, planning, rest
from outbox.transport import Outcome, TooLarge
from schemas import parse
from tests.carriers import CARRIED
from tests.world import NEVER_ARRIVED, World, member

SECOND = timedelta(seconds=1)


@pytest.mark.slow
def test_a_draft_larger_than_what_can_be_read_is_made_smaller(
    small_world: World, monkeypatch: pytest.MonkeyPatch
):
    """Members with hundreds of identifiers each; the limit is lowered here to have few of them."""
    monkeypatch.setattr(parse, "MARKUP_MAX", 1_500)
    accounts = [f"1000{n:04}" for n in range(120)]
    small_world.push(*(member(account) for account in accounts))
    small_world.grant(*accounts)

    small_world.deliver()

    assert len(small_world.held("mx-neec")) == len(accounts)


@pytest.mark.slow
@pytest.mark.parametrize("accounts", [1, 120])
def test_a_next_issue_larger_than_what_can_be_read_is_made_smaller_too(
    small_world: World, monkeypatch: pytest.MonkeyPatch, accounts: int
):
    """A batch in flight whose members have grown since: the lane comes to rest, it does not spin."""
    w = small_world
    names = [f"1000{n:04}" for n in range(accounts)]
    w.push(*(member(account) for account in names), member("20000000"))
    w.grant(*names)
    w.wire.plan = [NEVER_ARRIVED]
    w.deliver(rounds=1)
    w.grant(*names)  # anything that makes it stale
    monkeypatch.setattr(parse, "MARKUP_MAX", 50 if accounts == 1 else 700)
    delivery, taken = w.delivery(), None
    with w.house.database.write() as tx:
        rest.hurry(tx)
        taken = lane.take(tx, worker="test:0:0", now=w.clock(), lease=timedelta(minutes=1))
    assert taken is not None

    steps = [delivery.step(taken).name for _ in range(12)]

    assert "RESTED" in steps or "DONE" in steps or w.wire.journal


@CARRIED
def test_one_notice_that_a_partner_finds_too_large_does_not_stop_the_others(two_told: World):
    send = two_told.wire.send

    def chokes(url: str, file: bytes) -> Outcome:
        return TooLarge() if b"Choke" in file else send(url, file)

    two_told.wire.send = chokes  # type: ignore[method-assign]
    two_told.push(member("10000001", name="Invented Choke"))
    two_told.deliver(rounds=5)
    two_told.push(member("10000002", name="Invented Fine"))

    two_told.deliver()

    assert "Invented Fine" in two_told.held("mx-neec")


@pytest.mark.parametrize(
    ("after", "sizes"),
    [(0, [1, 1, 1, 1, 1]), (1, [1, 1, 1, 1, 1]), (2, [3, 2]), (9, [3, 2]), (10, [5])],
)
def test_routine_batches_are_small_while_withdrawals_are_coming(
    small_world: World, monkeypatch: pytest.MonkeyPatch, after: int, sizes: list[int]
):
    """They keep processor and locks from the next withdrawal, whoever it is for."""
    monkeypatch.setattr(planning, "HASTE", ((2 * SECOND, 1), (10 * SECOND, 3)))
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    small_world.revoke("10000001", of="mx-neec")
    small_world.deliver()
    before = len(small_world.states())
    news = [f"2000000{n}" for n in range(5)]
    small_world.push(*(member(account) for account in news))
    small_world.grant(*news)

    small_world.clock.forward(seconds=after)
    small_world.deliver()

    with small_world.house.database.read() as tx:
        sealed = batches.every(tx)[before:]
    assert [batch.announcements for batch in sealed] == sizes
