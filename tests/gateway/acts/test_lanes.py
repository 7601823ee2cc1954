"""Pausing and resuming: what still leaves, who may, and what the ledger keeps."""

import pytest

from gateway.acts import lanes, replays
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from gateway.views import rows
from gateway.views.replays import State
from outbox.house import House
from schemas.errors import BadRequest
from tests.conftest import BOTH
from tests.gateway.acts.entries import entries
from tests.gateway.turned_down import ACCOUNTS, refused, waiting
from tests.world import ONE, TWO, World, member

OLGA = Actor("olga", rights({Role.OPERATOR}))


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def house(small_world: World) -> House:
    return small_world.house


def test_a_pause_holds_announcements_back_and_never_a_withdrawal(small_world: World):
    world = small_world
    world.push(member("10000001"))
    world.grant("10000001")
    world.deliver()

    lanes.pause(world.house, OLGA, "mx-neec", reason=" their maintenance ", now=world.clock())
    world.push(member("10000002"))
    world.grant("10000002")
    world.deliver()
    assert world.held("mx-neec") == {ONE: "VALIDATED"}

    world.revoke("10000001", of="mx-neec")
    world.deliver()
    assert world.held("mx-neec") == {}

    lanes.resume(world.house, OLGA, "mx-neec", now=world.clock())
    world.deliver()
    assert world.held("mx-neec") == {TWO: "VALIDATED"}
    assert entries(world.house, "paused") == [{"by": "olga", "reason": "their maintenance"}]
    assert entries(world.house, "resumed") == [{"by": "olga", "reason": ""}]


def test_pausing_again_puts_the_new_reason_in_the_place_of_the_old_one(house: House, small_world):
    now = small_world.clock()
    lanes.pause(house, OLGA, "mx-neec", reason="one", now=now)
    lanes.pause(house, OLGA, "mx-neec", reason="two", now=now)

    with house.database.read() as tx:
        lane = rows.of(tx, house, "mx-neec", now=now).routine
    assert (lane.state, lane.paused_by, lane.pause_reason) == ("paused", "olga", "two")


@pytest.mark.parametrize("reason", ["", "   ", "two\nlines", "x" * 501])
def test_a_pause_needs_one_line_of_reason(house: House, small_world: World, reason: str):
    with pytest.raises(BadRequest, match="MRX-7023"):
        lanes.pause(house, OLGA, "mx-neec", reason=reason, now=small_world.clock())

    assert entries(house, "paused") == []


def test_a_reason_for_resuming_is_kept_if_there_is_one(house: House, small_world: World):
    lanes.resume(house, OLGA, "mx-neec", reason="it is over", now=small_world.clock())

    assert entries(house, "resumed") == [{"by": "olga", "reason": "it is over"}]
    with pytest.raises(BadRequest, match="MRX-7023"):
        lanes.resume(house, OLGA, "mx-neec", reason="two\nlines", now=small_world.clock())


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_nobody_but_an_operator_pauses_or_resumes(house: House, small_world: World, role: Role):
    somebody = Actor("somebody", rights({role}))

    for act in (lanes.pause, lanes.resume):
        with pytest.raises(BadRequest, match="MRX-7017"):
            act(house, somebody, "mx-neec", reason="because", now=small_world.clock())

    assert [(one["act"], one["by"]) for one in entries(house, "act refused")] == [
        ("pause", "somebody"),
        ("resume", "somebody"),
    ]
    assert entries(house, "paused") + entries(house, "resumed") == []


def test_an_unknown_partner_is_refused(house: House, small_world: World):
    for act in (lanes.pause, lanes.resume):
        with pytest.raises(BadRequest, match="MRX-5001"):
            act(house, OLGA, "fr-aeo", reason="because", now=small_world.clock())


def test_resuming_tells_again_what_the_partner_turned_down(small_world: World):
    refused(small_world, ACCOUNTS)

    resumed = lanes.resume(small_world.house, OLGA, "mx-neec", now=small_world.clock())
    small_world.deliver()

    assert (resumed.retold, resumed.left) == (7, 0)
    assert len(small_world.held("mx-neec")) == 7


def test_of_several_causes_one_person_has_no_more_told_again_by_resuming_than_by_a_replay(
    small_world: World,
):
    refused(small_world, ACCOUNTS)
    with small_world.house.database.write() as tx:
        sql = "UPDATE pending SET blocked = 'MRX-2211' WHERE account = '10000001'"
        tx.exec_driver_sql(sql)

    resumed = lanes.resume(small_world.house, OLGA, "mx-neec", now=small_world.clock())

    assert (resumed.retold, resumed.left) == (0, 7)
    assert None not in waiting(small_world).values()
    replay = {"reason": "all repaired there", "now": small_world.clock()}
    asked = replays.start(small_world.house, OLGA, "mx-neec", None, **replay)
    assert asked.state is State.WAITING


def test_more_than_one_person_may_have_told_again_stays_for_a_replay(
    small_world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("gateway.views.replays.ALONE_MAX", 3)
    refused(small_world, ACCOUNTS)

    resumed = lanes.resume(small_world.house, OLGA, "mx-neec", now=small_world.clock())

    assert (resumed.retold, resumed.left) == (0, 4)  # counted no further than it matters
    assert waiting(small_world) == dict.fromkeys(ACCOUNTS, "MRX-2210")
