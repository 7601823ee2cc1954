"""What opening and sealing cost, as ratios: to honest files, and to the bytes that came."""

import time
import tracemalloc
from collections.abc import Callable

import pytest

from schemas.errors import NotTrusted
from signing.der import CONTEXT_0, encode
from signing.open import open_sealed, signer_of
from signing.seal import seal
from tests.flaws.sealed_shape import TEXT
from tests.signing.forge import (
    CONTENT,
    NOW,
    SHA256_DER,
    Draft,
    attribute,
    element,
    honest_attributes,
)

HUGE = 24_000_000


def fastest(act: Callable[[], object]) -> float:
    """CPU seconds of the fastest of five runs: the others met somebody else's work."""

    def once() -> float:
        start = time.process_time()
        act()
        return time.process_time() - start

    return min(once() for _ in range(5))


def most_bytes(act: Callable[[], object]) -> int:
    """The most memory held at once while acting."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refused(file: bytes, code: str) -> None:
    with pytest.raises(NotTrusted, match=code):
        signer_of(file)


def many(one: bytes) -> tuple[bytes, ...]:
    return (one * (HUGE // len(one) + 1),)


@pytest.fixture
def honest_seconds(p256) -> float:
    file = seal(b"x" * HUGE, p256, NOW)
    return fastest(lambda: open_sealed(file, [p256.certificate], NOW))


# What stands around a content, 24 MB of it; what they take in memory is in tests/flaws/test_weights.py.
FLOODS: dict[str, Callable[[], dict[str, object]]] = {
    "of signed attributes": lambda: {"attributes": many(attribute(TEXT, encode("word")))},
    "of digest algorithms": lambda: {"digests": many(SHA256_DER)},
    "of certificates": lambda: {"certificates": many(b"\x30\x00")},
    "of signers": lambda: {"times": HUGE // 200},
    "of unsigned attributes": lambda: {"unsigned": element(0xA1, *many(SHA256_DER))},
}


@pytest.mark.slow
@pytest.mark.parametrize("flood", FLOODS)
def test_24_mb_around_a_content_are_refused_in_a_third_of_the_time_of_an_honest_file(
    p256, honest_seconds, flood
):
    file = Draft(key=p256, **FLOODS[flood]()).file()
    assert len(file) > HUGE

    assert fastest(lambda: refused(file, "MRX-3003")) < honest_seconds / 3


def test_24_mb_of_nested_nothing_are_refused_in_a_third_of_the_time_of_an_honest_file(
    honest_seconds,
):
    file = b"\x30\x80" * (HUGE // 2)

    assert fastest(lambda: refused(file, "MRX-3002")) < honest_seconds / 3


def test_a_long_certificate_nobody_pinned_costs_no_hash_of_the_content(p256, honest_seconds):
    file = Draft(key=p256, content=b"x" * HUGE, certificates=(element(0x30, bytes(15_000)),)).file()

    def refuse() -> None:
        with pytest.raises(NotTrusted, match="MRX-3004"):
            open_sealed(file, [p256.certificate], NOW)

    assert fastest(refuse) < honest_seconds / 2


def test_as_many_attributes_as_may_stand_around_a_content_cost_little(p256, honest_seconds):
    numbered = [attribute(TEXT, encode(number)) for number in range(800)]
    file = Draft(key=p256, attributes=honest_attributes(CONTENT, *numbered)).file()
    assert len(file) > 14_000

    def refuse() -> None:
        with pytest.raises(NotTrusted, match="MRX-3009"):
            open_sealed(file, [p256.certificate], NOW)

    assert fastest(refuse) < honest_seconds / 3


def test_opening_copies_the_content_once(key):
    content = b"x" * 8_000_000
    file = seal(content, key, NOW)

    held = most_bytes(lambda: open_sealed(file, [key.certificate], NOW))

    assert len(content) <= held < 1.1 * len(content)


def test_sealing_copies_the_content_once(key):
    content = b"x" * 8_000_000

    held = most_bytes(lambda: seal(content, key, NOW))

    assert len(content) <= held < 1.1 * len(content)


def test_a_nested_tag_is_never_followed_into_depth(p256):
    deep = b""
    for _ in range(2000):
        deep = element(CONTEXT_0, deep)

    refused(Draft(key=p256, after_certificates=deep).file(), "MRX-3002")
