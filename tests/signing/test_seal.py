"""Sealing: the same bytes come back, and the moment is the one given."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.errors import NotReady
from signing.keys import SigningKey
from signing.open import open_sealed
from signing.seal import seal
from tests.signing.forge import CONTENT, NOW, under

SECOND = timedelta(seconds=1)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=300))
@example(content=b"")
@example(content=b"one\ntwo\r\nthree\rfour\x1a")
@example(content=b"\0" * 65536)
@pytest.mark.parametrize("name", ["rsa", "p256"])
def test_any_bytes_come_back_identical(loaded: dict[str, SigningKey], name: str, content: bytes):
    key = loaded[name]

    assert open_sealed(seal(content, key, NOW), [key.certificate], NOW).content == content


@pytest.mark.parametrize("size", [127, 128, 255, 256, 65_535, 65_536, 1_200_000, 1 << 24])
def test_a_content_of_any_length_comes_back(p256, size):
    content = b"x" * size

    assert open_sealed(seal(content, p256, NOW), [p256.certificate], NOW).content == content


def test_rsa_seals_the_same_file_for_the_same_moment(rsa):
    assert seal(CONTENT, rsa, NOW) == seal(CONTENT, rsa, NOW)
    assert seal(CONTENT, rsa, NOW) != seal(CONTENT, rsa, NOW + SECOND)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(NOW.replace(microsecond=999_999), id="with a fraction"),
        pytest.param(NOW.astimezone(timezone(timedelta(hours=9))), id="in another zone"),
    ],
)
def test_the_moment_is_told_in_whole_seconds_of_utc(rsa, now):
    file = seal(CONTENT, rsa, now)

    assert file == seal(CONTENT, rsa, NOW)
    assert open_sealed(file, [rsa.certificate], NOW).claimed_at == NOW


def test_a_moment_after_2049_is_told_with_all_its_digits(p256):
    then = datetime(2051, 3, 1, tzinfo=UTC)
    key = under(p256, end=datetime(2052, 1, 1, tzinfo=UTC))

    assert open_sealed(seal(CONTENT, key, then), [key.certificate], then).claimed_at == then


@pytest.mark.parametrize("off", [timedelta(0), -timedelta(days=1)])
def test_a_naive_moment_is_our_own_mistake(key, off):
    with pytest.raises(TypeError):
        seal(CONTENT, key, (NOW + off).replace(tzinfo=None))


def test_nothing_is_sealed_that_nobody_would_believe(key):
    for moment in (key.certificate.not_before - SECOND, key.certificate.not_after + SECOND):
        with pytest.raises(NotReady, match="MRX-3006"):
            seal(CONTENT, key, moment)
    assert seal(CONTENT, key, key.certificate.not_after)
