"""The page of users: what administrators do, and nobody else."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from gateway.console.page import COOKIE
from gateway.identity import sessions, users
from gateway.identity.roles import Role
from gateway.identity.users import PROVIDED, User
from outbox.house import House
from schemas.tables import ledger
from schemas.tables import sessions as sessions_
from tests import world
from tests.gateway.console.people import at_console, nobody

_numbers = count(1)
WHY = "as the tests ask"
OTHERS = sorted(set(Role) - {Role.ADMIN})


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> Iterator[House]:
    made, _ = world.connected(tmp_path_factory.mktemp("users"), key_files, (), server=None)
    yield made
    made.database.close()


@pytest.fixture
def ada(house: House) -> TestClient:
    """An administrator."""
    return at_console(house, "ada", {Role.ADMIN})


def somebody(house: House, *, made_by: str = "test", **more: Any) -> User:
    with house.database.write() as tx:
        return users.create(
            tx,
            f"person{next(_numbers)}",
            {Role.VIEWER},
            by=made_by,
            now=datetime.now(UTC),
            **more,
        )


def now_of(house: House, user: User) -> User:
    with house.database.read() as tx:
        return users.get(tx, user.id)


def entries(house: House, kind: str, name: str) -> list[dict[str, Any]]:
    with house.database.read() as tx:
        rows = tx.execute(select(ledger).where(ledger.c.kind == kind)).all()
    found = [orjson.loads(row.entry) for row in rows]
    return [entry for entry in found if name in (entry.get("user"), entry.get("by"))]


def password_on(page: str) -> str:
    found = re.search(r'<code class="once">([^<]+)</code>', page)
    assert found, page
    return found[1]


def test_an_administrator_makes_a_user_who_signs_in_with_what_the_page_showed_once(
    house: House, ada: TestClient
):
    name = f"person{next(_numbers)}"
    assert "Make the user" in ada.get("/console/users/new").text

    made = ada.post("/console/users/new", data={"name": name, "role": ["operator", "viewer"]})

    assert made.status_code == 200
    password = password_on(made.text)
    assert made.headers["cache-control"] == "no-store"
    answer = nobody(house).post("/console/login", data={"name": name, "password": password})
    assert answer.status_code == 303
    (entry,) = entries(house, "user made", name)
    assert entry == {"user": name, "roles": ["operator", "viewer"], "by": "ada"}
    with house.database.read() as tx:
        page = ada.get(f"/console/users/{users.named(tx, name).id}").text
    assert password not in page
    assert password not in ada.get("/console/users").text


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"name": "ada", "role": "viewer"}, 409, "MRX-5061"),
        ({"name": "A name", "role": "viewer"}, 422, "MRX-5062"),
        ({"name": "nobody"}, 422, "MRX-7003"),
        ({"name": "nobody", "role": "emperor"}, 422, "MRX-7003"),
    ],
)
def test_a_user_who_cannot_be_is_not_made(
    house: House, ada: TestClient, form: dict[str, str], status: int, code: str
):
    answer = ada.post("/console/users/new", data=form)

    assert (answer.status_code, code in answer.text) == (status, True)
    with house.database.read() as tx:
        assert "nobody" not in {user.name for user in users.every(tx)}


def test_the_list_names_everybody_with_roles_and_state(house: House, ada: TestClient):
    user = somebody(house, password="correct horse 12")

    page = ada.get("/console/users").text

    row = page[page.index(user.name) :].partition("</tr>")[0]
    assert "viewer" in row
    assert "one-time password" in row


def test_other_roles_count_from_the_next_page_on(house: House, ada: TestClient):
    user = somebody(house)
    them = at_console(house, user.name, {Role.VIEWER})
    assert them.get("/console/users").status_code == 403
    path = f"/console/users/{user.id}"
    assert "checked" in ada.get(f"{path}/roles").text

    answer = ada.post(f"{path}/roles", data={"role": ["admin", "auditor"], "reason": WHY})

    assert answer.headers["location"] == f"{path}?said=roles-changed"
    assert them.get("/console/users").status_code == 200
    (entry,) = entries(house, "roles changed", user.name)
    assert entry == {
        "user": user.name,
        "before": ["viewer"],
        "roles": ["admin", "auditor"],
        "by": "ada",
        "reason": WHY,
    }


def test_a_disabled_user_is_out_at_once_and_in_again_when_enabled(house: House, ada: TestClient):
    user = somebody(house)
    them = at_console(house, user.name, {Role.VIEWER})
    path = f"/console/users/{user.id}"
    assert "signed out everywhere" in ada.get(f"{path}/disable").text

    ada.post(f"{path}/disable", data={"reason": WHY})

    assert them.get("/console/account").status_code == 303
    assert "disabled" in ada.get(path).text
    assert entries(house, "user disabled", user.name)[0]["reason"] == WHY
    assert "with the roles viewer" in ada.get(f"{path}/enable").text

    ada.post(f"{path}/enable", data={"reason": WHY})

    assert now_of(house, user).disabled_at is None
    assert entries(house, "user enabled", user.name)[0]["by"] == "ada"
    assert them.get("/console/account").status_code == 303  # the session does not come back


def test_a_reset_ends_the_old_password_the_sessions_and_a_lock(house: House, ada: TestClient):
    user = somebody(house, password="correct horse 12")
    them = at_console(house, user.name, {Role.VIEWER})
    for _ in range(5):
        nobody(house).post("/console/login", data={"name": user.name, "password": "wrong"})
    path = f"/console/users/{user.id}"
    assert "locked" in ada.get(path).text
    assert "shows once" in ada.get(f"{path}/reset").text

    answer = ada.post(f"{path}/reset", data={"reason": WHY})

    password = password_on(answer.text)
    assert them.get("/console/account").status_code == 303
    old, new = (
        nobody(house).post("/console/login", data={"name": user.name, "password": word})
        for word in ("correct horse 12", password)
    )
    assert (old.status_code, new.status_code) == (401, 303)
    (entry,) = entries(house, "password reset", user.name)
    assert entry == {"user": user.name, "by": "ada", "reason": WHY}


@pytest.mark.parametrize("act", ["roles", "disable"])
def test_nobody_changes_their_own_roles_or_access(house: House, ada: TestClient, act: str):
    with house.database.read() as tx:
        me = users.named(tx, "ada")

    answer = ada.post(f"/console/users/{me.id}/{act}", data={"role": "operator", "reason": WHY})

    assert (answer.status_code, "MRX-7029" in answer.text) == (403, True)
    assert now_of(house, me).roles == {Role.ADMIN}
    assert now_of(house, me).disabled_at is None
    assert entries(house, "act refused", "ada")[-1]["because"] == "their own"
    assert "another administrator" in ada.get(f"/console/users/{me.id}").text


def test_what_the_provider_keeps_is_not_changed_here(house: House, ada: TestClient):
    user = somebody(house, made_by=PROVIDED, issuer="https://login.example", subject="7")

    roles = ada.post(f"/console/users/{user.id}/roles", data={"role": "admin", "reason": WHY})
    reset = ada.post(f"/console/users/{user.id}/reset", data={"reason": WHY})

    assert [answer.status_code for answer in (roles, reset)] == [409, 409]
    assert "MRX-7031" in roles.text
    assert now_of(house, user).roles == {Role.VIEWER}
    page = ada.get(f"/console/users/{user.id}").text
    assert "Change the roles" not in page
    assert "Reset the password" not in page


def test_a_user_of_the_provider_is_entered_without_a_password(house: House):
    settings = {
        "oidc_issuer": "https://login.example",
        "oidc_client_id": "mrx",
        "console_url": "https://testserver/console",
    }
    ada = at_console(house, "ada", {Role.ADMIN}, **settings)
    name = f"person{next(_numbers)}"
    assert "https://login.example" in ada.get("/console/users/new").text

    made = ada.post(
        "/console/users/new", data={"name": name, "role": "viewer", "subject": f"sub-{name}"}
    )

    assert "code class" not in made.text
    with house.database.read() as tx:
        assert users.by_subject(tx, "https://login.example", f"sub-{name}") is not None


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "x" * 501])
@pytest.mark.parametrize("act", ["roles", "disable", "enable", "reset"])
def test_an_act_without_a_reason_is_refused(house: House, ada: TestClient, act: str, reason: str):
    user = somebody(house)

    answer = ada.post(f"/console/users/{user.id}/{act}", data={"role": "admin", "reason": reason})

    assert answer.status_code == 422
    assert now_of(house, user) == user


ACTS = ["new", "{}/roles", "{}/disable", "{}/enable", "{}/reset"]


@pytest.mark.parametrize("reason", [WHY, ""])
@pytest.mark.parametrize("act", ACTS)
def test_who_is_no_administrator_is_refused_each_act_and_the_ledger_has_it(
    house: House, act: str, reason: str
):
    user = somebody(house)
    eve = at_console(house, "eve", OTHERS)
    before = len(entries(house, "act refused", "eve"))
    form = {"name": "friend", "role": "admin", "reason": reason}

    answer = eve.post(f"/console/users/{act.format(user.id)}", data=form)

    assert (answer.status_code, "MRX-7017" in answer.text) == (403, True)
    refused = entries(house, "act refused", "eve")
    assert len(refused) == before + 1
    assert refused[-1]["right"] == "administer"
    assert now_of(house, user) == user
    with house.database.read() as tx:
        assert "friend" not in {one.name for one in users.every(tx)}


@pytest.mark.parametrize("path", ["", "/new", "/{}", *(f"/{act}" for act in ACTS[1:])])
def test_who_is_no_administrator_sees_none_of_these_pages(house: House, path: str):
    user = somebody(house)
    eve = at_console(house, "eve", OTHERS)

    assert eve.get(f"/console/users{path.format(user.id)}").status_code == 403


@pytest.mark.parametrize("act", ACTS)
def test_each_act_asks_again_who_it_is(house: House, act: str):
    user = somebody(house)
    ada = at_console(house, "ada", {Role.ADMIN})
    long_ago = datetime.now(UTC) - timedelta(minutes=11)
    with house.database.write() as tx:
        here = sessions_.c.digest == sessions._digest(ada.cookies[COOKIE])
        tx.execute(update(sessions_).where(here).values(proved_at=long_ago))
    path = f"/console/users/{act.format(user.id)}"

    asked, done = (
        ada.get(path),
        ada.post(path, data={"name": "friend", "role": "admin", "reason": WHY}),
    )

    for answer in (asked, done):
        assert (answer.status_code, "MRX-7021" in answer.text) == (403, True)
    assert now_of(house, user) == user


def test_nobody_and_nothing_is_shown_for_a_user_there_is_not(ada: TestClient):
    assert ada.get(f"/console/users/{'0' * 16}").status_code == 404
    assert ada.get("/console/users/ada").status_code == 422
