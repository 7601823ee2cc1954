"""Taking a push: what is news, what is older, who a full list withdraws, and when it waits."""

import io
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select

from gateway.intake import push_consents
from outbox import ledger, withdrawals
from partners import consents, roll
from schemas.tables import is_set, members, standing_consents
from schemas.tables import pending as rows
from tests.world import World, member


def crowd(n: int) -> list[dict[str, object]]:
    return [member(str(10_000_000 + i)) for i in range(n)]


def accounts(n: int) -> list[str]:
    return [str(10_000_000 + i) for i in range(n)]


def events(world: World, *lines: dict[str, object], dry_run: bool = False):
    body = b"\n".join(orjson.dumps(line) for line in lines)
    now = world.clock()
    order = push_consents.Push(
        source=io.BytesIO(body), format="ndjson", as_of=now, now=now, by="test", dry_run=dry_run
    )
    return push_consents.push(world.house, order)


def granted(account: str, **facts: object) -> dict[str, object]:
    return {
        "account": account,
        "programme": "mx-neec",
        "event": "granted",
        "at": "2014-08-20T12:00:00Z",
        "officer": {"title": "Vice President"},
        "text_version": "neec-2014",
        **facts,
    }


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


def test_a_grant_for_an_account_not_on_the_roll_is_rejected(small_world: World):
    small_world.push(member("10000001"))

    report = events(small_world, granted("10000001"), granted("10000009"))

    assert (report.accepted, report.rejected) == (1, 1)
    assert [(r.line, r.account, r.code) for r in report.rejections] == [(2, "10000009", "MRX-1201")]


def test_of_two_events_at_one_instant_the_revocation_wins_in_either_order(small_world: World):
    small_world.push(member("10000001"), member("10000002"))
    events(small_world, granted("10000001"), granted("10000001", event="revoked"))
    events(small_world, granted("10000002", event="revoked"), granted("10000002"))

    with small_world.house.database.read() as tx:
        assert tx.scalars(select(standing_consents.c.event)).all() == ["revoked", "revoked"]
        assert tx.scalars(select(rows.c.account)).all() == []


def test_an_older_event_is_kept_as_history_and_ignored(small_world: World):
    small_world.push(member("10000001"))
    events(small_world, granted("10000001", event="revoked", at="2020-01-01T00:00:00Z"))

    report = events(small_world, granted("10000001"))

    assert (report.accepted, report.ignored) == (0, 1)
    with small_world.house.database.read() as tx:
        assert len(consents.trail(tx, "10000001")) == 2
        assert tx.scalars(select(rows.c.account)).all() == []


def test_the_same_events_twice_change_nothing(small_world: World):
    small_world.push(member("10000001"))
    events(small_world, granted("10000001"))
    small_world.deliver()

    report = events(small_world, granted("10000001"))
    small_world.deliver()

    assert (report.accepted, report.unchanged) == (0, 1)
    assert len(small_world.wire.journal) == 1


def test_given_and_taken_back_and_given_in_one_file_ends_given(small_world: World):
    small_world.push(member("10000001"))

    report = events(
        small_world,
        granted("10000001"),
        granted("10000001", event="revoked", at="2015-01-01T00:00:00Z"),
        granted("10000001", at="2016-01-01T00:00:00Z"),
    )
    small_world.deliver()

    assert report.accepted == 3
    assert small_world.held("mx-neec") == {"Invented Company 10000001": "VALIDATED"}


def test_a_dry_run_of_consents_takes_nothing_back(small_world: World):
    small_world.push(member("10000001"))
    events(small_world, granted("10000001"))
    small_world.deliver()

    report = events(
        small_world,
        granted("10000001", event="revoked", at="2020-01-01T00:00:00Z"),
        dry_run=True,
    )
    small_world.deliver()

    assert (report.accepted, report.revocations) == (1, [])
    assert small_world.held("mx-neec") == {"Invented Company 10000001": "VALIDATED"}


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
