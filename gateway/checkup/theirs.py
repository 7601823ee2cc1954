"""The steps that ask a partner's gateway: whether it believes us, and whether we may believe it."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any

import orjson

from gateway.checkup.finding import Found, Result, Way
from gateway.checkup.reaching import Failed
from outbox import asking
from outbox.call import Reply
from schemas import exchange
from schemas.document import xsd_path
from signing.open import open_sealed
from signing.seal import seal

SKEW_MAX = timedelta(seconds=5)
AGREEMENT, SCHEMAS, ECHO = (f"/v1/partner/{name}" for name in ("agreement", "schemas", "echo"))
_CODE = re.compile(rb'"code":\s*"(MRX-[0-9]{4})"')
_PAPER_BYTES_MAX = 256 * 1024
_ECHO_BYTES_MAX = 64 * 1024
_ENVELOPE = "exchange/1.0"


def signature(way: Way) -> Found:
    reply = _asked(way, AGREEMENT)
    if reply.status in (401, 403):
        raise Failed(
            f"they do not believe our signature: {_status(reply)}",
            f"have them pin our certificate {way.house.key.certificate.fingerprint},"
            " and see whether the clocks agree",
        )
    if reply.status != 200:
        raise Failed(
            f"they answer {_status(reply)} to {AGREEMENT}",
            "see whether the address is the base of their gateway; redirects are not followed",
        )
    way.paper = _object(reply)
    return Found("they believe our signature")


def schema(way: Way) -> Found:
    ours, home = way.house.programme, way.paper.get("home")
    if (home, way.paper.get("partner")) != (way.partner, ours):
        raise Failed(
            f"the gateway there does not speak as {way.partner} to {ours}",
            "see whether the address is theirs, and for whom they pinned our certificate",
        )
    if way.paper.get("format") != way.format:
        raise Failed(
            f"their agreement names another format than ours, which is {way.format}",
            "find out which of the two is agreed",
        )
    reply = _answered(_asked(way, SCHEMAS), SCHEMAS)
    theirs = _digests(_object(reply))
    for form in (_ENVELOPE, way.format):
        if form not in theirs:
            raise Failed(f"their schemas lack {form}", "ask which formats they read")
    other = [form for form in (_ENVELOPE, way.format) if theirs[form] not in (None, _digest(form))]
    return Found(
        f"both ends use {_ENVELOPE} and {way.format}",
        f"not the same file as ours, compare: {', '.join(other)}" if other else None,
    )


def echo(way: Way) -> Found:
    now = way.clock()
    # Fresh, so that no echo given before answers it; and in words that are no document of ours.
    file = seal(f"mrx partner test {secrets.token_hex(16)}\n".encode(), way.house.key, now)
    reply = _answered(_asked(way, ECHO, file), ECHO)
    opened = open_sealed(reply.body, way.pinned, way.clock(), bytes_max=_ECHO_BYTES_MAX)
    echo = exchange.read_echo(opened.content)
    if (echo.sender, echo.recipient) != (way.partner, way.house.programme):
        raise Failed(
            "their echo is signed, and names other programmes than the two of us",
            "find out whose gateway answers there",
        )
    if echo.digest != sha256(file).hexdigest():
        raise Failed(
            "their echo is signed, and answers another file than ours",
            "the digest is the SHA-256 of the whole file as it arrives; nothing may rewrite it",
        )
    return Found("our file arrived byte for byte, and their signed answer is believed")


def clock(way: Way) -> Found:
    if not way.answered:
        return Found("not tried: no answer came to read a time from", None, Result.SKIPPED)
    if way.apart is None:
        raise Failed("their answers carry no Date", "have them send one (RFC 9110, 6.6.1)")
    seconds = way.apart.total_seconds()
    if abs(way.apart) > SKEW_MAX:
        raise Failed(
            f"their clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} ours",
            "set both clocks by NTP: signatures are good for minutes",
        )
    return Found(f"the clocks agree within {int(SKEW_MAX.total_seconds())} s")


# -- asking, and reading what came -----------------------------------------------------------------


def _asked(way: Way, path: str, file: bytes | None = None) -> Reply:
    before = way.clock()
    reply = asking.ask(
        way.house,
        way.address.url,
        to=way.partner,
        path=path,
        now=before,
        method="GET" if file is None else "POST",
        body=file,
    )
    way.answered = True
    way.apart = _apart(reply.headers.get("date", ""), before, way.clock())
    return reply


def _apart(date: str, before: datetime, after: datetime) -> timedelta | None:
    """How far their Date lies outside of our exchange; a Date has whole seconds."""
    try:
        at = parsedate_to_datetime(date[:64])
        early, late = before - at - timedelta(seconds=1), at - after
    except (ValueError, TypeError, IndexError, OverflowError):  # none, or one without a zone
        return None
    return max(late, timedelta(0)) or -max(early, timedelta(0))


def _answered(reply: Reply, path: str) -> Reply:
    """The reply, if it is what was asked for."""
    if reply.status != 200:
        raise Failed(
            f"they answer {_status(reply)} to {path}",
            "see `mrx explain` for the code, or docs/partner-interface.md for the address",
        )
    return reply


def _status(reply: Reply) -> str:
    """The status, and the code if it is a gateway like ours."""
    code = _CODE.search(reply.body[:4096])
    return f"HTTP {reply.status}" + (f" ({code[1].decode()})" if code else "")


def _object(reply: Reply) -> Mapping[str, Any]:
    """The JSON object of an answer. It is not signed: a claim."""
    try:
        found = orjson.loads(reply.body) if len(reply.body) <= _PAPER_BYTES_MAX else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Failed(
            "their answer is not a JSON object", "see docs/partner-interface.md for its form"
        )
    return found


def _digests(listed: Mapping[str, Any]) -> dict[str, str | None]:
    """The formats they list, each with the digest of its schema if they say it."""
    items = listed.get("items")
    return {
        str(item.get("format")): item.get("sha256")
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict)
    }


def _digest(form: str) -> str:
    return sha256(xsd_path(form).read_bytes()).hexdigest()
