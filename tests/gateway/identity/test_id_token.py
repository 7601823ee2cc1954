"""ID tokens that are not what they should be: none lets anybody in."""

import time
from typing import Any

import pytest

from outbox.house import House
from tests.gateway.identity import provider
from tests.gateway.identity.browser import at, refused, sign_in
from tests.gateway.identity.provider import CLIENT, Provider


@pytest.mark.parametrize(
    ("lies", "why"),
    [
        ({"aud": "another"}, "aud"),
        ({"aud": [CLIENT, "another"]}, "azp"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "azp"),
        ({"iss": "https://elsewhere.example"}, "iss"),
        ({"nonce": "of-another-sign-in"}, "nonce"),
        ({"exp": int(time.time()) - 3600}, "exp"),
        ({"exp": int(time.time()) + 86_400, "nbf": int(time.time()) + 3600}, "nbf"),
        ({"iat": int(time.time()) + 3600}, "iat"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
    ],
)
def test_an_id_token_that_is_not_of_this_sign_in_is_refused(
    house: House, there: Provider, lies: dict[str, Any], why: str
):
    there.lies = lies

    refused(at(house, there), why)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["aud", "iss", "nonce", "exp", "iat", "sub"])
def test_an_id_token_without_a_needed_claim_is_refused(house: House, there: Provider, name: str):
    there.without = {name}

    refused(at(house, there), name)


def test_an_unsigned_id_token_is_refused(house: House, there: Provider):
    there.unsigned = True

    refused(at(house, there), "algorithm")


def test_an_unsigned_id_token_is_refused_also_where_the_provider_announces_it(
    house: House, there: Provider
):
    there.unsigned = True
    there.discovery = {"id_token_signing_alg_values_supported": ["none", "HS256"]}

    refused(at(house, there), "algorithm")


def test_an_id_token_signed_with_another_key_of_the_same_name_is_refused(
    house: House, there: Provider
):
    there.signs_with = provider.key("first")

    refused(at(house, there), "signature")


def test_an_id_token_signed_with_the_public_key_as_a_shared_secret_is_refused(
    house: House, there: Provider
):
    from joserfc.jwk import OctKey

    there.discovery = {"id_token_signing_alg_values_supported": ["RS256", "HS256"]}
    there.signs_with = OctKey.import_key(there.keys[0].as_pem(private=False).replace(b"-", b"_"))
    there.algorithm = "HS256"

    refused(at(house, there), "algorithm")


def test_an_algorithm_that_the_provider_does_not_announce_is_refused(house: House, there: Provider):
    there.discovery = {"id_token_signing_alg_values_supported": ["ES256"]}

    refused(at(house, there), "algorithm")


@pytest.mark.parametrize(("acr", "status"), [("aal2", 303), ("aal1", 401), (None, 401)])
def test_how_sure_the_provider_must_be_is_held(
    house: House, there: Provider, acr: str | None, status: int
):
    there.person["acr"] = acr
    client = at(house, there, oidc_acr_values="aal3 aal2")

    assert sign_in(client).status_code == status
