"""The register of pushes after a process died, and what is kept of it for how long."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from gateway import pushes, spool, upkeep
from gateway.intake.reading import Rejected
from gateway.pushes import Kind, Pushed, Rejections, State
from gateway.spool import Spooled
from outbox.house import House
from schemas.tables import push_rejections
from tests.gateway.api.doors import token
from tests.world import World

NOW = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
ID = "0123456789abcdef"


@pytest.fixture
def house(small_world: World) -> House:
    return small_world.house


def begun(house: House, push_id: str = ID) -> tuple[Pushed, Spooled]:
    """A push that runs, and its file, locked by us."""
    file = spool.create(house, push_id)
    file.write(b"{}\n")
    push = Pushed(
        id=push_id,
        token=token(house).split("_")[1],
        kind=Kind.MEMBERS,
        format="ndjson",
        mode="snapshot",
        dry_run=False,
        as_of=NOW,
        bytes=3,
        digest="0" * 64,
        received_at=NOW,
    )
    with house.database.write() as tx:
        pushes.begin(tx, push)
    return push, file


def state(house: House, push: Pushed) -> State:
    with house.database.read() as tx:
        return pushes.get(tx, push.id, token=push.token, approves=False).state


def rejected(house: House) -> list[Any]:
    with house.database.read() as tx:
        return list(tx.execute(select(push_rejections)))


def settle(house: House, push: Pushed, how: State) -> None:
    with house.database.write() as tx:
        pushes.settle(tx, push.id, how, {}, now=NOW)


def test_what_is_under_way_is_left_alone(house: House):
    push, file = begun(house)

    upkeep.tidy(house, now=NOW)

    assert state(house, push) is State.RUNNING
    assert list(spool.every(house)) == [ID]
    file.remove()


def test_what_nobody_works_on_any_more_is_interrupted_and_its_body_goes(house: House):
    push, file = begun(house)
    file.let_go()  # what the system does when the process dies

    upkeep.tidy(house, now=NOW)

    assert state(house, push) is State.INTERRUPTED
    assert list(spool.every(house)) == []


def test_what_lost_its_body_is_interrupted(house: House):
    push, file = begun(house)
    file.remove()

    upkeep.tidy(house, now=NOW)

    assert state(house, push) is State.INTERRUPTED


def test_a_body_that_waits_outlives_its_process(house: House):
    push, file = begun(house)
    settle(house, push, State.WAITING)
    file.let_go()

    upkeep.tidy(house, now=NOW + timedelta(days=300))

    assert state(house, push) is State.WAITING
    assert list(spool.every(house)) == [ID]


def test_a_body_that_never_became_a_push_goes(house: House):
    spool.create(house, ID).let_go()

    upkeep.tidy(house, now=NOW)

    assert list(spool.every(house)) == []


def test_a_body_is_held_by_one_at_a_time(house: House):
    file = spool.create(house, ID)
    assert spool.take(house, ID) is None

    file.let_go()
    taken = spool.take(house, ID)
    assert taken is not None
    assert spool.take(house, ID) is None

    taken.remove()
    assert spool.take(house, ID) is None


def test_rejections_are_kept_for_seven_days(house: House):
    push, file = begun(house)
    rejections = Rejections(house, push.id)
    for number in range(2_001):
        rejections.add(Rejected(number, None, "MRX-1101", "a reason"))
    rejections.flush()
    settle(house, push, State.DONE)
    file.remove()

    upkeep.tidy(house, now=NOW + timedelta(days=7))
    assert len(rejected(house)) == 2_001

    upkeep.tidy(house, now=NOW + timedelta(days=7, seconds=1))
    assert rejected(house) == []
    assert state(house, push) is State.DONE


def test_rejections_without_end_are_cut_and_it_is_said(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pushes, "REJECTIONS_MAX", 3)
    push, file = begun(house)
    rejections = Rejections(house, push.id)
    for number in range(4):
        assert not rejections.cut
        rejections.add(Rejected(number, "10000001", "MRX-1101", "a reason"))
    rejections.flush()
    file.remove()

    assert rejections.cut
    assert [(row.n, row.line) for row in rejected(house)] == [(1, 0), (2, 1), (3, 2)]
