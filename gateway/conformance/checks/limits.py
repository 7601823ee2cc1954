"""What costs the partner bounded work, and what its refusals may say (P10)."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gateway.conformance.judgement import Failed, Skipped, refused
from gateway.conformance.run import NAME, Run
from outbox.call import Reply
from signing.seal import seal

QUICKLY = timedelta(seconds=20)
_XML = b'<?xml version="1.0" encoding="UTF-8"?>\n'
HOSTILE: dict[str, bytes] = {
    "entities": _XML
    + b'<!DOCTYPE Batch [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    + b'<Batch xmlns="urn:mrx:exchange:1.0">&b;</Batch>\n',
    "an outside file": _XML
    + b'<!DOCTYPE Batch [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    + b'<Batch xmlns="urn:mrx:exchange:1.0">&a;</Batch>\n',
    "depth": _XML + b"<a>" * 100_000 + b"</a>" * 100_000,
    "no XML": b"\xff\xfe\x00not a document at all",
}


def too_large(run: Run) -> str:
    """One byte above the limit, of nothing that would have to be understood."""
    reply, seconds = _timed(lambda: run.post(b"0" * (run.bytes_max + 1), limit=3 * QUICKLY))
    if reply.status != 413:
        raise Failed(f"a file of {run.bytes_max + 1:,} bytes must be answered with 413")
    return f"refused after {seconds:.1f} s"


def hostile(run: Run) -> str:
    """Properly signed, and built to be expensive or to reach outside."""
    slowest = 0.0
    for what, content in HOSTILE.items():
        file = seal(content, run.pair.key, datetime.now(UTC))
        reply, seconds = _timed(lambda file=file: run.post(file, limit=2 * QUICKLY))  # type: ignore[misc]  # a default binds it
        refused(reply, f"a signed document with {what}")
        slowest = max(slowest, seconds)
    run.apply(run.lane(), [run.member()])  # and it is still there
    return f"refused within {slowest:.1f} s"


def nonsense(run: Run) -> None:
    for body in (b"", b"hello", b"{}", secrets.token_bytes(4096)):
        refused(run.post(body), "what is no CMS file")


def problems(run: Run) -> str:
    """Every refusal of this run: a problem (RFC 9457), and no company in it."""
    if not run.refusals:
        raise Skipped("it refused nothing")
    for reply in run.refusals:
        if NAME.encode() in reply.body:
            raise Failed("a refusal repeats the name of a company that was sent")
    kinds = {reply.headers.get("content-type", "").partition(";")[0] for reply in run.refusals}
    if kinds != {"application/problem+json"}:
        raise Failed("its refusals must be problems (RFC 9457, application/problem+json)")
    return f"{len(run.refusals)} refusals were read"


def _timed(act: Callable[[], Reply]) -> tuple[Reply, float]:
    """The reply, and how many seconds it took; raises `Failed` if it took long."""
    began = time.monotonic()
    reply = act()
    seconds = time.monotonic() - began
    if seconds > QUICKLY.total_seconds():
        raise Failed(f"it took {seconds:.0f} seconds to refuse it")
    return reply, seconds
