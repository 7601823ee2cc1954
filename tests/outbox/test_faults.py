"""Every fault of the wire, with its twin: not done, and done but unheard. All end alike."""

import pytest
from sqlalchemy import select

from outbox import batch, ledger
from schemas.tables import attempts, disclosures
from signing.open import open_sealed
from tests.carriers import CARRIED
from tests.world import (
    BUSY,
    LOST_ANSWER,
    NEVER_ARRIVED,
    NONSENSE,
    TURNED_AWAY,
    World,
    member,
)


@CARRIED
@pytest.mark.parametrize(
    "plan",
    [
        pytest.param([], id="healthy"),
        pytest.param([NEVER_ARRIVED], id="never got it"),
        pytest.param([LOST_ANSWER], id="got it, we never heard"),
        pytest.param([NONSENSE], id="got it, the answer is no receipt"),
        pytest.param([BUSY], id="not now"),
        pytest.param([TURNED_AWAY], id="turned away"),
        pytest.param([LOST_ANSWER, NEVER_ARRIVED, LOST_ANSWER, BUSY], id="a bad afternoon"),
        pytest.param([NEVER_ARRIVED] * 7, id="the circuit opens and closes"),
    ],
)
def test_every_fault_ends_as_calm_weather_does(small_world: World, plan: list[str]):
    small_world.wire.plan = list(plan)
    small_world.push(member("10000001"), member("10000002", status="CERTIFIED"))
    small_world.grant("10000001", "10000002")

    small_world.deliver()

    assert small_world.held("mx-neec") == {
        "Invented Company 10000001": "VALIDATED",
        "Invented Company 10000002": "CERTIFIED",
    }
    with small_world.house.database.read() as tx:
        (only,) = batch.every(tx)
        assert (only.number, only.issue, only.state) == (1, 1, "settled")
        assert only.attempts == len(plan) + 1
        assert ledger.verify(tx).broken_at is None
    # Whatever arrived, arrived as the same bytes.
    assert len({file for _, file in small_world.wire.journal}) == 1


@CARRIED
def test_an_unanswered_batch_is_unknown_and_never_called_failed_or_sent(small_world: World):
    small_world.wire.plan = [LOST_ANSWER]
    small_world.push(member("10000001"))
    small_world.grant("10000001")

    small_world.deliver(rounds=1)

    with small_world.house.database.read() as tx:
        (only,) = batch.every(tx)
        assert only.state == "unknown"
        (attempt,) = tx.execute(select(attempts)).all()
        assert (attempt.outcome, attempt.code) == ("no answer", "MRX-6001")


def test_a_failing_partner_is_left_alone_for_a_while_and_never_given_up(small_world: World):
    small_world.wire.plan = [NEVER_ARRIVED] * 3
    small_world.push(member("10000001"))
    small_world.grant("10000001")

    small_world.deliver(rounds=1)
    small_world.deliver(hurry=False)
    assert len(small_world.wire.plan) == 2, "it waits before it tries again"
    for _ in range(5):
        small_world.clock.forward(hours=1)
        small_world.deliver(hurry=False)

    assert small_world.held("mx-neec") == {"Invented Company 10000001": "VALIDATED"}


@CARRIED
def test_a_change_made_while_its_batch_is_in_flight_is_told_next(small_world: World):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    renamed = member("10000001", name="Invented Company Renamed")
    meanwhile = [lambda: small_world.push(renamed)]
    small_world.wire.before = lambda: meanwhile.pop()() if meanwhile else None

    small_world.deliver()

    assert small_world.held("mx-neec") == {"Invented Company Renamed": "VALIDATED"}
    with small_world.house.database.read() as tx:
        assert [b.number for b in batch.every(tx)] == [1, 2]


@CARRIED
def test_ten_changes_are_one_notice(small_world: World):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    for n in range(10):
        small_world.push(member("10000001", name=f"Invented Company take {n}"))

    small_world.deliver()

    assert small_world.held("mx-neec") == {"Invented Company take 9": "VALIDATED"}
    assert len(small_world.wire.journal) == 1


@CARRIED
def test_numbers_have_no_gaps_and_each_batch_names_the_one_before(small_world: World):
    small_world.wire.plan = [LOST_ANSWER, "fine", NEVER_ARRIVED, "fine", "fine"]
    for n in range(4):
        account = f"1000000{n}"
        small_world.push(member(account))
        small_world.grant(account)
        small_world.deliver()

    with small_world.house.database.read() as tx:
        sent = batch.every(tx)
    assert [b.number for b in sent] == [1, 2, 3, 4]
    assert [b.previous_digest for b in sent] == [None, *(b.digest for b in sent[:-1])]


def test_what_leaves_opens_with_our_certificate_alone(small_world: World):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()

    ((_, file),) = small_world.wire.journal
    opened = open_sealed(file, [small_world.house.key.certificate], small_world.clock.now)
    assert b"Invented Company 10000001" in opened.content


@CARRIED
def test_a_batch_too_large_is_issued_again_with_half_of_it_and_the_rest_follows(
    small_world: World,
):
    accounts = [f"1000000{n}" for n in range(8)]
    small_world.push(*(member(account) for account in accounts))
    small_world.grant(*accounts)
    small_world.wire.plan = ["too large", "too large"]

    small_world.deliver()

    assert len(small_world.held("mx-neec")) == 8
    with small_world.house.database.read() as tx:
        sizes = [(b.number, b.issue, b.announcements) for b in batch.every(tx)]
    assert sizes == [(1, 3, 2), (2, 1, 3), (3, 1, 3)], "and slowly more again"


def test_a_worker_that_lost_its_lane_settles_nothing(small_world: World):
    """Frozen in mid-request until another worker took the lane over and finished."""
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    other = small_world.delivery()

    def freeze() -> None:
        small_world.wire.before = lambda: None
        small_world.clock.forward(minutes=5)  # our lease has run out
        assert other.work()

    small_world.wire.before = freeze
    small_world.deliver(rounds=1)

    with small_world.house.database.read() as tx:
        (only,) = batch.every(tx)
        outcomes = tx.scalars(select(attempts.c.outcome).order_by(attempts.c.n)).all()
    assert only.state == "settled"
    assert outcomes == ["lost", "receipt"]
    assert len(small_world.wire.journal) == 2


@CARRIED
@pytest.mark.parametrize("fault", [NEVER_ARRIVED, LOST_ANSWER])
def test_an_older_version_settled_after_a_newer_one_changes_nothing(one: World, fault: str):
    one.wire.plan = [fault]
    one.deliver(rounds=1)
    one.push(member("10000001", status="SUSPENDED"))
    one.wire.plan = [LOST_ANSWER, LOST_ANSWER]
    one.deliver(rounds=2)

    one.deliver()

    assert one.held("mx-neec") == {"Invented Company 10000001": "SUSPENDED"}
    with one.house.database.read() as tx:
        row = tx.execute(select(disclosures)).one()
        assert row.held_version == row.version
        assert (row.told_status, row.best_status) == ("SUSPENDED", "SUSPENDED")
