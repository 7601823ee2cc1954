"""A signed request: believed only whole, fresh, ours, and from the key it names."""

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.errors import NotReady, NotTrusted
from signing.keys import SigningKey
from signing.request import keyid_of, signed
from tests.signing.forge import NOW
from tests.signing.requests import URL, Headers, believed, made


def test_what_a_key_signs_is_believed_and_its_nonce_named(key: SigningKey):
    headers = made(key, nonce="n" * 22)

    assert keyid_of(headers.items()) == key.certificate.fingerprint
    assert believed(key, headers) == "n" * 22


def test_every_request_has_a_nonce_of_its_own(p256: SigningKey):
    assert believed(p256, made(p256)) != believed(p256, made(p256))


def test_the_host_may_be_rewritten_on_the_way(key: SigningKey):
    assert believed(key, made(key), url=URL.replace("customs.example", "10.0.0.1:8080"))


def test_no_query_and_an_empty_one_are_the_same(key: SigningKey):
    headers = signed(key, "GET", "https://a.example/v1/x", to="us-ctpat", now=NOW)

    assert believed(key, headers, url="https://b.example/v1/x?")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"method": "POST"}, id="method"),
        pytest.param({"url": URL.replace("next", "last")}, id="path"),
        pytest.param({"url": URL.replace("urgent", "routine")}, id="query"),
        pytest.param({"url": URL.partition("?")[0]}, id="query gone"),
        pytest.param({"to": "mx-neec"}, id="another gateway"),
        pytest.param({"method": "get"}, id="method in lower case"),
        pytest.param({"url": "/v1/partner"}, id="no whole address"),
        pytest.param({"url": URL + " "}, id="no address"),
        pytest.param({"url": URL + "x" * 9_000}, id="address too long"),
    ],
)
def test_a_request_is_worth_nothing_elsewhere(key: SigningKey, changed: dict[str, Any]):
    headers = made(key)
    assert believed(key, headers)

    with pytest.raises(NotTrusted, match="MRX-7011"):
        believed(key, headers, **changed)


def swap(name: str, old: str, new: str) -> Callable[[Headers], Headers]:
    def change(headers: Headers) -> Headers:
        changed = re.sub(old, new, headers[name])
        assert changed != headers[name]
        return headers | {name: changed}

    return change


def flip(headers: Headers) -> Headers:
    signature = bytearray(base64.b64decode(headers["Signature"][5:-1]))
    signature[7] ^= 1
    return headers | {"Signature": f"mrx=:{base64.b64encode(signature).decode()}:"}


def without(name: str) -> Callable[[Headers], Headers]:
    return lambda headers: {k: v for k, v in headers.items() if k != name}


DOCTORED = {
    "date": swap("Date", "12:00:00|0[0-9]:", "13:"),
    "date in another zone": swap("Date", "GMT", "+0000"),
    "date in words": lambda h: h | {"Date": "yesterday GMT"},
    "nonce": swap("Signature-Input", 'nonce="..', 'nonce="__'),
    "created": swap("Signature-Input", r"created=(\d+)", r"created=1\1"),
    "tag": swap("Signature-Input", "us-ctpat", "us-ctpaT"),
    "alg": swap("Signature-Input", 'alg="[^"]*"', 'alg="hmac-sha256"'),
    "keyid": swap("Signature-Input", 'keyid="....', 'keyid="0000'),
    "path not covered": swap("Signature-Input", '"@path" ', ""),
    "signature bit": flip,
    "no signature": without("Signature"),
    "no input": without("Signature-Input"),
    "no date": without("Date"),
    "signature twice": lambda h: h | {"Signature": f"{h['Signature']}, {h['Signature']}"},
    "two signatures": lambda h: (
        h
        | {
            "Signature": f"{h['Signature']}, b{h['Signature'][3:]}",
            "Signature-Input": f"{h['Signature-Input']}, b{h['Signature-Input'][3:]}",
        }
    ),
    "two lines": lambda h: h | {"signature": h["Signature"]},
    "two dates": lambda h: h | {"date": h["Date"]},
    "long": lambda h: h | {"Signature-Input": h["Signature-Input"] + " " * 5_000},
    "no base64": lambda h: h | {"Signature": "mrx=:=:"},
    "empty": lambda h: h | {"Signature": "mrx=::"},
    "a word": lambda h: h | {"Signature": "mrx=abc"},
    "no letters": lambda h: h | {"Signature": "\udcff\x00\U0001f600"},
}


@pytest.mark.parametrize("what", DOCTORED)
def test_a_doctored_request_is_not_believed(key: SigningKey, what: str):
    headers = made(key)
    assert believed(key, headers)

    with pytest.raises(NotTrusted, match="MRX-7011"):
        believed(key, DOCTORED[what](headers))


def test_another_key_is_not_believed(key: SigningKey, stranger: SigningKey):
    theirs = made(stranger)
    posing = theirs | {
        "Signature-Input": theirs["Signature-Input"].replace(
            stranger.certificate.fingerprint, key.certificate.fingerprint
        )
    }

    for headers in (theirs, posing):
        with pytest.raises(NotTrusted, match="MRX-7011"):
            believed(key, headers)


def test_an_algorithm_of_another_kind_of_key_is_not_believed(rsa: SigningKey, p256: SigningKey):
    with pytest.raises(NotTrusted, match="MRX-7011"):
        believed(p256, made(rsa))


@pytest.mark.parametrize(
    ("seconds", "good"),
    [(-301, False), (-300, True), (0, True), (300, True), (301, False), (86_400 * 400, False)],
)
def test_clocks_may_differ_by_five_minutes_either_way(key: SigningKey, seconds: int, good: bool):
    headers, now = made(key), NOW + timedelta(seconds=seconds)

    if good:
        assert believed(key, headers, now=now)
    else:
        with pytest.raises(NotTrusted, match="MRX-7011"):
            believed(key, headers, now=now)


def test_only_our_now_counts(p256: SigningKey):
    """The machine's clock stands years away from NOW or may: nothing asks it."""
    later = NOW + timedelta(days=500)

    assert believed(p256, made(p256, now=later), now=later)
    with pytest.raises(NotTrusted, match="MRX-7011"):
        believed(p256, made(p256, now=datetime.now(UTC)), now=NOW)


def test_a_certificate_that_is_over_signs_nothing_and_is_not_believed(key: SigningKey):
    over = key.certificate.not_after + timedelta(seconds=1)
    last = key.certificate.not_after.replace(microsecond=0)
    headers = made(key, now=last)

    assert believed(key, headers, now=last)
    with pytest.raises(NotTrusted, match="MRX-7011"):
        believed(key, headers, now=over)
    with pytest.raises(NotReady, match="MRX-3006"):
        made(key, now=over)
