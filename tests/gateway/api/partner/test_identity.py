"""Who is calling: the key of a pinned certificate says so, or a proxy we trust. Nobody else."""

import subprocess
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import ValidationError
from sqlalchemy import func, select, update

from gateway import upkeep
from gateway.app import build
from gateway.settings import Settings
from partners import certificates, nonces
from schemas.tables import certificates as certificates_
from schemas.tables import foreign_rolls
from schemas.tables import nonces as nonces_
from signing import keys
from signing.keys import SigningKey
from tests.conftest import connected_world
from tests.gateway.api.doors import signature
from tests.tools import tool
from tests.world import START, World, new_key, pinned

URL = "/v1/partner/batches?limit=5"
PROXY = "192.0.2.7"


@pytest.fixture(scope="module")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Mexico signs with RSA, as the shell does that signs by hand.

    In a folder of their own: what is made once a session with certain keys lies beside them.
    """
    folder = tmp_path_factory.mktemp("keys")
    return {
        code: new_key(folder, code, kind="rsa" if code == "mx-neec" else "p256")
        for code in ("us-ctpat", "mx-neec", "ca-pip")
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    """us-ctpat, and two partners whose certificates are pinned."""
    return connected_world(tmp_path_factory.mktemp("world"), key_files, ("mx-neec", "ca-pip"))


@pytest.fixture(scope="module")
def mexico(world: World) -> SigningKey:
    return world.partners["mx-neec"].key


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    return connected(world)


def connected(world: World, peer: str = PROXY, **settings: Any) -> TestClient:
    folder = world.house.folder
    app = build(world.house, Settings(home=folder, **settings))
    return TestClient(app, client=(peer, 50000))


def refused(answer: Response, code: str = "MRX-7011") -> None:
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "www-authenticate" in answer.headers


def test_a_signed_request_is_answered(client: TestClient, mexico: SigningKey):
    assert client.get(URL, headers=signature(mexico, "GET", URL)).status_code == 200


def test_without_credentials_there_is_nothing(client: TestClient):
    refused(client.get(URL), "MRX-7001")


def test_a_replay_is_refused(client: TestClient, mexico: SigningKey):
    headers = signature(mexico, "GET", URL)

    assert client.get(URL, headers=headers).status_code == 200
    for _ in range(2):
        refused(client.get(URL, headers=headers), "MRX-7012")


def test_a_replay_of_a_request_that_was_refused_for_what_it_asks_is_refused(
    client: TestClient, mexico: SigningKey
):
    url = "/v1/partner/batches?limit=0"
    headers = signature(mexico, "GET", url)

    assert client.get(url, headers=headers).status_code == 422
    refused(client.get(url, headers=headers), "MRX-7012")


DOCTORED: dict[str, tuple[str, str, Callable[[dict[str, str]], dict[str, str]]]] = {
    "another path": ("GET", "/v1/partner/batches/next?limit=5", dict),
    "another query": ("GET", "/v1/partner/batches?limit=6", dict),
    "a longer query": ("GET", f"{URL}&after=x", dict),
    "the same path, spelled otherwise": ("GET", "/v1/partner/%62atches?limit=5", dict),
    "another date": (
        "GET",
        URL,
        lambda h: h | {"Date": h["Date"].replace("20", "19", 1)},
    ),
    "another nonce": (
        "GET",
        URL,
        lambda h: h | {"Signature-Input": h["Signature-Input"].replace('nonce="', 'nonce="x')},
    ),
    "another tag": (
        "GET",
        URL,
        lambda h: h | {"Signature-Input": h["Signature-Input"].replace("us-ctpat", "mx-neec")},
    ),
    "no input": ("GET", URL, lambda h: {k: v for k, v in h.items() if k != "Signature-Input"}),
    "no signature": ("GET", URL, lambda h: {k: v for k, v in h.items() if k != "Signature"}),
}


@pytest.mark.parametrize("what", DOCTORED)
def test_a_doctored_request_is_nobodys(client: TestClient, mexico: SigningKey, what: str):
    method, url, change = DOCTORED[what]

    refused(client.request(method, url, headers=change(signature(mexico, "GET", URL))))


def test_another_method_is_another_request(client: TestClient, mexico: SigningKey):
    refused(client.get(URL, headers=signature(mexico, "HEAD", URL)))


def test_a_signature_for_another_gateway_is_worth_nothing_here(
    client: TestClient, mexico: SigningKey
):
    refused(client.get(URL, headers=signature(mexico, "GET", URL, to="ca-pip")))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_far_off_is_refused(client: TestClient, mexico: SigningKey, minutes: int):
    at = datetime.now(UTC) + timedelta(minutes=minutes)

    refused(client.get(URL, headers=signature(mexico, "GET", URL, now=at)))


def test_a_certificate_nobody_pinned_is_refused_like_a_bad_signature(
    client: TestClient, mexico: SigningKey, tmp_path: Path
):
    """Same status, same body: whoever guesses learns nothing of whose certificate is pinned."""
    stranger = keys.create(tmp_path / "stranger.key", "stranger", START, kind="p256")
    spoiled = signature(mexico, "GET", URL) | {"Signature": f"mrx=:{'A' * 512}:"}

    answers = [
        client.get(URL, headers=headers)
        for headers in (signature(stranger, "GET", URL), spoiled, {"Signature-Input": "x"})
    ]

    for answer in answers:
        refused(answer)
    assert len({answer.content for answer in answers}) == 1


def test_another_partners_key_is_that_partner(world: World, client: TestClient, mexico: SigningKey):
    """The key says who calls: with its own name Canada is Canada, with Mexico's it is nobody."""
    canada = world.partners["ca-pip"].key
    own = signature(canada, "GET", URL)
    posing = signature(canada, "GET", URL)
    posing["Signature-Input"] = posing["Signature-Input"].replace(
        canada.certificate.fingerprint, mexico.certificate.fingerprint
    )

    assert client.get(URL, headers=own).status_code == 200
    refused(client.get(URL, headers=posing))


def test_a_withdrawn_certificate_is_nobodys(world: World, client: TestClient, tmp_path: Path):
    old = pin_new(world, tmp_path)
    assert client.get(URL, headers=signature(old, "GET", URL)).status_code == 200

    with world.house.database.write() as tx:
        mine = certificates_.c.fingerprint == old.certificate.fingerprint
        tx.execute(update(certificates_).where(mine).values(withdrawn_at=START))

    refused(client.get(URL, headers=signature(old, "GET", URL)))
    with_proxy = connected(world, proxy_addresses=PROXY)
    refused(with_proxy.get(URL, headers=client_cert(old)), "MRX-7001")


def test_an_expired_certificate_is_nobodys(world: World, client: TestClient, tmp_path: Path):
    past = datetime.now(UTC) - keys.LIFE - timedelta(days=1)
    expired = pin_new(world, tmp_path, past)
    at_its_time = signature(expired, "GET", URL, now=past)

    refused(client.get(URL, headers=at_its_time))
    with_proxy = connected(world, proxy_addresses=PROXY)
    refused(with_proxy.get(URL, headers=client_cert(expired)), "MRX-7001")


def test_two_certificates_of_one_partner_overlap(
    world: World, client: TestClient, mexico: SigningKey, tmp_path: Path
):
    new = pin_new(world, tmp_path)

    for key in (mexico, new):
        assert client.get(URL, headers=signature(key, "GET", URL)).status_code == 200


def pin_new(world: World, folder: Path, at: datetime = START) -> SigningKey:
    """Another key of Mexico's, pinned."""
    key = keys.create(folder / "next.key", "mx-neec", at, kind="p256")
    certificate = pinned(world.partners["mx-neec"], "mx-neec")
    with world.house.database.write() as tx:
        certificates.pin(
            tx,
            type(certificate)(
                fingerprint=key.certificate.fingerprint,
                partner="mx-neec",
                pem=key.certificate.pem,
                not_before=key.certificate.not_before,
                not_after=key.certificate.not_after,
            ),
            now=START,
        )
    return key


def test_who_is_not_believed_writes_nothing(world: World, client: TestClient, mexico: SigningKey):
    with world.house.database.read() as tx:
        before = tx.scalar(select(func.count()).select_from(nonces_))

    refused(client.get(f"{URL}1", headers=signature(mexico, "GET", URL)))

    with world.house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(nonces_)) == before


def test_who_is_believed_has_been_heard(world: World, client: TestClient, mexico: SigningKey):
    began = datetime.now(UTC)

    client.get(URL, headers=signature(mexico, "GET", URL))

    with world.house.database.read() as tx:
        mine = foreign_rolls.c.programme == "mx-neec"
        heard = tx.scalar(select(foreign_rolls.c.heard_at).where(mine))
    assert heard is not None
    assert heard >= began


def test_nonces_are_forgotten_when_their_signature_is_too_old(world: World):
    """Not before: a request from a clock that is ahead is believed for ten minutes."""
    now = datetime(2030, 1, 1, tzinfo=UTC)
    with world.house.database.write() as tx:
        assert nonces.spend(tx, "f" * 64, "once", now=now)
        assert not nonces.spend(tx, "f" * 64, "once", now=now + timedelta(minutes=10))
        assert nonces.spend(tx, "e" * 64, "once", now=now)
        assert nonces.spend(tx, "f" * 64, "once", now=now + timedelta(minutes=16))
        assert not nonces.spend(tx, "f" * 64, "once", now=now + timedelta(minutes=17))


def test_what_is_too_old_is_swept_away(world: World):
    now = datetime(2030, 1, 1, tzinfo=UTC)
    with world.house.database.write() as tx:
        assert nonces.spend(tx, "c" * 64, "old", now=now)
        assert nonces.spend(tx, "c" * 64, "new", now=now + timedelta(minutes=10))

    upkeep.tidy(world.house, now=now + timedelta(minutes=16))

    with world.house.database.read() as tx:
        left = select(nonces_.c.nonce).where(nonces_.c.certificate == "c" * 64)
        assert tx.scalars(left).all() == ["new"]


# -- the certificate of the handshake --------------------------------------------------------------


def client_cert(key: SigningKey) -> dict[str, str]:
    """RFC 9440."""
    return {"Client-Cert": f":{b64encode(key.certificate.der).decode()}:"}


def escaped(key: SigningKey) -> dict[str, str]:
    """nginx: $ssl_client_escaped_cert."""
    return {"X-SSL-Cert": quote(key.certificate.pem, safe="")}


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


# -- somebody else's software ----------------------------------------------------------------------

BY_HAND = r"""
set -eu
created=$(date -u +%s)
date=$(LC_ALL=C date -u -d "@$created" '+%a, %d %b %Y %H:%M:%S GMT')
keyid=$(openssl x509 -in mine.crt -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1)
params="(\"@method\" \"@path\" \"@query\" \"date\");created=$created;keyid=\"$keyid\""
params="$params;alg=\"rsa-v1_5-sha256\";nonce=\"$(openssl rand -hex 16)\";tag=\"us-ctpat\""
printf '"@method": GET\n"@path": %s\n"@query": ?%s\n"date": %s\n"@signature-params": %s' \
    "$1" "$2" "$date" "$params" > base.txt
signature=$(openssl dgst -sha256 -sign mine.key base.txt | openssl base64 -A)
printf 'Date: %s\nSignature-Input: mrx=%s\nSignature: mrx=:%s:\n' "$date" "$params" "$signature"
"""


@pytest.mark.second_opinion
def test_a_shell_and_openssl_are_enough_to_sign(
    client: TestClient, key_files: dict[str, Path], tmp_path: Path
):
    tool("openssl")
    for suffix in (".key", ".crt"):
        (tmp_path / f"mine{suffix}").write_bytes(
            key_files["mx-neec"].with_suffix(suffix).read_bytes()
        )

    done = subprocess.run(
        ["sh", "-c", BY_HAND, "sign", "/v1/partner/batches", "limit=5"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    headers = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert client.get(URL, headers=headers).status_code == 200
    refused(client.get(URL, headers=headers), "MRX-7012")
