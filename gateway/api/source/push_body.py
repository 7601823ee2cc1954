"""The body of a push on its way into the spool: told, counted, digested, unpacked.

    request --pieces--> SHA-256, SHA-512 --gunzip--> spool

Nothing of it is read before it is there whole and its digest is right; a slow client holds a file
and no database. What does not arrive whole leaves nothing.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from gateway import spool
from gateway.api import allowance
from gateway.api.source.push_wire import MEMBER
from gateway.intake import json_lines
from gateway.intake.lines import LINE_BYTES_MAX
from gateway.intake.reading import Format
from gateway.spool import Spooled
from outbox.house import House
from schemas.errors import BadRequest

JSON = "application/json"
MEDIA_TYPES: Mapping[str, Format] = {
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "text/csv": "csv",
}
# In each such time this much must come, so that a client that stalls or drips does not stay.
PATIENCE_SECONDS = 60
PATIENCE_BYTES = 64 << 10
# One member is one line, with its account put before it if need be.
ONE_BYTES_MAX = LINE_BYTES_MAX - 64
# So much is gathered before a thread digests and writes it.
PIECE_BYTES = 1 << 20
# So much is unpacked at once: behind each member zlib copies what it was given and did not read.
SLICE_BYTES = 1 << 14
# What may stand before and behind a text of JSON; Python's own idea of a blank is wider.
_BLANK = b" \t\r\n"
_DIGEST = re.compile(r"([a-z0-9*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):")

LINES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {name: {"schema": {"type": "string"}} for name in MEDIA_TYPES},
    }
}
ONE_MEMBER: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": MEMBER}},
    }
}


@dataclass(frozen=True, slots=True)
class Arrived:
    """A body in the spool: its size and SHA-256 are those of the bytes as they came."""

    file: Spooled
    format: Format
    sha256: bytes
    size: int


async def arrived(
    request: Request, house: House, *, content_digest: str | None, bytes_max: int
) -> Arrived:
    """Take the body into the spool, or raise `BadRequest`.

    MRX-7006 (not what Content-Digest says), MRX-7009 (media type, charset or coding not taken),
    MRX-7010 (too large, as it came or unpacked), MRX-7016 (did not arrive whole, or too slowly).
    """
    kind, packed = _format(request, MEDIA_TYPES), _packed(request)
    wanted = _wanted(content_digest)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > bytes_max:
        raise BadRequest("MRX-7010", limit=bytes_max)
    file = await run_in_threadpool(spool.create, house, secrets.token_hex(8))
    body = _Incoming(file.write, packed=packed, bytes_max=bytes_max)
    try:
        await _receive(request, body)
        await run_in_threadpool(body.finish, wanted)
    except BaseException:
        file.remove()
        raise
    return Arrived(file, kind, body.sha256.digest(), body.size)


async def one_member(
    request: Request, house: House, account: str, *, content_digest: str | None
) -> Arrived:
    """The one member of a JSON body, as a line of a push.

    Raises as `arrived` does; `BadRecord` for what is no JSON object, `BadRequest` MRX-7003 where
    it names another account.
    """
    _format(request, {JSON: "ndjson"})
    packed, wanted = _packed(request), _wanted(content_digest)
    held = bytearray()
    body = _Incoming(held.extend, packed=packed, bytes_max=ONE_BYTES_MAX)
    await _receive(request, body)
    body.finish(wanted)
    data = bytes(held).strip(_BLANK)
    fields = json_lines.parse(data)
    # It is JSON, so that a line end in it stands only where a blank could.
    data = data.replace(b"\r", b" ").replace(b"\n", b" ")
    if fields.get("account", account) != account:
        raise BadRequest("MRX-7003", field="account")
    if "account" not in fields:
        data = b'{"account":"%s"%s' % (account.encode(), b"," if fields else b"") + data[1:]
    file = await run_in_threadpool(spool.create, house, secrets.token_hex(8))
    try:
        await run_in_threadpool(file.write, data)
    except BaseException:
        file.remove()
        raise
    return Arrived(file, "ndjson", body.sha256.digest(), body.size)


async def _receive(request: Request, body: "_Incoming") -> None:
    allowance.more(request)
    clock, came = asyncio.get_running_loop(), 0
    held = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS) as patience:
            async for piece in request.stream():
                came += len(piece)
                if came >= PATIENCE_BYTES:
                    came = 0
                    patience.reschedule(clock.time() + PATIENCE_SECONDS)
                held += piece
                if len(held) >= PIECE_BYTES:
                    await run_in_threadpool(body.take, bytes(held))
                    held.clear()
    except (TimeoutError, ClientDisconnect):
        raise BadRequest("MRX-7016") from None
    await run_in_threadpool(body.take, bytes(held))


class _Incoming:
    """Digests the bytes as they come, and writes them as they are meant."""

    def __init__(self, write: Callable[[bytes], None], *, packed: bool, bytes_max: int) -> None:
        self.size = 0
        self.sha256, self.sha512 = hashlib.sha256(), hashlib.sha512()
        self._write, self._bytes_max, self._written = write, bytes_max, 0
        self._gunzip = _Gunzip() if packed else None

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > self._bytes_max:
            raise BadRequest("MRX-7010", limit=self._bytes_max)
        self.sha256.update(piece)
        self.sha512.update(piece)
        for plain in (piece,) if self._gunzip is None else self._gunzip.pieces(piece):
            self._written += len(plain)
            if self._written > self._bytes_max:
                raise BadRequest("MRX-7010", limit=self._bytes_max)
            self._write(plain)

    def finish(self, wanted: dict[str, bytes]) -> None:
        found = {"sha-256": self.sha256.digest(), "sha-512": self.sha512.digest()}
        for name, digest in wanted.items():
            if not hmac.compare_digest(found[name], digest):
                raise BadRequest("MRX-7006", algorithm=name)
        if self._gunzip is not None and not self._gunzip.whole:
            raise BadRequest("MRX-7016")


class _Gunzip:
    """Unpacks gzip, also of several members, some bytes at a time however much they become.

    `whole` says that the bytes so far end with a member.
    """

    def __init__(self) -> None:
        self.whole = False
        self._member = zlib.decompressobj(31)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), SLICE_BYTES):
            yield from self._unpacked(data[start : start + SLICE_BYTES])

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        plain = b""
        while data or len(plain) == PIECE_BYTES:  # all read, but not all of it given out
            self.whole = False
            try:
                plain = self._member.decompress(data, PIECE_BYTES)
            except zlib.error:
                raise BadRequest("MRX-7016") from None
            yield plain
            data = self._member.unconsumed_tail
            if self._member.eof:
                data, plain = self._member.unused_data, b""
                self._member, self.whole = zlib.decompressobj(31), True


def _format(request: Request, types: Mapping[str, Format]) -> Format:
    """The media type's; a charset may be named if it is UTF-8."""
    name, *parameters = request.headers.get("content-type", "").lower().split(";")
    kind = types.get(name.strip())
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        # With a blank or an asterisk it is another way of saying the same, or a mistake for it.
        if key.strip(" \t*") == "charset" and value.strip('" \t') not in {"utf-8", "us-ascii"}:
            kind = None
    if kind is None:
        raise BadRequest("MRX-7009", types=" ".join(types))
    return kind


def _packed(request: Request) -> bool:
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip", "x-gzip"}:
        raise BadRequest("MRX-7009", codings="gzip")
    return coding != "identity"


def _wanted(content_digest: str | None) -> dict[str, bytes]:
    """The digests of RFC 9530 that we know of those named; others may be there and are passed over.

    Raises `BadRequest` MRX-7006 for a field that cannot be read: it would promise a check that
    nobody makes.
    """
    wanted: dict[str, bytes] = {}
    for part in [] if content_digest is None else content_digest.split(","):
        found = _DIGEST.fullmatch(part.strip())
        if found is None:
            raise BadRequest("MRX-7006", field="Content-Digest")
        try:
            digest = base64.b64decode(found[2], validate=True)
        except binascii.Error:
            raise BadRequest("MRX-7006", field="Content-Digest") from None
        if found[1] in {"sha-256", "sha-512"}:
            wanted[found[1]] = digest
    return wanted
