"""Who signs against what they signed before is counted, once for each file; who repeats is not."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from gateway import inbound
from schemas import exchange
from schemas.errors import Refused
from schemas.receipt import Receipt, Verdict
from schemas.tables import receipts
from signing.open import content_of
from signing.seal import seal
from tests.gateway.metrics.told import told
from tests.gateway.sender import Sender, record
from tests.world import BYTES_MAX, World, member


@pytest.fixture
def sender(small_world: World) -> Sender:
    """Mexico's end, of which the first batch was taken."""
    mexico = Sender(small_world)
    mexico.send(mexico.next([record()]))
    return mexico


def refused(sender: Sender, file: bytes) -> str:
    with pytest.raises(Refused) as reason:
        sender.send(file)
    return reason.value.code


def counted(world: World, partner: str = "mx-neec") -> tuple[float | None, ...]:
    """Batches and receipts of a partner that contradict."""
    found = told(world.house, world.clock.now)
    return tuple(
        found("mrx_contradictions_total", partner=partner, what=what)
        for what in ("batch", "receipt")
    )


def test_a_number_that_comes_again_with_other_bytes_counts_once_however_often_it_comes(
    sender: Sender,
):
    before = counted(sender.world)
    other = sender.batch([record()])

    codes = [refused(sender, other) for _ in range(3)]

    assert codes == ["MRX-4004"] * 3
    assert (before, counted(sender.world)) == ((0, 0), (1, 0))
    assert counted(sender.world, "ca-pip") == (0, 0)
    assert refused(sender, sender.batch([record()])) == "MRX-4004"
    assert counted(sender.world) == (1, 0), "whatever else comes under this number"


def test_a_chain_that_parts_counts(sender: Sender):
    fork = sender.batch([record()], number=2, previous="0" * 64)

    assert refused(sender, fork) == "MRX-4005"
    assert counted(sender.world) == (1, 0)


def test_an_honest_repetition_and_a_gap_do_not_count(sender: Sender):
    following = sender.next([record()])
    taken = [sender.send(following) for _ in range(3)]
    last = sender.next([record()])  # lost on the way
    gap = sender.next([record()])

    assert refused(sender, gap) == "MRX-4003"
    sender.send(last)
    sender.send(following)

    assert len(set(taken)) == 1
    assert counted(sender.world) == (0, 0)


@pytest.fixture
def answered(small_world: World) -> tuple[World, Receipt]:
    """A member was told to Mexico, and this is its receipt."""
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    with small_world.house.database.read() as tx:
        file = tx.scalar(select(receipts.c.file))
    return small_world, exchange.read_receipt(content_of(file))


def test_a_receipt_with_another_verdict_counts_and_the_same_one_again_does_not(
    answered: tuple[World, Receipt],
):
    world, first = answered
    second = replace(first, verdict=Verdict.REFUSED, code="NO", matches=())
    found = []

    for said in (first, second, second):
        file = seal(exchange.write_receipt(said), world.partners["mx-neec"].key, world.clock())
        inbound.take_receipt(world.house, file, bytes_max=BYTES_MAX, now=world.clock())
        found.append(counted(world))

    assert found == [(0, 0), (0, 1), (0, 1)]
