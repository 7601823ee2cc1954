"""Who is missing from a full list is withdrawn, and only who is; absence is not guilt (P3)."""

from sqlalchemy import select

from partners import roll
from schemas.tables import disclosures
from tests.carriers import CARRIED
from tests.world import LOST_ANSWER, TWO, World, member


def test_a_full_list_does_not_withdraw_whom_a_newer_push_has_described_meanwhile(
    two_told: World,
):
    """Another process commits a newer delta while the list is being taken; older changes nothing."""
    meanwhile = [lambda: two_told.push(member("10000002", name="Invented Newer"))]

    two_told.push(
        member("10000001"),
        mode="snapshot",
        as_of=two_told.clock(),
        step=lambda _: meanwhile.pop()() if meanwhile else None,
    )
    two_told.deliver()

    with two_told.house.database.read() as tx:
        assert roll.get(tx, "10000002").present
    assert "Invented Newer" in two_told.held("mx-neec")


@CARRIED
def test_absent_and_back_while_its_batch_is_unanswered_is_a_new_life(two_told: World):
    two_told.push(member("10000001", name="Invented Renamed"))
    two_told.wire.plan = [LOST_ANSWER]
    two_told.deliver(rounds=1)
    two_told.push(member("10000002"), mode="snapshot", as_of=two_told.clock())
    two_told.push(member("10000001", name="Invented Renamed"))

    two_told.deliver()

    assert two_told.held("mx-neec") == {"Invented Renamed": "VALIDATED", TWO: "VALIDATED"}
    with two_told.house.database.read() as tx:
        lives = tx.execute(select(disclosures).where(disclosures.c.account == "10000001")).all()
    assert sorted(life.gone_at is not None for life in lives) == [False, True]


def test_a_list_that_waits_says_what_was_seen_in_it(small_world: World):
    small_world.push(*(member(f"1000{n:04}") for n in range(100)))

    report = small_world.push(member("10000001"), member("??"), member("10000002"), mode="snapshot")
    waits = small_world.push(member("10000001", name=" "), member("10000002"), mode="snapshot")

    assert (report.waiting, report.read, report.rejected) == ([], 3, 1)
    assert waits.waiting
    assert (waits.read, waits.accepted, waits.rejected) == (2, 0, 1)
    assert [line.code for line in waits.rejections] == ["MRX-1102"]
