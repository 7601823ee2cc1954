"""A signed request that was damaged, and one with a body."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import NotTrusted
from signing.keys import SigningKey
from signing.request import keyid_of, signed, verify
from tests.signing.forge import NOW
from tests.signing.requests import URL, Headers, made

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
