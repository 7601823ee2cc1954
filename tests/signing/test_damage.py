"""Damaged files: whatever happened to one, it is refused with one of our codes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import NotTrusted
from signing.certificate import Certificate
from signing.keys import SigningKey
from signing.open import open_sealed, signer_of
from signing.seal import seal
from tests.signing.forge import NOW

CONTENT = b"<Batch/>"
VECTORS = Path(__file__).parent / "vectors"
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


def vector(kind: str) -> tuple[bytes, Certificate]:
    """A file that is the same in every run, which damage can then be repeated on."""
    pinned = Certificate.parse((VECTORS / f"{kind}.crt").read_bytes())
    return (VECTORS / f"mrx-{kind}.cms").read_bytes(), pinned


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("kind", ["rsa", "p256"])
def test_a_file_with_several_bytes_changed_gives_its_content_or_nothing(
    kind: str, data: st.DataObject
):
    """Not simply refused: the name of an RSA algorithm is not signed, and may be hit."""
    file, pinned = vector(kind)
    places = st.integers(0, len(file) - 1)
    changed = bytearray(file)
    for place, byte in data.draw(
        st.dictionaries(places, st.integers(0, 255), min_size=2, max_size=8)
    ).items():
        changed[place] = byte

    try:
        opened = open_sealed(bytes(changed), [pinned], NOW)
    except NotTrusted:
        return
    assert opened.content == (VECTORS / "content").read_bytes()


@settings(max_examples=300, deadline=None)
@given(file=st.binary(max_size=400) | st.binary(max_size=400).map(lambda some: b"\x30" + some))
def test_any_bytes_are_refused_and_have_no_signer(loaded: dict[str, SigningKey], file: bytes):
    assert_refused(file, loaded["p256"])
    with pytest.raises(NotTrusted):
        signer_of(file)


def test_the_beginning_of_one_genuine_file_and_the_end_of_another_are_refused(rsa):
    one, other = seal(b"<Batch/>", rsa, NOW), seal(b"<Botch/>", rsa, NOW)
    assert len(one) == len(other)

    for place in range(len(one)):
        mixed = one[:place] + other[place:]
        if mixed not in (one, other):
            assert_refused(mixed, rsa)
