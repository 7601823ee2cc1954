"""The views of what people decide, on both databases: each is asked once of a small world."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from gateway import inbound_batches, own_keys, pushes
from gateway.acts import approvals, ledgers
from gateway.acts.keys import ACTIVATE
from gateway.acts.pushes import going
from gateway.identity.actor import ALL, Actor
from gateway.inbound_batches import State
from gateway.tokens import Scope
from gateway.views import inbound, keys, ledger, onboarding
from gateway.views import pushes as pushed
from gateway.views.ledger import Wanted
from tests.conftest import BOTH
from tests.gateway.api.doors import application
from tests.gateway.api.source.push_calls import AS_OF, Caller, lines
from tests.gateway.sender import Sender, some
from tests.world import START, World, member

NOW = datetime.now(UTC)
ACTOR = Actor("anna", ALL)


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_push_says_who_is_consented_allowed_and_would_go(small_world: World):
    world, house = small_world, small_world.house
    known = [member(str(10_000_000 + n)) for n in range(30)]
    world.push(*known)
    world.grant(*(str(one["account"]) for one in known[:3]))
    pusher = Caller(TestClient(application(house)), house, (Scope.PUSH,))
    wrong = member("10000031", status="NO SUCH WORD")
    answer = pusher.push(lines(*known[:5], wrong), mode="snapshot", as_of=AS_OF)
    push_id = str(answer.json()["push"]["id"])

    with house.database.read() as tx:
        shown = pushed.one(tx, house, push_id)
        listed = pushes.every(tx, state=pushes.State.WAITING, at_most=5)
        older = pushes.every(tx, after=(listed[0].received_at, push_id), at_most=5)

    [mexico] = [one for one in shown.funnels if one.partner == "mx-neec"]
    assert (mexico.members, mexico.consented, mexico.allowed) == (5, 3, 0)
    assert mexico.blocked == (("MRX-2207", 3),)  # the consents were heard long ago
    assert (shown.going, going(shown.push)) == (25, 25)
    assert [lines for _, lines in shown.rejected] == [1]
    assert ([one.id for one in listed], older) == ([push_id], [])


def test_a_roll_says_its_size_its_lines_and_what_waits(small_world: World):
    members, sender = some(200), Sender(small_world)
    sender.send(sender.next(members), now=NOW - timedelta(days=2))
    sender.send(sender.next((), [one.ref for one in members[:100]]), now=NOW)

    with small_world.house.database.read() as tx:
        rolls = {one.partner: one for one in inbound.rolls(tx, small_world.house, now=NOW)}
        waiting = inbound_batches.every(tx, state=State.QUARANTINED)
        latest = inbound_batches.latest(tx, "mx-neec", at_most=1)
        before = inbound_batches.latest(tx, "mx-neec", before=latest[0].place, at_most=9)
        one = inbound.one(tx, small_world.house, waiting[0].id)

    assert (rolls["mx-neec"].size, rolls["mx-neec"].state) == (200, "fresh")
    assert (rolls["mx-neec"].lower, rolls["mx-neec"].upper, rolls["mx-neec"].waiting) == (
        150,
        250,
        1,
    )
    assert rolls["ca-pip"].state == "never heard"
    assert [one.place.number for one in (*latest, *before)] == [2, 1]
    assert one.plan is not None
    assert (one.plan.gone, one.asked) == (100, None)


def test_the_inventory_has_ours_theirs_and_what_was_asked(small_world: World):
    house = small_world.house
    following, _ = own_keys.stage(house, house.folder, by="sofia", now=datetime.now(UTC))
    with house.database.write() as tx:
        subject = following.fingerprint
        approvals.ask(tx, ACTOR, ACTIVATE, subject=subject, reason="why", now=NOW)

    with house.database.read() as tx:
        found = keys.inventory(tx, house, now=NOW)

    assert [one.state for one in found.ours] == ["current", "next"]
    assert found.following is not None
    assert found.following.unaware == ("mx-neec",)
    assert [one.partner for one in found.theirs] == ["mx-neec"]
    assert (found.restart, found.asked is not None) == (False, True)


def test_the_ledger_is_found_by_moment_partner_and_person(small_world: World):
    house = small_world.house
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    ledgers.verify(house, ACTOR, now=NOW)

    def kinds(**wanted: object) -> set[str]:
        with house.database.read() as tx:
            page = ledger.page(tx, house, Wanted(**wanted), before=None, at_most=100)  # type: ignore[arg-type]
        return {one.kind for one in page.found}

    assert kinds(by="anna") == {"ledger verified"} == kinds(since=START + timedelta(days=1))
    assert "ledger verified" not in kinds(until=START + timedelta(days=1))
    assert "disclosed" in kinds(partner="mx-neec")
    assert kinds(kind="disclosed", partner="ca-pip") == set()
    with house.database.read() as tx:
        assert "members pushed" in ledger.kinds(tx)
        standing = ledger.standing(tx)
    assert (standing.verified_by, standing.broken_at) == ("anna", None)
    assert standing.verified_to == standing.head.size - 1  # what was added last says so


def test_a_list_says_what_is_open_before_going_live(small_world: World):
    with small_world.house.database.read() as tx:
        every = {one.partner: one for one in onboarding.every(tx, small_world.house, now=NOW)}

    mexico, canada = every["mx-neec"], every["ca-pip"]
    assert "certificate" not in mexico.open_before
    assert "certificate" in canada.open_before
    assert mexico.live
    assert not canada.live
