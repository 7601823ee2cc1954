"""Which changes of a partner's roll are sudden, and wait for a person."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway import inbound_batches
from gateway.inbound_batches import State
from partners import agreements
from schemas.receipt import Level
from schemas.record import Record
from tests.gateway.books import balance
from tests.gateway.sender import Sender, roll, some
from tests.gateway.waiting import TOMORROW, refs_of, waiting


def test_the_first_load_is_no_growth(sender: Sender):
    first = sender.send(sender.next(some(300)))
    second = sender.send(sender.next(some(300)))

    assert (first.level, second.level, second.held) == (Level.APPLIED, Level.APPLIED, 600)


def test_a_sudden_growth_is_received_and_waits(sender: Sender, loaded: list[Record]):
    file = sender.next(some(61))

    receipt = sender.send(file, now=TOMORROW)

    assert (receipt.level, receipt.verdict, receipt.held, receipt.holdings) == (
        Level.RECEIVED,
        None,
        None,
        None,
    )
    assert len(roll(sender.world)) == 300
    [one] = waiting(sender.world)
    assert (one.announced, one.withdrawn, one.state) == (61, 0, State.QUARANTINED)
    with sender.world.house.database.read() as tx:
        plan = inbound_batches.plan(tx, one)
    assert plan is not None
    assert (plan.come, plan.gone, plan.changed) == (61, 0, 0)
    assert sender.send(file, now=TOMORROW) == receipt, "a repetition gets the same receipt"
    balance(sender.world)


@pytest.mark.parametrize(
    ("members", "come", "waits"),
    [
        pytest.param(300, 60, False, id="a fifth of the roll is not more than a fifth"),
        pytest.param(300, 61, True, id="more than a fifth and more than fifty"),
        pytest.param(100, 50, False, id="fifty members are not more than fifty"),
        pytest.param(100, 51, True, id="one more is"),
    ],
)
def test_sudden_is_a_share_and_a_number(sender: Sender, members: int, come: int, waits: bool):
    sender.send(sender.next(some(members)))

    receipt = sender.send(sender.next(some(come)), now=TOMORROW)

    assert (receipt.level is Level.RECEIVED) == waits


def test_the_share_is_the_agreements(sender: Sender, loaded: list[Record]):
    with sender.world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", quarantine_percent=50)

    assert sender.send(sender.next(some(150)), now=TOMORROW).level is Level.APPLIED
    assert sender.send(sender.next(some(1)), now=TOMORROW).level is Level.RECEIVED


def test_many_small_batches_of_a_day_cannot_do_what_a_large_one_may_not(
    sender: Sender, loaded: list[Record]
):
    levels = [
        sender.send(sender.next(withdrawals=refs_of(loaded[n : n + 20])), now=TOMORROW).level
        for n in range(0, 80, 20)
    ]

    assert levels == [Level.APPLIED] * 3 + [Level.RECEIVED]
    assert len(roll(sender.world)) == 240


def test_a_new_day_measures_against_the_size_of_its_morning(sender: Sender, loaded: list[Record]):
    now = TOMORROW
    for n in range(0, 100, 50):
        file = sender.next(withdrawals=refs_of(loaded[n : n + 50]))
        assert sender.send(file, now=now).level is Level.APPLIED
        now += timedelta(hours=25)

    assert len(roll(sender.world)) == 200


def test_as_many_that_come_as_go_are_no_cover_for_each_other(sender: Sender, loaded: list[Record]):
    file = sender.next(some(100), refs_of(loaded[:100]))

    assert sender.send(file, now=TOMORROW).level is Level.RECEIVED


def test_news_of_members_that_are_there_is_never_sudden(sender: Sender, loaded: list[Record]):
    newer = [replace(one, version=2, name=f"{one.name} BIS") for one in loaded]

    assert sender.send(sender.next(newer), now=TOMORROW).level is Level.APPLIED
    balance(sender.world)
