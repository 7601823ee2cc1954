"""Whose handshake it was, as a trusted proxy says."""

from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from gateway.settings import Settings
from signing import keys
from signing.keys import SigningKey
from tests.gateway.api.doors import signature
from tests.gateway.api.partner.signed_calls import (
    PROXY,
    URL,
    connected,
    keys_of_three,
    refused,
    two_pinned,
)
from tests.world import START, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    key_files = keys_of_three(tmp_path_factory.mktemp("keys"))
    return two_pinned(tmp_path_factory.mktemp("world"), key_files)


@pytest.fixture(scope="module")
def mexico(world: World) -> SigningKey:
    return world.partners["mx-neec"].key


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    return connected(world)


def client_cert(key: SigningKey) -> dict[str, str]:
    """RFC 9440."""
    return {"Client-Cert": f":{b64encode(key.certificate.der).decode()}:"}


def escaped(key: SigningKey) -> dict[str, str]:
    """nginx: $ssl_client_escaped_cert."""
    return {"X-SSL-Cert": quote(key.certificate.pem, safe="")}


@pytest.mark.slow
@pytest.mark.parametrize(
    "addresses", [PROXY, "192.0.2.0/24", "10.0.0.1, 192.0.2.7", "2001:db8::/32,192.0.2.0/28"]
)
def test_a_trusted_proxy_says_whose_handshake_it_was(
    world: World, mexico: SigningKey, addresses: str
):
    client = connected(world, proxy_addresses=addresses)

    assert client.get(URL, headers=client_cert(mexico)).status_code == 200


def test_a_proxy_may_speak_in_pem(world: World, mexico: SigningKey):
    client = connected(world, proxy_addresses=PROXY, client_certificate_header="X-SSL-Cert")

    assert client.get(URL, headers=escaped(mexico)).status_code == 200
    refused(client.get(URL, headers=client_cert(mexico)), "MRX-7001")


def test_an_address_in_two_forms_is_one(world: World, mexico: SigningKey):
    client = connected(world, peer=f"::ffff:{PROXY}", proxy_addresses=PROXY)

    assert client.get(URL, headers=client_cert(mexico)).status_code == 200


@pytest.mark.parametrize(
    ("peer", "addresses"),
    [
        pytest.param(PROXY, "", id="off, as it comes"),
        pytest.param("192.0.2.8", PROXY, id="the machine beside it"),
        pytest.param("2001:db8::1", "10.0.0.0/8", id="another family"),
        pytest.param("testclient", "0.0.0.0/0", id="no address"),
        pytest.param("", "0.0.0.0/0", id="nothing"),
    ],
)
def test_from_anywhere_else_the_header_is_as_if_absent(
    world: World, mexico: SigningKey, peer: str, addresses: str
):
    client = connected(world, peer=peer, proxy_addresses=addresses)
    claims = client_cert(mexico) | {
        "X-Forwarded-For": PROXY,
        "Forwarded": f"for={PROXY}",
        "X-Real-IP": PROXY,
    }

    refused(client.get(URL, headers=claims), "MRX-7001")
    assert client.get(URL, headers=claims).content == client.get(URL).content
    signed = claims | signature(mexico, "GET", URL)
    assert client.get(URL, headers=signed).status_code == 200


@pytest.mark.parametrize(
    "told",
    ["", ":", "::", ":AAAA:", ":=:", "x", ":" + "A" * 20_000 + ":", "%00", "%ff%fe", ":é:"],
)
def test_a_proxy_that_talks_nonsense_is_not_believed(world: World, told: str):
    client = connected(world, proxy_addresses=PROXY)

    refused(client.get(URL, headers={"Client-Cert": told.encode("latin-1")}), "MRX-7001")


def test_two_certificates_in_one_request_are_none(world: World, mexico: SigningKey):
    client = connected(world, proxy_addresses=PROXY)
    one = client_cert(mexico)["Client-Cert"]

    answer = client.get(URL, headers=[("Client-Cert", one), ("Client-Cert", one)])

    refused(answer, "MRX-7001")


def test_a_certificate_nobody_pinned_is_nobodys_behind_a_proxy_too(world: World, tmp_path: Path):
    stranger = keys.create(tmp_path / "stranger.key", "mx-neec", START, kind="p256")

    answer = connected(world, proxy_addresses=PROXY).get(URL, headers=client_cert(stranger))

    refused(answer, "MRX-7001")


def test_a_signature_that_does_not_hold_is_not_saved_by_a_proxy(world: World, mexico: SigningKey):
    client = connected(world, proxy_addresses=PROXY)
    headers = client_cert(mexico) | signature(mexico, "GET", "/elsewhere")

    refused(client.get(URL, headers=headers))


@pytest.mark.parametrize("addresses", ["nonsense", "10.0.0.1/99", "10.0.0.1;10.0.0.2"])
def test_a_setting_that_cannot_be_read_stops_the_gateway(addresses: str):
    with pytest.raises(ValidationError):
        Settings(proxy_addresses=addresses)


def test_the_setting_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MRX_PROXY_ADDRESSES", "10.0.0.7, 10.1.0.0/16")

    assert [str(one) for one in Settings().proxy_addresses] == ["10.0.0.7/32", "10.1.0.0/16"]
