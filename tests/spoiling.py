"""How an answer is spoiled: functions of its head, with the empty line that ends it, and its body.

allowed      no_length  chunked  continued: other words for the same
wrong        lengths and chunk sizes that lie, noise, one answer too many
not theirs   portal  redirect  switched  bomb: answers of somebody in between
"""

import gzip
from collections.abc import Callable
from functools import cache

from tests.message import END, said, sized


def place(n: float, words: bytes) -> int:
    """A place in these words: a share of them, or so many bytes; never past the last."""
    there = int(n * len(words)) if isinstance(n, float) else n
    return max(0, min(there, len(words) - 1))


def flipped_at(words: bytes, n: float, bit: int = 0) -> bytes:
    """The same with one bit turned over, if there are any."""
    if not words:
        return words
    at = place(n, words)
    return words[:at] + bytes([words[at] ^ 1 << bit]) + words[at + 1 :]


def _sizes(head: bytes, *fields: bytes) -> bytes:
    """The head with these fields in the place of its length."""
    lines = head[: -len(END)].split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(b"content-length:")]
    return b"\r\n".join((*kept, *fields)) + END


def too_short(head: bytes, body: bytes) -> bytes:
    """A length that ends in the middle of the body."""
    return _sizes(head, b"Content-Length: %d" % (len(body) // 2)) + body


def too_long(head: bytes, body: bytes) -> bytes:
    """A length beyond the body."""
    return _sizes(head, b"Content-Length: %d" % (len(body) + 100)) + body


def no_length(head: bytes, body: bytes) -> bytes:
    """No length: the end of the line is the end of the body. That is allowed."""
    return _sizes(head, b"Connection: close") + body


def two_lengths(head: bytes, body: bytes) -> bytes:
    one, other = b"Content-Length: %d" % len(body), b"Content-Length: %d" % (len(body) // 2)
    return _sizes(head, one, other) + body


def worded_length(head: bytes, body: bytes) -> bytes:
    return _sizes(head, b"Content-Length: enough") + body


def negative_length(head: bytes, body: bytes) -> bytes:
    return _sizes(head, b"Content-Length: -1") + body


def endless_length(head: bytes, body: bytes) -> bytes:
    """A length that no machine has room for."""
    return _sizes(head, b"Content-Length: " + b"9" * 19) + body


def garbage(head: bytes, body: bytes) -> bytes:
    """Noise before the status line."""
    return b"\x16\x03\x01\x00\xa5 hello?\r\n" + head + body


def twice(head: bytes, body: bytes) -> bytes:
    """The same answer two times: the second is nobody's."""
    return (head + body) * 2


def chunked(head: bytes, body: bytes) -> bytes:
    """In chunks. That is allowed."""
    half = len(body) // 2
    pieces = [piece for piece in (body[:half], body[half:]) if piece]
    said = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return _sizes(head, b"Transfer-Encoding: chunked") + said + b"0\r\n\r\n"


def misnumbered_chunks(head: bytes, body: bytes) -> bytes:
    """Chunks whose sizes are no numbers, and not theirs."""
    said = b"%x\r\n%b\r\n" % (len(body) // 2, body) + b"many\r\n\r\n"
    return _sizes(head, b"Transfer-Encoding: chunked") + said


def chunked_and_sized(head: bytes, body: bytes) -> bytes:
    """Chunks, and a length that says something else."""
    sized_, _, chunks = chunked(head, body).partition(END)
    return sized_ + b"\r\nContent-Length: 3" + END + chunks


def continued(head: bytes, body: bytes) -> bytes:
    """Three times "100 Continue", and then the answer. That is allowed."""
    return b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + head + body


def switched(head: bytes, body: bytes) -> bytes:
    """It speaks something else from now on."""
    return said(body, b"Upgrade: h2c", b"Connection: Upgrade", status=b"101 Switching Protocols")


def portal(_head: bytes, _body: bytes) -> bytes:
    """Somebody else's page, in the best of health."""
    return sized(
        b"<!doctype html><title>Sign in to the network</title>", b"Content-Type: text/html"
    )


def redirect(elsewhere: str) -> Callable[[bytes, bytes], bytes]:
    """It should be told to somebody else."""

    def change(_head: bytes, _body: bytes) -> bytes:
        return sized(b"", b"Location: " + elsewhere.encode(), status=b"307 Temporary Redirect")

    return change


@cache
def packed() -> bytes:
    return gzip.compress(bytes(64 << 20))


def bomb(_head: bytes, _body: bytes) -> bytes:
    """64 MB of nothing, packed."""
    fields = (b"Content-Encoding: gzip", b"Content-Type: application/pkcs7-mime")
    return sized(packed(), *fields)
