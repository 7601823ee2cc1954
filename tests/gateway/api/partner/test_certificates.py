"""Certificates at the partner door: ours to fetch, theirs to stage; and the echo."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from gateway import own_keys
from partners import certificates, staged_certificates
from schemas import exchange
from schemas.errors import BadDocument, NotTrusted
from schemas.exchange import Echo
from signing import keys
from signing.keys import SigningKey
from signing.open import open_sealed
from signing.seal import seal
from tests.gateway.api.doors import application, signature
from tests.world import World


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def client(whole_world: World) -> TestClient:
    return TestClient(application(whole_world.house))


@pytest.fixture(scope="session")
def following(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    """The key Mexico wants to use next."""
    return keys.create(tmp_path_factory.mktemp("next") / "a.key", "mx", now(), kind="p256")


def mexico(world: World) -> SigningKey:
    return world.partners["mx-neec"].key


def listed(client: TestClient, key: SigningKey) -> list[dict[str, str]]:
    url = "/v1/partner/certificates"
    return client.get(url, headers=signature(key, "GET", url)).json()["items"]


def stage(client: TestClient, content: bytes, key: SigningKey) -> Response:
    return client.post("/v1/partner/certificates", content=seal(content, key, now()))


# -- ours ------------------------------------------------------------------------------------------


def test_without_a_next_key_there_is_one_certificate(client: TestClient, whole_world: World):
    ours = whole_world.house.key.certificate

    [only] = listed(client, mexico(whole_world))

    assert (only["fingerprint"], only["state"], only["pem"]) == (
        ours.fingerprint,
        "current",
        ours.pem,
    )


def test_a_staged_key_is_shown_and_who_saw_it_is_kept_once(client: TestClient, whole_world: World):
    house = whole_world.house
    folder = house.folder
    following, _ = own_keys.stage(house, folder, by="jdoe", now=now())

    for _ in range(2):
        shown = listed(client, mexico(whole_world))

    assert [one["state"] for one in shown] == ["current", "next"]
    assert shown[1]["pem"] == following.pem
    with house.database.read() as tx:
        [kept] = [one for one in own_keys.every(tx) if one.state == "next"]
        assert kept.seen_by == ("mx-neec",)
        assert "mx-neec" not in own_keys.unaware(tx, kept)
        assert "ca-pip" in own_keys.unaware(tx, kept)


@pytest.mark.slow
def test_what_a_running_server_signs_with_stays_current_until_it_is_started_again(
    client: TestClient, whole_world: World
):
    house = whole_world.house
    folder = house.folder
    following, _ = own_keys.stage(house, folder, by="jdoe", now=now())
    own_keys.activate(house, folder, by="jdoe", now=now())

    shown = {one["state"]: one["fingerprint"] for one in listed(client, mexico(whole_world))}

    assert shown == {
        "current": house.key.certificate.fingerprint,
        "next": following.fingerprint,
    }


# -- theirs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["pem", "der"])
def test_a_certificate_they_sign_for_is_staged_and_not_believed(
    client: TestClient, whole_world: World, following: SigningKey, form: str
):
    certificate = following.certificate
    content = certificate.der if form == "der" else certificate.pem.encode()

    answer = stage(client, content, mexico(whole_world))

    assert answer.status_code == 202
    assert answer.json() == {"fingerprint": certificate.fingerprint, "state": "staged"}
    with whole_world.house.database.read() as tx:
        [waiting] = staged_certificates.every(tx, partner="mx-neec")
        assert waiting.under == mexico(whole_world).certificate.fingerprint
        assert certificates.owner(tx, certificate.fingerprint) is None
    # What the new key signs is a stranger's word until it is pinned.
    refused = stage(client, content, following)
    assert (refused.status_code, refused.json()["code"]) == (403, "MRX-3004")


def test_staging_again_is_the_same_answer(
    client: TestClient, whole_world: World, following: SigningKey
):
    content = following.certificate.pem.encode()

    first, again = (stage(client, content, mexico(whole_world)) for _ in range(2))

    assert (again.status_code, again.json()) == (202, first.json())


def test_a_certificate_of_ours_is_never_theirs(client: TestClient, whole_world: World):
    """Else every file we ever sealed would be their word."""
    house = whole_world.house
    following, _ = own_keys.stage(house, house.folder, by="jdoe", now=now())

    for ours in (house.key.certificate, following):
        answer = stage(client, ours.pem.encode(), mexico(whole_world))
        assert (answer.status_code, answer.json()["code"]) == (403, "MRX-3012")


def test_another_partner_s_certificate_is_not_theirs(client: TestClient, whole_world: World):
    canada = whole_world.partners["ca-pip"].key.certificate

    answer = stage(client, canada.pem.encode(), mexico(whole_world))

    assert (answer.status_code, answer.json()["code"]) == (409, "MRX-5005")


def test_an_expired_certificate_is_not_staged(
    client: TestClient, whole_world: World, tmp_path: Path
):
    old = keys.create(tmp_path / "old.key", "mx", now() - timedelta(days=4 * 365), kind="p256")

    answer = stage(client, old.certificate.pem.encode(), mexico(whole_world))

    assert (answer.status_code, answer.json()["code"]) == (403, "MRX-3006")


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_not_staged(
    client: TestClient, whole_world: World, content: bytes
):
    answer = stage(client, content, mexico(whole_world))

    assert (answer.status_code, answer.json()["code"]) == (403, "MRX-3012")


def test_a_certificate_that_nobody_signed_for_is_not_staged(
    client: TestClient, whole_world: World, following: SigningKey
):
    bare = client.post("/v1/partner/certificates", content=following.certificate.pem.encode())
    himself = stage(client, following.certificate.pem.encode(), following)
    large = client.post("/v1/partner/certificates", content=bytes(100_000))

    assert (bare.status_code, bare.json()["code"]) == (403, "MRX-3002")
    assert (himself.status_code, himself.json()["code"]) == (403, "MRX-3004")
    assert (large.status_code, large.json()["code"]) == (413, "MRX-3001")


# -- the echo --------------------------------------------------------------------------------------

CONTENT = b"<Receipt>an invented content that must never come back signed</Receipt>"


def test_an_echo_is_signed_and_names_the_file_and_its_sender(
    client: TestClient, whole_world: World
):
    file = seal(CONTENT, mexico(whole_world), now())

    answer = client.post("/v1/partner/echo", content=file)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pkcs7-mime")
    opened = open_sealed(answer.content, [whole_world.house.key.certificate], now())
    echo = exchange.read_echo(opened.content)
    assert echo == Echo(
        sender="us-ctpat", recipient="mx-neec", digest=sha256(file).hexdigest(), at=echo.at
    )
    assert abs(echo.at - now()) < timedelta(minutes=1)


def test_nothing_of_what_they_sent_is_signed_by_us(client: TestClient, whole_world: World):
    file = seal(CONTENT, mexico(whole_world), now())

    answer = client.post("/v1/partner/echo", content=file)

    assert CONTENT not in answer.content
    assert mexico(whole_world).certificate.der not in answer.content
    said = open_sealed(answer.content, [whole_world.house.key.certificate], now()).content
    for read in (exchange.read_receipt, exchange.read_batch):
        with pytest.raises(BadDocument):
            read(said)


def test_a_content_of_64_kib_is_echoed_and_more_is_too_much(client: TestClient, whole_world: World):
    whole = seal(bytes(64 << 10), mexico(whole_world), now())
    more = seal(bytes(80 << 10), mexico(whole_world), now())

    assert client.post("/v1/partner/echo", content=whole).status_code == 200
    answer = client.post("/v1/partner/echo", content=more)
    assert (answer.status_code, answer.json()["code"]) == (413, "MRX-3001")


def test_a_stranger_and_a_changed_byte_are_not_echoed(
    client: TestClient, whole_world: World, following: SigningKey
):
    spoiled = bytearray(seal(CONTENT, mexico(whole_world), now()))
    spoiled[spoiled.index(b"invented")] ^= 1

    for file, code in (
        (seal(CONTENT, following, now()), "MRX-3004"),
        (bytes(spoiled), "MRX-3010"),
        (CONTENT, "MRX-3002"),
    ):
        answer = client.post("/v1/partner/echo", content=file)
        assert (answer.status_code, answer.json()["code"]) == (403, code)


def test_an_echo_that_was_changed_is_not_believed_by_them(client: TestClient, whole_world: World):
    file = seal(CONTENT, mexico(whole_world), now())
    answer = client.post("/v1/partner/echo", content=file).content

    spoiled = answer.replace(sha256(file).hexdigest().encode(), b"0" * 64)

    assert spoiled != answer
    with pytest.raises(NotTrusted):
        open_sealed(spoiled, [whole_world.house.key.certificate], now())
