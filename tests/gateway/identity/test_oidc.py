"""Signing in at an identity provider: a real one over HTTP, and answers that do not count."""

import hmac
import time
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import orjson
import pytest
from sqlalchemy import func, select

from gateway.console.page import COOKIE
from gateway.console.signing_in import ATTEMPT
from gateway.identity import attempt
from outbox.house import House
from schemas.tables import nonces
from tests.gateway.console.people import ORIGIN
from tests.gateway.identity import provider
from tests.gateway.identity.browser import at, go_there, refused, sign_in
from tests.gateway.identity.provider import SECRET, Provider


def test_the_browser_is_sent_with_pkce_a_nonce_and_a_state_and_nothing_secret(
    house: House, there: Provider
):
    away = at(house, there).get("/console/oidc").headers["location"]

    query = {name: values[0] for name, values in parse_qs(urlsplit(away).query).items()}
    assert query["redirect_uri"] == f"{ORIGIN}/console/oidc/callback"
    assert (query["code_challenge_method"], query["response_type"]) == ("S256", "code")
    assert len({query["state"], query["nonce"], query["code_challenge"]}) == 3
    assert SECRET not in away


@pytest.mark.parametrize(
    ("supported", "in_body"),
    [(["client_secret_basic"], False), (["client_secret_post", "client_secret_basic"], True)],
)
def test_the_secret_goes_the_way_the_provider_takes_it(
    house: House, there: Provider, supported: list[str], in_body: bool
):
    there.discovery = {"token_endpoint_auth_methods_supported": supported}

    assert sign_in(at(house, there)).status_code == 303

    assert ("client_secret" in there.forms[-1]) is in_body
    assert (there.authorizations[-1] is None) is in_body


def test_the_secret_may_stand_in_a_file(house: House, there: Provider, tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")

    client = at(house, there, oidc_client_secret="wrong", oidc_client_secret_file=file)

    assert sign_in(client).status_code == 303


def test_a_key_that_the_provider_has_since_is_fetched(house: House, there: Provider, monkeypatch):
    from datetime import timedelta

    from gateway.identity import provider as ours

    monkeypatch.setattr(ours, "_KEYS_AGAIN", timedelta(0))
    assert sign_in(at(house, there)).status_code == 303
    there.keys.append(provider.key("second", "EC"))
    there.algorithm = "ES256"

    assert sign_in(at(house, there)).status_code == 303
    assert there.asked.count("/jwks") == 2
    assert there.asked.count("/.well-known/openid-configuration") == 1


def test_an_unknown_key_does_not_make_us_ask_without_end(house: House, there: Provider):
    assert sign_in(at(house, there)).status_code == 303
    there.keys = [there.keys[0]]
    there.signs_with = provider.key("first")
    unknown = provider.key("unknown")
    there.keys.append(unknown)

    for _ in range(3):
        refused(at(house, there), "signature")

    assert there.asked.count("/jwks") == 1


def test_an_answer_counts_once_also_where_the_provider_forgets(house: House, there: Provider):
    there.forgetful = True
    client = at(house, there)
    back = go_there(client)
    held = client.cookies[ATTEMPT]
    assert client.get(back).status_code == 303

    client.cookies.set(ATTEMPT, held, domain="testserver.local", path="/")
    again = client.get(back)

    assert again.status_code == 401
    assert "it was answered already" in again.text


def spent(house: House) -> int:
    with house.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(nonces)) or 0


def test_a_stranger_makes_up_no_attempt(house: House, there: Provider):
    before, client, began = spent(house), at(house, there), int(time.time())
    held = text(orjson.dumps(["any key", began, "/console/", False]))
    facts = orjson.dumps(["state", float(began), "/console/", False])
    state = text(hmac.digest(b"any key", facts, "sha256"))

    client.cookies.set(ATTEMPT, held, domain="testserver.local", path="/")
    answer = client.get("/console/oidc/callback", params={"state": state, "code": "made-up"})

    assert answer.status_code == 401
    assert "not of a sign-in begun in this browser" in answer.text
    assert (there.asked, spent(house)) == ([], before)


@pytest.mark.parametrize(
    "said", [{"error": "access_denied"}, {}, {"code": "x", "iss": "x"}, {"code": "made-up"}]
)
def test_an_answer_that_is_none_writes_nothing(house: House, there: Provider, said: dict[str, str]):
    before, client = spent(house), at(house, there)
    away = client.get("/console/oidc").headers["location"]
    state = parse_qs(urlsplit(away).query)["state"][0]

    answer = client.get("/console/oidc/callback", params={"state": state, **said})

    assert (answer.status_code, spent(house)) == (401, before)


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def test_an_answer_to_a_sign_in_of_another_browser_is_refused(house: House, there: Provider):
    back = go_there(at(house, there))
    other = at(house, there)
    other.get("/console/oidc")

    for client in (other, at(house, there)):
        answer = client.get(back)
        assert answer.status_code == 401
        assert "not of a sign-in begun in this browser" in answer.text
        assert COOKIE not in client.cookies


@pytest.mark.slow
def test_an_answer_that_comes_too_late_is_refused(house: House, there: Provider, monkeypatch):
    from datetime import timedelta

    from gateway.identity import attempt

    client = at(house, there)
    back = go_there(client)
    monkeypatch.setattr(attempt, "LIFE", timedelta(0))
    time.sleep(1.1)

    answer = client.get(back)

    assert (answer.status_code, "too long ago" in answer.text) == (401, True)


@pytest.mark.parametrize(("behind", "came"), [(30, 303), (90, 401)])
def test_servers_whose_clocks_are_some_seconds_apart_finish_each_others_sign_ins(
    house: House, there: Provider, monkeypatch, behind: int, came: int
):
    began = attempt.begin

    def ahead(*where: Any, now: datetime, **how: Any) -> attempt.Attempt:
        return began(*where, now=now + timedelta(seconds=behind), **how)

    with monkeypatch.context() as patched:
        patched.setattr(attempt, "begin", ahead)
        client = at(house, there)
        back = go_there(client)

    assert client.get(back).status_code == came


def test_another_providers_answer_is_refused(house: House, there: Provider):
    client = at(house, there)
    back = go_there(client)
    url = httpx2.URL(f"{ORIGIN}{back}").copy_set_param("iss", "https://elsewhere.example")

    answer = client.get(str(url))

    assert (answer.status_code, "iss" in answer.text) == (401, True)


def test_whom_the_provider_does_not_let_in_is_told_so(house: House, there: Provider):
    there.refuses = "access_denied"

    answer = sign_in(at(house, there))

    assert answer.status_code == 401
    assert "the provider did not let them in" in answer.text


def test_a_wrong_secret_is_refused_by_the_provider_and_says_nothing_of_itself(
    house: House, there: Provider
):
    answer = sign_in(at(house, there, oidc_client_secret="not-the-secret"))

    assert answer.status_code == 401
    assert "not-the-secret" not in answer.text
