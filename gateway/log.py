"""The log: one line an event, on stderr, as JSON (or text, for eyes).

    {"ts": "...", "level": "info", "event": "request", "request_id": "...", "trace_id": "...",
     "route": "/v1/source/pushes/{push_id}", "status": 200, "actor": "token 1f...", "duration_ms": 3}

What a line can hold stands in `FIELDS`; nothing of any company is among them. Our own messages hold
none by rule. Of others' loggers only the template of a message is written, without what was put
into it, and of an exception its type and places (`gateway.trace`): they repeat what they stumble
over.
"""

import logging
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

import orjson

from gateway import trace
from outbox.traceparent import CURRENT
from outbox.watch import Step

OURS: Final = "mrx"
FIELDS: Final = (
    *("ts", "level", "event", "logger", "message", "request_id", "trace_id", "method", "route"),
    *("status", "partner", "lane", "batch", "issue", "bytes", "push", "kind", "records", "actor"),
    *("role", "outcome", "code", "duration_ms", "where"),
)
_CODE = re.compile(r"\bMRX-\d{4}\b")
# What is done often and says little by itself; and requests, whose line the shield writes.
_QUIET: Final = frozenset({"delivery", "seal", "settle", "request"})

Facts = dict[str, Any]
_REQUEST: ContextVar[Facts | None] = ContextVar("request", default=None)


def begin(form: Literal["json", "text"], *, level: int = logging.INFO) -> None:
    """From here on this process writes its log so."""
    handler = _Stderr()
    handler.setFormatter(Json() if form == "json" else Text())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # others say too much of what they do
    logging.getLogger(OURS).setLevel(level)


@contextmanager
def request(facts: Facts) -> Iterator[Facts]:
    """The request that is answered while the block lasts: its facts stand in every line."""
    token = _REQUEST.set(facts)
    try:
        yield facts
    finally:
        _REQUEST.reset(token)


def told(**facts: object) -> None:
    """Add what is known by now of the request that is answered: who asks, with which code it ends.

    Seen by all lines from here on, in whatever thread they are written.
    """
    current = _REQUEST.get()
    if current is not None:
        current.update(facts)


@contextmanager
def steps(step: Step) -> Iterator[None]:
    """The watcher (`outbox.watch`) that writes a line for each step worth one."""
    if step.name in _QUIET:
        yield
        return
    began = time.monotonic()
    try:
        yield
    except Exception as error:
        step.say(outcome="failed", code=getattr(error, "code", None))
        raise
    finally:
        line(step.name, logging.INFO, **step.facts, duration_ms=since(began))


def line(event: str, level: int, /, **facts: object) -> None:
    """Write one event of ours with its facts."""
    logger = logging.getLogger(f"{OURS}.events")
    logger.log(level, event, extra={"event": event, "facts": facts})


def since(began: float) -> float:
    """Milliseconds since a moment of `time.monotonic`."""
    return round((time.monotonic() - began) * 1_000, 1)


# -- a line ----------------------------------------------------------------------------------------


def _facts(record: logging.LogRecord) -> Facts:
    found: Facts = {
        "ts": datetime.fromtimestamp(record.created, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        **_said(record),
        "trace_id": getattr(CURRENT.get(), "trace", None),
        **(_REQUEST.get() or {}),
        **getattr(record, "facts", {}),
    }
    if record.exc_info and record.exc_info[1] is not None:
        found["where"] = trace.of(record.exc_info[1])
    return {name: found[name] for name in FIELDS if found.get(name) is not None}


def _said(record: logging.LogRecord) -> Facts:
    """What happened, in a word or two; and for our own messages, the whole sentence."""
    event = getattr(record, "event", None)
    if event is not None:
        return {"event": event}
    template = str(record.msg).partition("\n")[0]
    if record.name.partition(".")[0] != OURS:
        return {"event": template[:200], "logger": record.name}
    sentence = record.getMessage()
    code = _CODE.search(sentence)
    words = _CODE.sub("", re.split(r"[%:,(]", template)[0]).strip()
    return {
        "event": words or "message",
        "logger": record.name,
        "message": sentence,
        "code": code and code[0],
    }


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what stderr is when the line is written: a command that runs in this process may
    have had one of its own when the log began, closed since.
    """

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


class Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return orjson.dumps(_facts(record), default=str).decode()


class Text(logging.Formatter):
    """The same for eyes: `2026-11-22T08:00:00.000Z INFO request route=/health/live status=200`."""

    def format(self, record: logging.LogRecord) -> str:
        facts = _facts(record)
        ts, level = facts.pop("ts"), facts.pop("level").upper()
        event = facts.pop("event")
        said = facts.pop("message", event)
        rest = "".join(f" {name}={value}" for name, value in facts.items())
        return f"{ts} {level} {said}{rest}"
