"""What the identity provider says of itself, and where it is not there."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.identity import provider as ours
from gateway.identity import users
from gateway.identity.roles import Role
from outbox.house import House
from tests.gateway.console.people import nobody
from tests.gateway.identity import provider
from tests.gateway.identity.browser import at, sign_in
from tests.gateway.identity.provider import Provider
from tests.gateway.identity.somebody import name


@pytest.mark.slow
@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://elsewhere.example"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
def test_a_discovery_document_that_does_not_fit_is_not_believed(
    house: House, there: Provider, said: dict[str, Any]
):
    there.discovery = said

    answer = at(house, there).get("/console/oidc")

    assert (answer.status_code, "MRX-7026" in answer.text) == (503, True)


def test_a_provider_that_is_down_is_said_and_not_asked_again_at_once(house: House):
    with provider.serving() as gone:
        pass
    client = at(house, gone)

    began = time.monotonic()
    answers = [client.get("/console/oidc") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503] * 3
    assert time.monotonic() - began < 5


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gives a provider up while a test looks, however slow this machine is."""
    monkeypatch.setattr(ours, "_LIMIT", timedelta(seconds=60))


@pytest.mark.usefixtures("patient")
def test_a_provider_that_hangs_takes_a_few_threads_and_no_more(house: House, there: Provider):
    there.hangs = {"/.well-known/openid-configuration"}
    *clients, fifth = [at(house, there) for _ in range(5)]
    with ThreadPoolExecutor(5) as pool:
        waiting = [pool.submit(client.get, "/console/oidc") for client in clients]
        came = [there.hanging.acquire(timeout=15) for _ in waiting]

        turned_away = pool.submit(fifth.get, "/console/oidc")
        try:
            answer = turned_away.result(timeout=15)
        finally:
            there.go_on.set()

    assert all(came)
    assert (answer.status_code, "MRX-7032" in answer.text) == (429, True)
    assert [one.result().status_code for one in waiting] == [303] * 4


@pytest.mark.usefixtures("patient")
def test_who_waits_for_the_providers_keys_holds_up_nobody_else(house: House, there: Provider):
    there.hangs = {"/jwks"}
    one, two = at(house, there), at(house, there)
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(sign_in, one)
        came = there.hanging.acquire(timeout=15)

        other = pool.submit(two.get, "/console/oidc")
        try:
            away = other.result(timeout=15).status_code
        finally:
            there.go_on.set()

    assert came
    assert (away, waiting.result().status_code) == (303, 303)


def test_without_a_provider_there_is_no_way_there(house: House):
    client = nobody(house)

    assert client.get("/console/oidc").status_code == 404
    assert client.get("/console/oidc/callback?state=x&code=y").status_code == 404
    assert "identity provider" not in client.get("/console/login").text


def test_passwords_can_be_off(house: House, there: Provider):
    with house.database.write() as tx:
        who = name()
        users.create(
            tx, who, {Role.VIEWER}, by="test", now=datetime.now(UTC), password="correct horse 12"
        )
    client = at(house, there, local_sign_in="off")

    answer = client.post("/console/login", data={"name": who, "password": "correct horse 12"})

    assert (answer.status_code, "MRX-7030" in answer.text) == (403, True)
    assert "<form" not in client.get("/console/login").text
