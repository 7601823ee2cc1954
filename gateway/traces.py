"""Traces by OpenTelemetry, where an endpoint is configured; without one nothing of it is imported.

    request (HTTP) ─ inbound | push
    delivery ─ seal, send, settle      and `traceparent` goes with what is sent

A span is a step of `outbox.watch` with its facts: nothing of any company. Of an exception it holds
the code, never the words.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from gateway.settings import Settings
from outbox import watch
from outbox.traceparent import CURRENT, Traceparent
from outbox.watch import Step
from schemas.errors import NotReady

logger = logging.getLogger("mrx.traces")

STANDARD: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_NAMES: Final = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
}


def endpoint(settings: Settings, environment: Mapping[str, str] = os.environ) -> str | None:
    """Where traces go: our own setting first, then the standard's, or nowhere."""
    ours = settings.traces_endpoint
    if ours is not None:
        return f"{ours.rstrip('/')}/v1/traces"
    whole, base = (environment.get(name, "").strip() for name in STANDARD)
    return whole or (f"{base.rstrip('/')}/v1/traces" if base else None)


@contextmanager
def exported(settings: Settings) -> Iterator[None]:
    """Have the steps of this process exported, while the block lasts; what is left goes at its end.

    Raises `NotReady` MRX-9010 if our setting asks for what is not installed.
    """
    to = endpoint(settings)
    if to is None:
        yield
        return
    try:
        from gateway.spans import Spans  # noqa: PLC0415  # nobody else pays for OpenTelemetry
    except ImportError as missing:
        if settings.traces_endpoint is not None:
            needs = "pip install mrx[traces]"
            raise NotReady("MRX-9010", setting="MRX_TRACES_ENDPOINT", needs=needs) from missing
        logger.warning("traces are not exported: OpenTelemetry is not installed")
        yield
        return
    spans = Spans(to, {"service.name": "mrx", "deployment.environment.name": settings.environment})
    try:
        with watch.watched_by(lambda step: _span(spans, step)):
            yield
    finally:
        spans.close()


@contextmanager
def _span(spans: Any, step: Step) -> Iterator[None]:
    above = CURRENT.get()
    parent = None if above is None or above.begun else above
    span = spans.begin(step.name, parent, server=step.name == "request")
    token = CURRENT.set(Traceparent(*spans.numbers(span)))
    failed: str | None = None
    try:
        yield
    except BaseException as error:
        failed = getattr(error, "code", None) or type(error).__name__
        raise
    finally:
        CURRENT.reset(token)
        facts = {_NAMES.get(name, f"mrx.{name}"): fact for name, fact in step.facts.items()}
        spans.end(span, facts, failed)
