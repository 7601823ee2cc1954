"""Text that no database keeps is refused as wrong input wherever it stands: never a fault of ours."""

from collections.abc import Iterable

import pytest
from fastapi.openapi.utils import get_openapi
from fastapi.testclient import TestClient

from gateway import console
from gateway.api import operators
from gateway.api.context import Context
from gateway.identity.roles import Role
from gateway.tokens import Scope
from tests import world as worlds
from tests.conftest import BOTH
from tests.gateway.api.doors import application, bearer, token
from tests.gateway.console.people import at_console
from tests.gateway.wrong_texts import NUL, Asked, every
from tests.world import World

REFUSED = {400, 404, 405, 422}
STATIC = "/console/static"


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def wrong(client: TestClient, asked: Iterable[Asked]) -> list[str]:
    """The answers that are not what they should be."""
    found = []
    for one in asked:
        status = one.status(client)
        fits = one.what == "after" and status == 200  # a cursor that could be one of ours
        if status not in REFUSED and not fits:
            found.append(f"{status} {one}")
    return found


@pytest.mark.slow
def test_the_operators_door_refuses_it_everywhere(small_world: World):
    house = small_world.house
    client = TestClient(application(house))
    held = token(house, *(Scope(role.value) for role in Role))
    client.headers.update(bearer(held))

    asked = list(every(operators.PATH, operators.build(None).openapi()))

    assert len(asked) > 100
    assert wrong(client, asked) == []


@pytest.mark.slow
def test_the_console_refuses_it_everywhere(small_world: World):
    house = small_world.house
    client = at_console(house, "ana", set(Role))
    made = console.build(Context(house, worlds.settings(house)))
    api = get_openapi(title="console", version="1", routes=made.routes)

    asked = list(every(console.PATH, api))

    assert len(asked) > 100
    assert wrong(client, asked) == []


@pytest.mark.parametrize("path", [f"{STATIC}/a%00", f"{STATIC}/vendor/%00.css", "/console/%00"])
def test_a_file_of_such_a_name_is_not_there(small_world: World, path: str):
    client = at_console(small_world.house, "ana", set(Role))

    assert client.get(path).status_code in REFUSED


def test_a_name_of_a_field_is_refused_too(small_world: World):
    client = TestClient(application(small_world.house))
    client.headers.update(bearer(token(small_world.house, Scope.OPERATOR)))
    for name in (r"a\u0000", r"a\ud800"):
        answer = client.post(
            "/v1/ops/lanes/mx-neec/pause",
            content=f'{{"reason": "invented", "{name}": 1}}'.encode(),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 422
    assert client.get("/v1/ops/overview", params={NUL: "1"}).status_code == 422
