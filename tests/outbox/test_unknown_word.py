"""A status word nobody knows: the member waits, and only what is known to be worse is taken back."""

from sqlalchemy import select

from schemas.tables import members, pending
from tests.world import NEVER_ARRIVED, ONE, TWO, World, member


def test_it_blocks_until_a_known_one_arrives(two_told: World):
    report = two_told.push(member("10000001", status="FROZEN"))
    assert [one.code for one in report.rejections] == ["MRX-1110"]
    two_told.push(member("10000001", name="Invented New", status="ODD"))
    two_told.deliver()
    assert two_told.held("mx-neec") == {ONE: "VALIDATED", TWO: "VALIDATED"}
    with two_told.house.database.read() as tx:
        assert tx.scalars(select(pending.c.blocked)).all() == ["MRX-2208"]

    two_told.push(member("10000001", name="Invented New"))
    two_told.deliver()

    assert two_told.held("mx-neec") == {"Invented New": "VALIDATED", TWO: "VALIDATED"}


def test_bad_news_under_it_leaves_as_a_withdrawal(two_told: World):
    two_told.wire.plan = [NEVER_ARRIVED]
    two_told.push(member("10000001", status="SUSPENDED"))
    two_told.deliver(rounds=1)
    two_told.push(member("10000001", status="FROZEN"))

    two_told.deliver()

    assert two_told.held("mx-neec") == {TWO: "VALIDATED"}


def test_pushed_twice_it_changes_nothing_the_second_time(two_told: World):
    """A full list comes every night; who is blocked by such a word must not cost work each time."""
    at = two_told.clock()
    two_told.push(member("10000001", status="FROZEN"), as_of=at)
    two_told.deliver()

    def stands() -> list[tuple[object, ...]]:
        with two_told.house.database.read() as tx:
            row = tx.execute(select(pending.c.blocked, pending.c.lane_id)).one()
            version = select(members.c.version).where(members.c.account == "10000001")
            return [tuple(row), (tx.scalar(version),)]

    before = stands()
    two_told.push(member("10000001", status="FROZEN"), as_of=at)

    assert stands() == before
