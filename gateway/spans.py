"""OpenTelemetry itself: imported only where traces are configured (`gateway.traces`)."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from outbox.traceparent import Traceparent


class Spans:
    """Makes spans and sends them, in a thread of its own, to one OTLP endpoint."""

    def __init__(self, endpoint: str, resource: Mapping[str, str]) -> None:
        try:
            ours = version("mrx")
        except PackageNotFoundError:
            ours = "unknown"
        self._provider = TracerProvider(
            resource=Resource.create({**resource, "service.version": ours})
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
        self._tracer = self._provider.get_tracer("mrx", ours)

    def begin(self, name: str, parent: Traceparent | None, *, server: bool) -> Span:
        """One span below its parent, or the first of a trace. `end` ends it."""
        kind = SpanKind.SERVER if server else SpanKind.INTERNAL
        return self._tracer.start_span(name, context=_below(parent), kind=kind)

    def numbers(self, span: Span) -> tuple[str, str, bool]:
        """Trace, span, and whether it is kept."""
        own = span.get_span_context()
        return f"{own.trace_id:032x}", f"{own.span_id:016x}", bool(own.trace_flags.sampled)

    def end(self, span: Span, facts: Mapping[str, str | int | None], failed: str | None) -> None:
        """End a span. `failed` is a code or a type, never what an exception said."""
        for name, fact in facts.items():
            if fact is not None:
                span.set_attribute(name, fact)
        if failed is not None:
            span.set_attribute("error.type", failed)
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def _below(parent: Traceparent | None) -> Context:
    if parent is None:
        return Context()  # nothing above
    above = SpanContext(
        int(parent.trace, 16),
        int(parent.parent, 16),
        is_remote=True,
        trace_flags=TraceFlags(int(parent.sampled)),
    )
    return set_span_in_context(NonRecordingSpan(above), Context())
