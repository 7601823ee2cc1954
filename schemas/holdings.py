r"""What one side holds of the other, as 256 sums that can be compared without sending the list.

    leaf    = SHA-256( ref LF version LF hex(items digest) LF )     one living member
    bucket  = the first byte of SHA-256( ref )                      0 to 255
    sum     = the leaves of a bucket, added up modulo 2^256         kept up with every change
    digest  = SHA-256( the 256 sums, 32 bytes each, big-endian )    what a receipt carries

Addition does not depend on the order, and a leaf that goes is subtracted: a change costs a change.
The digest finds that two ends differ; the sums find in which buckets.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

BUCKETS = 256
_MODULUS = 1 << 256


@dataclass(frozen=True, slots=True)
class Bucket:
    """One of the 256: its sum, and of how many members it is the sum."""

    sum: int = 0
    count: int = 0

    def changed(self, *, add: Sequence[bytes] = (), take: Sequence[bytes] = ()) -> "Bucket":
        """The bucket with some leaves more and some less."""
        total = self.sum + sum(map(_number, add)) - sum(map(_number, take))
        return Bucket(total % _MODULUS, self.count + len(add) - len(take))

    @property
    def bytes(self) -> bytes:
        return self.sum.to_bytes(32, "big")


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many members are held, and the digest (hex) over all buckets."""

    count: int
    digest: str


def leaf(ref: str, version: int, items_digest: bytes) -> bytes:
    """The part of one living member."""
    return hashlib.sha256(f"{ref}\n{version}\n{items_digest.hex()}\n".encode()).digest()


def bucket_of(ref: str) -> int:
    return hashlib.sha256(ref.encode()).digest()[0]


def total(buckets: Sequence[Bucket]) -> Holdings:
    """The digest over all 256 buckets, in order."""
    held = digest([bucket.bytes for bucket in buckets])
    return Holdings(sum(bucket.count for bucket in buckets), held)


def digest(sums: Sequence[bytes]) -> str:
    """The digest (hex) over all 256 sums, in order."""
    assert len(sums) == BUCKETS, "empty buckets count too"
    return hashlib.sha256(b"".join(sums)).hexdigest()


def _number(leaf: bytes) -> int:
    return int.from_bytes(leaf, "big")
