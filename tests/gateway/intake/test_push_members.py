"""Taking members: what is news, what is older, who a full list withdraws, and when it waits."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from outbox import ledger, withdrawals
from partners import roll
from schemas.tables import is_set, members
from schemas.tables import pending as rows
from tests.world import World, member


def crowd(n: int) -> list[dict[str, object]]:
    return [member(str(10_000_000 + i)) for i in range(n)]


def accounts(n: int) -> list[str]:
    return [str(10_000_000 + i) for i in range(n)]


def present(world: World) -> set[str]:
    with world.house.database.read() as tx:
        return set(tx.scalars(select(members.c.account).where(is_set(members.c.present))))


def test_the_same_push_twice_changes_nothing(small_world: World):
    first = small_world.push(*crowd(3))
    with small_world.house.database.read() as tx:
        before = tx.execute(select(members.c.account, members.c.version)).all()

    again = small_world.push(*crowd(3))

    assert (first.read, first.accepted, first.unchanged) == (3, 3, 0)
    assert (again.read, again.accepted, again.unchanged) == (3, 0, 3)
    with small_world.house.database.read() as tx:
        assert tx.execute(select(members.c.account, members.c.version)).all() == before


def test_an_older_push_changes_nothing_and_is_reported_as_ignored(small_world: World):
    small_world.push(member("10000001", name="Newer"))

    report = small_world.push(
        member("10000001", name="Older"), as_of=small_world.clock.now - timedelta(days=1)
    )

    assert (report.accepted, report.ignored) == (0, 1)
    with small_world.house.database.read() as tx:
        assert roll.get(tx, "10000001").member.name == "Newer"


def test_what_was_said_again_later_is_not_overtaken_by_what_lies_between(small_world: World):
    early = small_world.clock()
    small_world.clock.forward(days=2)
    small_world.push(member("10000001", name="A"), as_of=early)
    small_world.push(member("10000001", name="A"))

    between = small_world.push(member("10000001", name="B"), as_of=early + timedelta(days=1))

    assert between.ignored == 1


def test_bad_lines_are_rejected_by_line_and_code_and_the_rest_is_taken(small_world: World):
    report = small_world.push(
        member("10000001"),
        member("123"),
        member("10000003", identifiers=[{"scheme": "ICR", "value": "000-12-3456"}]),
        member("10000001", name="Again"),
        member("10000005"),
    )

    assert [(r.line, r.account, r.code) for r in report.rejections] == [
        (2, None, "MRX-1101"),
        (3, "10000003", "MRX-1108"),
        (4, "10000001", "MRX-1113"),
    ]
    assert present(small_world) == {"10000001", "10000005"}


def test_a_dry_run_writes_nothing(small_world: World):
    with small_world.house.database.read() as tx:
        before = ledger.verify(tx).head

    report = small_world.push(*crowd(3), dry_run=True)

    assert report.accepted == 3
    assert present(small_world) == set()
    with small_world.house.database.read() as tx:
        assert ledger.verify(tx).head == before


def test_a_full_list_withdraws_whom_it_leaves_out_and_keeps_their_status(small_world: World):
    small_world.push(*crowd(30))
    small_world.grant(*accounts(30))
    small_world.deliver()

    report = small_world.push(*crowd(29), mode="snapshot")
    small_world.deliver()

    assert report.withdrawn == 1
    assert len(small_world.held("mx-neec")) == 29
    with small_world.house.database.read() as tx:
        gone = roll.get(tx, "10000029")
    assert (gone.present, gone.member.status) == (False, "VALIDATED"), "absence is not guilt"


def test_who_comes_back_is_told_again_in_a_new_life(small_world: World):
    small_world.push(*crowd(30))
    small_world.grant(*accounts(30))
    small_world.deliver()
    small_world.push(*crowd(29), mode="snapshot")
    small_world.deliver()

    small_world.push(*crowd(30), mode="snapshot")
    small_world.deliver()

    assert len(small_world.held("mx-neec")) == 30


@pytest.mark.parametrize(
    ("size", "left", "waits"),
    [(300, 289, False), (300, 290, False), (100, 90, False), (100, 89, True), (220, 209, False)],
)
def test_a_full_list_waits_over_five_percent_and_more_than_ten(
    small_world: World, size: int, left: int, *, waits: bool
):
    small_world.push(*crowd(size))

    report = small_world.push(*crowd(left), mode="snapshot")

    assert bool(report.waiting) is waits
    assert len(present(small_world)) == (size if waits else left)


def test_a_full_list_that_would_empty_one_partner_waits_too(small_world: World):
    """300 on the roll, but only 20 of them known to Mexico: twelve of those would go."""
    small_world.push(*crowd(300))
    small_world.grant(*accounts(300)[280:])
    small_world.deliver()

    report = small_world.push(*crowd(288), mode="snapshot")

    assert [(one.where, one.withdrawn, one.of) for one in report.waiting] == [("mx-neec", 12, 20)]
    assert len(present(small_world)) == 300


def test_approved_it_is_taken(small_world: World):
    small_world.push(*crowd(100))
    assert small_world.push(*crowd(50), mode="snapshot").waiting

    report = small_world.push(*crowd(50), mode="snapshot", approve=True)

    assert (report.waiting, report.withdrawn) == ([], 50)
    assert len(present(small_world)) == 50


def test_a_waiting_list_is_not_taken_at_all(small_world: World):
    small_world.push(*crowd(100))

    small_world.push(member("20000000"), mode="snapshot")

    assert "20000000" not in present(small_world)


def test_an_account_on_a_rejected_line_counts_as_present(small_world: World):
    small_world.push(*crowd(3))

    report = small_world.push(*crowd(2), member("10000002", status="ODD"), mode="snapshot")

    assert report.withdrawn == 0
    assert len(present(small_world)) == 3


def test_nobody_is_withdrawn_if_a_line_does_not_say_whom_it_is_about(small_world: World):
    small_world.push(*crowd(3))

    report = small_world.push(*crowd(2), member("??"), mode="snapshot")

    assert report.withdrawn == 0
    assert report.note is not None
    assert len(present(small_world)) == 3


def test_an_older_full_list_does_not_withdraw_newer_members(small_world: World):
    early = small_world.clock()
    small_world.clock.forward(days=1)
    small_world.push(*crowd(3))

    report = small_world.push(*crowd(2), mode="snapshot", as_of=early)

    assert report.withdrawn == 0


@pytest.mark.slow
def test_work_follows_change(small_world: World):
    """A full list of 3,000 of whom one changed queues one notice."""
    small_world.push(*crowd(3_000))
    small_world.grant(*accounts(3_000))
    small_world.deliver()

    changed = crowd(3_000)
    changed[7]["name"] = "Invented Renamed"
    small_world.push(*changed, mode="snapshot")

    with small_world.house.database.read() as tx:
        assert tx.scalars(select(rows.c.account)).all() == ["10000007"]
        assert withdrawals.held_by_partner(tx) == {"mx-neec": 3_000}
