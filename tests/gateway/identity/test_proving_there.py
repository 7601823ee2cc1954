"""Showing again who one is, at the identity provider."""

import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx2
import pytest

from gateway.console.page import COOKIE
from outbox.house import House
from tests.gateway.console.people import ORIGIN
from tests.gateway.identity.browser import at, go_there, sign_in
from tests.gateway.identity.provider import Provider
from tests.gateway.identity.somebody import name


def old_proof(house: House) -> None:
    """All sessions proved long ago."""
    from datetime import timedelta

    from sqlalchemy import update

    from schemas.tables import sessions

    with house.database.write() as tx:
        tx.execute(update(sessions).values(proved_at=datetime.now(UTC) - timedelta(hours=1)))


def test_who_they_are_is_shown_again_at_the_provider(house: House, there: Provider):
    client = at(house, there)
    sign_in(client)
    old_proof(house)
    held = client.cookies[COOKIE]

    away = client.get("/console/oidc?proving=yes&to=/console/account").headers["location"]
    assert {"prompt=login", "max_age=0"} <= set(urlsplit(away).query.split("&"))
    back = httpx2.get(away).headers["location"].removeprefix(ORIGIN)
    answer = client.get(back)

    assert (answer.status_code, answer.headers["location"]) == (303, "/console/account")
    assert client.cookies[COOKIE] == held
    assert proved(house, held)


@pytest.mark.slow
@pytest.mark.parametrize(
    "auth_time",
    [
        pytest.param(int(time.time()) - 3600, id="an hour ago"),
        pytest.param(None, id="none"),
        pytest.param("now", id="no number"),
    ],
)
def test_a_provider_that_did_not_ask_again_proves_nothing(
    house: House, there: Provider, auth_time: object
):
    client = at(house, there)
    sign_in(client)
    old_proof(house)
    there.lies = {"auth_time": auth_time}

    answer = client.get(go_there(client, "/console/oidc?proving=yes"))

    assert (answer.status_code, "auth_time" in answer.text) == (401, True)
    assert not proved(house, client.cookies[COOKIE])


def test_somebody_else_at_the_provider_proves_nothing(house: House, there: Provider):
    client = at(house, there)
    sign_in(client)
    old_proof(house)
    there.person = there.person | {"sub": name()}

    answer = client.get(go_there(client, "/console/oidc?proving=yes"))

    assert (answer.status_code, "sub" in answer.text) == (401, True)
    assert not proved(house, client.cookies[COOKIE])


def proved(house: House, held: str) -> bool:
    from gateway.identity import sessions

    now = datetime.now(UTC)
    with house.database.read() as tx:
        session = sessions.find(tx, held, now=now)
    assert session is not None
    return session.fresh(now)
