"""The holdings digest: sums that do not depend on the order, and can be computed by hand."""

import hashlib
import subprocess
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import record
from schemas.holdings import BUCKETS, Bucket, bucket_of, leaf, total
from schemas.identifiers import Identifier
from schemas.status import Status

LEAVES = st.lists(st.binary(min_size=32, max_size=32), max_size=20)
REF = "7ZKQ3M9RTW4R"


@given(st.data(), LEAVES)
def test_the_order_in_which_leaves_come_and_go_makes_no_difference(
    data: st.DataObject, leaves: list[bytes]
):
    shuffled = data.draw(st.permutations(leaves))
    gone = leaves[: len(leaves) // 2]
    once = Bucket().changed(add=leaves[len(leaves) // 2 :])

    one_by_one = Bucket()
    for one in shuffled:
        one_by_one = one_by_one.changed(add=[one])
    for one in gone:
        one_by_one = one_by_one.changed(take=[one])

    assert one_by_one == once
    assert 0 <= once.sum < 1 << 256


@given(LEAVES)
def test_what_came_and_went_leaves_nothing(leaves: list[bytes]):
    assert Bucket().changed(add=leaves).changed(take=leaves) == Bucket()


def test_a_sum_wraps_around():
    last = (2**256 - 1).to_bytes(32, "big")
    assert Bucket().changed(add=[last, (2).to_bytes(32, "big")]) == Bucket(1, 2)


def test_version_reference_and_items_all_count():
    leaves = {
        leaf(REF, 1, b"a" * 32),
        leaf(REF, 2, b"a" * 32),
        leaf(REF, 1, b"b" * 32),
        leaf("0" * 12, 1, b"a" * 32),
    }
    assert len(leaves) == 4


def test_the_bucket_is_the_first_byte_of_the_digest():
    assert bucket_of(REF) == int(hashlib.sha256(REF.encode()).hexdigest()[:2], 16)
    assert 0 <= bucket_of(REF) < BUCKETS


def test_nothing_held_has_a_digest_too():
    nothing = total([Bucket()] * BUCKETS)
    assert (nothing.count, nothing.digest) == (0, hashlib.sha256(bytes(8192)).hexdigest())


def test_all_buckets_count():
    one = Bucket().changed(add=[leaf(REF, 1, b"a" * 32)])
    digests = {
        total([*[Bucket()] * n, one, *[Bucket()] * (BUCKETS - 1 - n)]).digest
        for n in range(BUCKETS)
    }
    assert len(digests) == BUCKETS
    with pytest.raises(AssertionError):
        total([Bucket()] * 255)


@pytest.mark.second_opinion
def test_a_leaf_is_what_printf_and_sha256sum_make():
    """As docs/partner-interface.md tells a partner's engineer to compute it."""
    script = r"""
    items=$(printf '%s\n' 'Invented Company Ñandú' 'MID MXINVCOM123TIJ' 'SCAC QXQQ' VALIDATED \
            2014-04-07 | sha256sum | cut -d' ' -f1)
    printf '%s\n%s\n%s\n' 7ZKQ3M9RTW4R 3 "$items" | sha256sum | cut -d' ' -f1
    """
    told = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True, text=True)
    items = record.items_digest(
        "Invented Company Ñandú",
        (Identifier("SCAC", "QXQQ"), Identifier("MID", "MXINVCOM123TIJ")),
        Status.VALIDATED,
        date(2014, 4, 7),
    )
    assert leaf(REF, 3, items).hex() == told.stdout.strip()
