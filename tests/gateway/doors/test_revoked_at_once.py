"""What is taken back counts no more from the next request on, at every server, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway import tokens
from gateway.acts import users as acts
from gateway.app import build
from gateway.console.page import COOKIE
from gateway.identity import passwords, sessions, users
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox.house import House
from partners import certificates
from schemas.tables import sessions as sessions_
from schemas.tables import tokens as tokens_
from tests.conftest import BOTH
from tests.gateway.api.doors import bearer, signature, token
from tests.gateway.console.people import ORIGIN
from tests.world import World

OUTCOMES, AGREEMENT, PAGE = "/v1/source/outcomes", "/v1/partner/agreement", "/console/account"
GOOD = "correct horse 12"
ADMIN = Actor("ada", rights({Role.ADMIN}))


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def servers(house: House) -> list[TestClient]:
    """Two of one gateway."""
    settings = Settings(home=house.folder)
    return [
        TestClient(
            build(house, settings),
            base_url=ORIGIN,
            headers={"Sec-Fetch-Site": "same-origin"},
            follow_redirects=False,
        )
        for _ in range(2)
    ]


def now() -> datetime:
    return datetime.now(UTC)


def test_a_revoked_token(house: House, servers: list[TestClient]):
    text = token(house, Scope.READ)
    assert [one.get(OUTCOMES, headers=bearer(text)).status_code for one in servers] == [200, 200]

    with house.database.write() as tx:
        tokens.revoke(tx, text.split("_")[1], by="test", now=now())

    assert [one.get(OUTCOMES, headers=bearer(text)).status_code for one in servers] == [401, 401]


def test_a_token_whose_time_is_over(house: House, servers: list[TestClient]):
    text = token(house, Scope.READ, expires_at=now() + timedelta(hours=1))
    assert servers[0].get(OUTCOMES, headers=bearer(text)).status_code == 200
    with house.database.read() as tx:
        assert tokens.proved(tx, text, now=now() + timedelta(hours=1)) is None


def test_a_certificate_that_was_withdrawn(small_world: World, servers: list[TestClient]):
    key = small_world.partners["mx-neec"].key

    def asked() -> list[int]:
        return [
            one.get(AGREEMENT, headers=signature(key, "GET", AGREEMENT)).status_code
            for one in servers
        ]

    assert asked() == [200, 200]
    with small_world.house.database.write() as tx:
        certificates.withdraw(tx, "mx-neec", key.certificate.fingerprint, now=now())

    assert asked() == [401, 401]


ENDS: dict[str, Callable[[House, users.User, str], object]] = {
    "disabled": lambda house, user, _: acts.disable(
        house, ADMIN, user.name, reason="invented", now=now()
    ),
    "another password": lambda house, _, held: acts.change_own_password(
        house, _session(house, held), GOOD, "battery staple 34", "battery staple 34", now=now()
    ),
    "a reset": lambda house, user, _: acts.reset(
        house, ADMIN, user.name, reason="invented", now=now()
    ),
    "signed out everywhere": lambda house, user, _: acts.sign_out_everywhere(
        house, user, now=now()
    ),
}


def _session(house: House, held: str) -> sessions.Session:
    with house.database.read() as tx:
        found = sessions.find(tx, held, now=now())
    assert found is not None
    return found


@pytest.mark.slow
@pytest.mark.parametrize("how", ENDS)
def test_all_sessions_of_somebody(house: House, servers: list[TestClient], how: str):
    with house.database.write() as tx:
        user = users.create(tx, "vera", {Role.VIEWER}, by="test", now=now(), password=GOOD)
        users.set_password(tx, user, passwords.kept(GOOD), now=now())
        user = users.get(tx, user.id)
        held = [sessions.begin(tx, user, now=now()) for _ in servers]

    def seen() -> list[int]:
        return [
            one.get(PAGE, headers={"Cookie": f"{COOKIE}={text}"}).status_code
            for one in servers
            for text in held
        ]

    assert seen() == [200] * 4
    ENDS[how](house, user, held[0])

    assert seen() == [303] * 4


def test_a_role_that_was_taken_away(house: House, servers: list[TestClient]):
    with house.database.write() as tx:
        user = users.create(tx, "otto", {Role.ADMIN}, by="test", now=now())
        held = sessions.begin(tx, user, now=now())
    cookie = {"Cookie": f"{COOKIE}={held}"}
    assert servers[1].get("/console/users", headers=cookie).status_code == 200

    with house.database.write() as tx:
        users.set_roles(tx, user, {Role.VIEWER}, by="test", reason="invented", now=now())

    assert servers[1].get("/console/users", headers=cookie).status_code == 403


def test_the_database_holds_nothing_that_opens_anything(house: House, small_world: World):
    """Whoever reads a copy of it has no token, no session and no password."""
    text = token(house, Scope.READ)
    with house.database.write() as tx:
        user = users.create(tx, "vera", {Role.VIEWER}, by="test", now=now(), password=GOOD)
        held = sessions.begin(tx, user, now=now())
    with house.database.read() as tx:
        kept = repr([*tx.execute(select(tokens_)), *tx.execute(select(sessions_))])
        rows = repr(list(tx.execute(select(users.users))))
    for secret in (text, text.split("_", 2)[2], held, GOOD):
        assert secret not in kept + rows
    assert "scrypt$" in rows


def test_a_new_sign_in_has_a_number_of_its_own(house: House, servers: list[TestClient]):
    """Nobody who gave somebody a cookie before has what they are signed in with then."""
    with house.database.write() as tx:
        user = users.create(tx, "vera", {Role.VIEWER}, by="test", now=now(), password=GOOD)
        users.set_password(tx, user, passwords.kept(GOOD), now=now())
        planted = sessions.begin(tx, user, now=now())
    form = {"name": "vera", "password": GOOD}
    first = servers[0].post("/console/login", data=form, headers={"Cookie": f"{COOKIE}={planted}"})
    servers[0].cookies.clear()
    second = servers[0].post("/console/login", data=form)

    given = {one.headers["set-cookie"].partition(f"{COOKIE}=")[2][:40] for one in (first, second)}
    assert len(given) == 2
    assert planted[:40] not in given
    old = servers[1].get(PAGE, headers={"Cookie": f"{COOKIE}={planted}"})
    assert old.status_code == 303
