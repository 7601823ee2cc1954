"""Damaged files: whatever happened to one, it is refused with one of our codes."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import NotTrusted
from signing.keys import SigningKey
from signing.open import open_sealed, signer_of
from signing.seal import seal
from tests.signing.forge import NOW

CONTENT = b"<Batch/>"
BITS = (0x01, 0x20, 0x80, 0xFF)  # the smallest change, the constructed bit, the top bit, all


def assert_refused(file: bytes, key: SigningKey) -> None:
    with pytest.raises(NotTrusted):
        open_sealed(file, [key.certificate], NOW)


@pytest.mark.parametrize("bits", BITS, ids=hex)
def test_a_file_with_any_one_byte_changed_is_refused(key, bits):
    file = seal(CONTENT, key, NOW)

    for place, byte in enumerate(file):
        assert_refused(file[:place] + bytes([byte ^ bits]) + file[place + 1 :], key)


def test_a_file_cut_anywhere_is_refused(key):
    file = seal(CONTENT, key, NOW)

    for size in range(len(file)):
        assert_refused(file[:size], key)


def test_a_file_that_lost_any_one_byte_is_refused(key):
    file = seal(CONTENT, key, NOW)

    for place in range(len(file)):
        assert_refused(file[:place] + file[place + 1 :], key)


def test_a_file_with_a_byte_too_many_anywhere_is_refused(key):
    file = seal(CONTENT, key, NOW)

    for place in range(len(file) + 1):
        assert_refused(file[:place] + b"\0" + file[place:], key)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("name", ["rsa", "p256"])
def test_a_file_with_several_bytes_changed_gives_its_content_or_nothing(
    loaded: dict[str, SigningKey], name: str, data: st.DataObject
):
    """Not simply refused: the name of an RSA algorithm is not signed, and may be hit."""
    key = loaded[name]
    file = bytearray(seal(CONTENT, key, NOW))
    changes = st.dictionaries(
        st.integers(0, len(file) - 1), st.integers(0, 255), min_size=2, max_size=8
    )
    for place, byte in data.draw(changes).items():
        file[place] = byte

    try:
        opened = open_sealed(bytes(file), [key.certificate], NOW)
    except NotTrusted:
        return
    assert opened.content == CONTENT


@settings(max_examples=300, deadline=None)
@given(file=st.binary(max_size=400) | st.binary(max_size=400).map(lambda some: b"\x30" + some))
def test_any_bytes_are_refused_and_have_no_signer(loaded: dict[str, SigningKey], file: bytes):
    assert_refused(file, loaded["p256"])
    with pytest.raises(NotTrusted):
        signer_of(file)


def test_two_files_put_together_are_refused(key):
    """Every way to begin with one genuine file and to end with another, of equal length."""
    one, other = seal(b"<Batch/>", key, NOW), seal(b"<Botch/>", key, NOW)
    other = other if len(other) == len(one) else other + bytes(len(one) - len(other))

    for place in random.Random(7).sample(range(1, len(one)), 200):
        mixed = one[:place] + other[place:]
        if mixed not in (one, other):
            assert_refused(mixed, key)
