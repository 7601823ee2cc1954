"""The profile of a signed request: what is more does no harm, what is less is not enough."""

import base64
import hashlib
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from http_message_signatures import HTTPMessageSigner
from http_message_signatures.algorithms import RSA_V1_5_SHA256

from schemas.errors import NotTrusted
from signing import request
from signing.keys import SigningKey
from tests.signing.forge import NOW
from tests.signing.requests import URL, Headers, believed, made


class Ours:
    """Signs whatever the test wants covered and said, with a key that is pinned."""

    def __init__(self, key: SigningKey, date: str | None = None) -> None:
        self.key = key
        self.method, self.url = "GET", URL
        self.headers = {"Date": date or format_datetime(NOW, usegmt=True)}

    def sign(self, **more: Any) -> Headers:
        signer = HTTPMessageSigner(signature_algorithm=RSA_V1_5_SHA256)
        said = {
            "key_id": self.key.certificate.fingerprint,
            "created": NOW,
            "nonce": "n" * 22,
            "tag": "us-ctpat",
            "covered_component_ids": request.COMPONENTS,
        }
        prepared = signer.prepare(self, **(said | more))
        signer.apply(self, prepared, self.key.sign(prepared.signature_base))
        return self.headers


def test_what_is_said_beside_the_profile_does_no_harm(rsa: SigningKey):
    covered = ("@authority", *reversed(request.COMPONENTS))
    headers = Ours(rsa).sign(
        covered_component_ids=covered, label="sig1", expires=NOW + timedelta(minutes=1)
    )

    assert believed(rsa, headers)


@pytest.mark.parametrize(
    "lacking",
    [
        pytest.param({"nonce": None}, id="no nonce"),
        pytest.param({"nonce": "short"}, id="short nonce"),
        pytest.param({"nonce": "n" * 129}, id="long nonce"),
        pytest.param({"nonce": "n" * 21 + '"'}, id="strange nonce"),
        pytest.param({"tag": None}, id="no tag"),
        pytest.param({"include_alg": False}, id="no alg"),
        pytest.param({"expires": NOW - timedelta(seconds=1)}, id="expired"),
        *(
            pytest.param(
                {"covered_component_ids": [c for c in request.COMPONENTS if c != name]}, id=name
            )
            for name in request.COMPONENTS
        ),
        pytest.param(
            {"covered_component_ids": [*request.COMPONENTS[:3], '"date";bs']}, id="date as bytes"
        ),
        pytest.param(
            {"covered_component_ids": ["@method", "@target-uri", "date"]},
            id="address instead of path and query",
        ),
    ],
)
def test_less_than_the_profile_is_not_enough(rsa: SigningKey, lacking: dict[str, Any]):
    with pytest.raises(NotTrusted, match="MRX-7011"):
        believed(rsa, Ours(rsa).sign(**lacking))


@pytest.mark.parametrize(("seconds", "good"), [(-6, False), (-5, True), (5, True), (6, False)])
def test_date_and_created_tell_one_moment(rsa: SigningKey, seconds: int, good: bool):
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    headers = Ours(rsa, date).sign()

    if good:
        assert believed(rsa, headers)
    else:
        with pytest.raises(NotTrusted, match="MRX-7011"):
            believed(rsa, headers)


def test_the_signed_text_is_the_one_of_the_standard(rsa: SigningKey):
    """What a partner builds by hand (RFC 9421, 2.5), and the library signs, are the same bytes."""
    headers = made(rsa, nonce="n" * 22)
    params = headers["Signature-Input"].removeprefix("mrx=")
    base = (
        '"@method": GET\n"@path": /v1/partner/batches/next\n"@query": ?lane=urgent&wait=5\n'
        f'"date": {headers["Date"]}\n"@signature-params": {params}'
    )

    signature = base64.b64decode(headers["Signature"].removeprefix("mrx=:").removesuffix(":"))
    assert rsa.certificate.verifies(signature, base.encode())
    assert hashlib.sha256(rsa.certificate.der).hexdigest() in params
