"""A signed request: believed only whole, fresh, ours, and from the key it names."""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from http_message_signatures import HTTPMessageSigner
from http_message_signatures.algorithms import RSA_V1_5_SHA256
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import NotReady, NotTrusted
from signing import request
from signing.keys import SigningKey
from signing.request import keyid_of, signed, verify
from tests.signing.forge import NOW

URL = "https://customs.example/v1/partner/batches/next?lane=urgent&wait=5"
Headers = dict[str, str]


def made(key: SigningKey, **more: Any) -> Headers:
    return signed(key, "GET", URL, **({"to": "us-ctpat", "now": NOW} | more))


def believed(
    key: SigningKey,
    headers: Headers,
    *,
    method: str = "GET",
    url: str = URL,
    to: str = "us-ctpat",
    now: datetime = NOW,
) -> str:
    return verify(method, url, headers.items(), key.certificate, to=to, now=now)


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


_any = st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1"))
_pieces = st.lists(
    st.sampled_from(
        (
            *("mrx=", "(", ")", '"@path"', ";", "created=", "9" * 16, "nonce", '"', ":", ","),
            *("\\", "?1", 'keyid="' + "a" * 64 + '"', "date", ";bs", ";key", ";req", "tag"),
            *("\n", "é"),
        )
    ),
    max_size=20,
).map("".join)


@given(
    method=_any | st.just("GET"),
    url=_any | st.just(URL),
    fields=st.lists(
        st.tuples(
            st.sampled_from(["Signature", "Signature-Input", "Date", "Host", ""]) | _any,
            _any | _pieces,
        ),
        max_size=6,
    ),
)
def test_any_fields_end_in_our_code(
    method: str, url: str, fields: list[tuple[str, str]], certificate: Any
):
    codes = {
        code_of(lambda: keyid_of(fields)),
        code_of(lambda: verify(method, url, fields, certificate, to="us-ctpat", now=NOW)),
    }
    assert codes <= {"MRX-7011", None}
    assert "MRX-7011" in codes


def code_of(ask: Callable[[], object]) -> str | None:
    """The code it is refused with. Any other error goes through, and fails the test."""
    try:
        ask()
    except NotTrusted as error:
        return error.code
    return None


@given(data=st.data())
def test_any_damage_ends_in_our_code(data: st.DataObject, certificate: Any, sample: Headers):
    """Bytes cut out of, or put into, an honest request."""
    name = data.draw(st.sampled_from(sorted(sample)))
    value = sample[name]
    at = data.draw(st.integers(0, len(value)))
    until = data.draw(st.integers(at, min(len(value), at + 8)))
    spoiled = value[:at] + data.draw(_any | _pieces) + value[until:]
    fields = (sample | {name: spoiled}).items()
    code = code_of(lambda: verify("GET", URL, fields, certificate, to="us-ctpat", now=NOW))
    assert code in {"MRX-7011", None}
    if name == "Date" and spoiled.strip(" \t\r\n") != value:
        assert code == "MRX-7011"


@pytest.fixture(scope="module")
def certificate(loaded: dict[str, SigningKey]) -> Any:
    return loaded["p256"].certificate


@pytest.fixture(scope="module")
def sample(loaded: dict[str, SigningKey]) -> Headers:
    return made(loaded["p256"])


# -- bodies ----------------------------------------------------------------------------------------


def with_body(key: SigningKey, sent: bytes, came: bytes, *, drop: str | None = None) -> str:
    fields = signed(key, "POST", URL, to="us-ctpat", now=NOW, content=sent)
    kept = [(name, value) for name, value in fields.items() if name != drop]
    return verify("POST", URL, kept, key.certificate, to="us-ctpat", now=NOW, content=came)


def test_a_body_is_signed_with_the_request(key: SigningKey):
    assert with_body(key, b'{"missing":[]}', b'{"missing":[]}')


@pytest.mark.parametrize(
    ("sent", "came", "drop"),
    [
        pytest.param(b"{}", b'{"unknown":["0123456789AB"]}', None, id="another body"),
        pytest.param(b"{}", b"", None, id="the body taken away"),
        pytest.param(b"", b"{}", None, id="a body put under a request without one"),
        pytest.param(b"{}", b"{}", "Content-Digest", id="the digest taken away"),
    ],
)
def test_a_body_that_is_not_the_signed_one_is_refused(
    key: SigningKey, sent: bytes, came: bytes, drop: str | None
):
    with pytest.raises(NotTrusted, match="MRX-7011"):
        with_body(key, sent, came, drop=drop)
