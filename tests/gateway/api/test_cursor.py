"""Cursors that somebody changed: refused, and nothing worse."""

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from gateway.api import cursor
from gateway.identity.roles import Role
from gateway.tokens import Scope
from schemas.errors import BadRequest
from schemas.tables import stored
from tests.gateway.api.doors import application, bearer, token
from tests.gateway.console.people import at_console
from tests.world import World

NO_MOMENTS = (1 << 62, -(1 << 62))


def test_a_moment_comes_back_as_it_was_written():
    at = datetime(2026, 1, 6, 12, 0, 0, 123456, tzinfo=UTC)

    assert cursor.moment(stored(at)) == at


@pytest.mark.parametrize(
    ("found", "shown", "last"), [([], [], None), ([1, 2], [1, 2], None), ([1, 2, 3], [1, 2], 2)]
)
def test_a_list_that_was_read_one_item_further_knows_whether_more_follows(
    found: list[int], shown: list[int], last: int | None
):
    following = None if last is None else cursor.written(last)

    assert cursor.cut(found, 2, lambda one: (one,)) == (shown, following)


@pytest.mark.parametrize("microseconds", NO_MOMENTS)
def test_a_number_that_is_no_moment_is_refused(microseconds: int):
    with pytest.raises(BadRequest, match="MRX-7003"):
        cursor.moment(microseconds)


@pytest.mark.parametrize("microseconds", NO_MOMENTS)
def test_no_list_fails_at_a_cursor_that_names_no_moment(small_world: World, microseconds: int):
    house, after = small_world.house, {"after": cursor.written(microseconds, "0")}
    door = TestClient(application(house), raise_server_exceptions=False)
    viewer = at_console(house, "vera", {Role.VIEWER})

    for path in ("pushes", "approvals", "replays"):
        shown = viewer.get(f"/console/{path}", params=after)
        assert (shown.status_code, "MRX-7003" in shown.text) == (422, True), path
        told = door.get(f"/v1/ops/{path}", params=after, headers=bearer(token(house, Scope.VIEWER)))
        assert (told.status_code, told.json()["code"]) == (422, "MRX-7003"), path
    told = door.get("/v1/source/pushes", params=after, headers=bearer(token(house, Scope.PUSH)))
    assert (told.status_code, told.json()["code"]) == (422, "MRX-7003")
