"""Who is calling: the key of a pinned certificate says so, or a proxy we trust. Nobody else."""

import subprocess
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from partners import certificates
from schemas.tables import certificates as certificates_
from schemas.tables import foreign_rolls
from schemas.tables import nonces as nonces_
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
from tests.tools import tool
from tests.world import START, World, pinned


@pytest.fixture(scope="module")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return keys_of_three(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    return two_pinned(tmp_path_factory.mktemp("world"), key_files)


@pytest.fixture(scope="module")
def mexico(world: World) -> SigningKey:
    return world.partners["mx-neec"].key


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    return connected(world)


@pytest.mark.slow
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


def client_cert(key: SigningKey) -> dict[str, str]:
    """RFC 9440."""
    return {"Client-Cert": f":{b64encode(key.certificate.der).decode()}:"}


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
