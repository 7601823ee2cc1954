"""A signed request with a body: the body is the signed one, its digest SHA-256, its text UTF-8."""

import base64
import hashlib
from collections.abc import Callable, Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from fastapi.testclient import TestClient

from signing.keys import SigningKey
from tests.gateway.api.doors import PARTNER
from tests.gateway.doors.signed import INPUT, Fields, get, made, put, refused, swap, twice, without
from tests.world import World

ASK = "/v1/partner/resend-requests"
BODY = b'{"missing": []}'


@pytest.fixture(scope="module")
def key(world: World) -> SigningKey:
    return world.partners[PARTNER].key


ANOTHER = BODY.replace(b"}", b', "unknown": []}')
RIGHT = base64.b64encode(hashlib.sha256(ANOTHER).digest()).decode()

BODIES: Mapping[str, tuple[bytes, Callable[[Fields], Fields]]] = {
    "another body": (BODY.replace(b"missing", b"unknown"), lambda fields: fields),
    "a blank more": (BODY + b" ", lambda fields: fields),
    "no body": (b"", lambda fields: fields),
    "no digest": (BODY, without("Content-Digest")),
    "another digest": (BODY, swap("Content-Digest", ":[^:]*:", f":{'A' * 43}=:")),
    "a digest of another kind": (BODY, swap("Content-Digest", "sha-256", "md5")),
    "two digests": (BODY, twice("Content-Digest")),
    "the digest not covered": (BODY, swap(INPUT, ' "content-digest"', "")),
    "another body and its digest": (
        ANOTHER,
        swap("Content-Digest", ":[^:]*:", f":{RIGHT}:"),
    ),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_is_the_signed_one_or_none(client: TestClient, key: SigningKey, what: str):
    content, change = BODIES[what]
    fields = made(key, "POST", ASK, content=BODY)
    kind = [("Content-Type", "application/json")]

    refused(client.post(ASK, headers=[*change(fields), *kind], content=content))
    assert client.post(ASK, headers=[*fields, *kind], content=BODY).status_code == 200


def test_a_body_with_a_signature_that_covers_none_is_refused(client: TestClient, key: SigningKey):
    fields = made(key, "POST", ASK)

    answer = client.post(ASK, headers=[*fields, ("Content-Type", "application/json")], content=BODY)

    refused(answer)


def test_a_digest_that_is_not_sha_256_is_none(client: TestClient, key: SigningKey):
    """SHA-512 beside it may stand there; alone it is another profile than the agreed one."""
    kind = ("Content-Type", "application/json")
    right = get(made(key, "POST", ASK, content=BODY), "Content-Digest")
    longer = f"sha-512=:{base64.b64encode(hashlib.sha512(BODY).digest()).decode()}:"

    refused(client.post(ASK, headers=[*digested(key, longer), kind], content=BODY))
    for hidden in (f"{longer};{right}", f'{longer};x="a, {right}"'):
        refused(client.post(ASK, headers=[*digested(key, hidden), kind], content=BODY))
    for both in (f"{longer}, {right}", f"{right},{longer}", right):
        taken = client.post(ASK, headers=[*digested(key, both), kind], content=BODY)
        assert taken.status_code == 200


def digested(key: SigningKey, said: str) -> Fields:
    """The fields of a request whose signature covers this Content-Digest."""
    fields = put(made(key, "POST", ASK, content=BODY), "Content-Digest", said)
    params = get(fields, INPUT).removeprefix("mrx=")
    base = (
        f'"@method": POST\n"@path": {ASK}\n"@query": ?\n"date": {get(fields, "Date")}\n'
        f'"content-digest": {said}\n"@signature-params": {params}'
    )
    r, s = decode_dss_signature(key.sign(base.encode()))
    raw = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
    return put(fields, "Signature", f"mrx=:{raw}:")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-32-be"])
def test_a_signed_body_is_utf_8(client: TestClient, key: SigningKey, encoding: str):
    """RFC 8259, 8.1. Python's reader of JSON guesses others, and nobody on the way here does."""
    content = BODY.decode().encode(encoding)
    fields = made(key, "POST", ASK, content=content)

    answer = client.post(
        ASK, headers=[*fields, ("Content-Type", "application/json")], content=content
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")
