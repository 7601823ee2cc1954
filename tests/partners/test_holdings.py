"""The register of holdings: two sides, kept apart, changed in the transaction of what changes."""

import pytest
from sqlalchemy import func, select

from outbox.house import House
from partners import holdings
from partners.holdings import Leaf, Side
from schemas import ref as refs
from schemas.holdings import BUCKETS, Bucket, bucket_of, leaf, total
from schemas.tables import holdings as table
from tests.world import World

MEXICO = "mx-neec"


@pytest.fixture
def house(small_world: World) -> House:
    return small_world.house


def some(n: int) -> list[Leaf]:
    return [(ref, leaf(ref, 1, b"x" * 32)) for ref in (refs.new() for _ in range(n))]


def by_hand(leaves: list[Leaf]) -> list[Bucket]:
    found = [Bucket() for _ in range(BUCKETS)]
    for ref, part in leaves:
        found[bucket_of(ref)] = found[bucket_of(ref)].changed(add=[part])
    return found


def test_changes_add_up_to_what_is_held(house: House):
    first, second = some(400), some(50)
    with house.database.write() as tx:
        holdings.change(tx, MEXICO, Side.OURS, add=first)
        holdings.change(tx, MEXICO, Side.OURS, add=second, take=first[:100])
        expected = by_hand(first[100:] + second)

        assert holdings.buckets(tx, MEXICO, Side.OURS) == expected
        assert holdings.held(tx, MEXICO, Side.OURS) == total(expected)
        assert holdings.held(tx, MEXICO, Side.OURS).count == 350


def test_a_member_that_changed_goes_and_comes(house: House):
    ref = refs.new()
    old, new = (ref, leaf(ref, 1, b"x" * 32)), (ref, leaf(ref, 2, b"y" * 32))
    with house.database.write() as tx:
        holdings.change(tx, MEXICO, Side.OURS, add=[old])
        holdings.change(tx, MEXICO, Side.OURS, add=[new], take=[old])
        assert holdings.buckets(tx, MEXICO, Side.OURS) == by_hand([new])


def test_sides_and_programmes_are_kept_apart(house: House):
    ours, theirs, canadas = some(3), some(5), some(7)
    with house.database.write() as tx:
        holdings.change(tx, MEXICO, Side.OURS, add=ours)
        holdings.change(tx, MEXICO, Side.THEIRS, add=theirs)
        holdings.change(tx, "ca-pip", Side.OURS, add=canadas)
        holdings.replace(tx, MEXICO, Side.THEIRS, theirs[:2])

        assert holdings.buckets(tx, MEXICO, Side.OURS) == by_hand(ours)
        assert holdings.buckets(tx, MEXICO, Side.THEIRS) == by_hand(theirs[:2])
        assert holdings.buckets(tx, "ca-pip", Side.OURS) == by_hand(canadas)


def test_replacing_forgets_what_was_there(house: House):
    with house.database.write() as tx:
        holdings.change(tx, MEXICO, Side.OURS, add=some(300))
        holdings.replace(tx, MEXICO, Side.OURS, [])
        assert holdings.held(tx, MEXICO, Side.OURS).count == 0
        assert tx.scalar(select(func.count()).select_from(table)) == 0


def test_nothing_to_change_writes_nothing(house: House):
    with house.database.read() as tx:  # which cannot write
        holdings.change(tx, MEXICO, Side.OURS)
        assert holdings.buckets(tx, MEXICO, Side.OURS) == [Bucket()] * BUCKETS


def test_a_change_that_is_rolled_back_leaves_the_sums(house: House):
    with house.database.write() as tx:
        holdings.change(tx, MEXICO, Side.OURS, add=some(3))
        tx.rollback()
    with house.database.read() as tx:
        assert holdings.held(tx, MEXICO, Side.OURS).count == 0
