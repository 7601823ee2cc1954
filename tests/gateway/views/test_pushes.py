"""A push as it is shown, on both databases."""

import pytest
from fastapi.testclient import TestClient

from gateway import pushes
from gateway.taking import going
from gateway.tokens import Scope
from gateway.views import pushes as pushed
from tests.conftest import BOTH
from tests.gateway.api.doors import application
from tests.gateway.api.source.push_calls import AS_OF, Caller, lines
from tests.world import World, member


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
