"""Traces reach a collector, one step below the other, and hold nothing of any company."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gateway import traces
from gateway.app import build
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox import call, watch
from outbox.traceparent import CURRENT, Traceparent
from schemas.errors import BadRequest
from tests.gateway.api.doors import bearer, token
from tests.world import World, member

TRACE = "0af7651916cd43dd8448eb211c80319c"


@dataclass
class Collector:
    """An OTLP receiver, and an end that notes the headers of what it is sent."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def named(self, name: str) -> Any:
        (one,) = [span for span in self.spans if span.name == name]
        return one


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            found.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            found.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield found
        server.shutdown()


def attributes(span: Any) -> dict[str, str | int]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_a_delivery_is_a_trace_of_its_steps_and_the_request_another(
    small_world: World, collector: Collector
):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    headers = bearer(token(small_world.house, Scope.PUSH)) | {
        "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
        "Content-Type": "application/x-ndjson",
    }
    with traces.exported(Settings(traces_endpoint=collector.url)):
        small_world.deliver()
        door = TestClient(build(small_world.house, Settings(home=small_world.house.folder)))
        door.post("/v1/source/members", content=b'{"account": "10000001"}', headers=headers)

    delivery, send = collector.named("delivery"), collector.named("send")
    steps = [span for span in collector.spans if span.parent_span_id == delivery.span_id]
    assert {span.name for span in steps} == {"seal", "send", "settle"}
    assert not delivery.parent_span_id
    assert attributes(send) | {"mrx.bytes": 0} == {
        "mrx.partner": "mx-neec",
        "mrx.lane": "routine",
        "mrx.batch": 1,
        "mrx.issue": 1,
        "mrx.bytes": 0,
        "mrx.outcome": "answered",
    }
    assert collector.named("inbound").trace_id == delivery.trace_id
    request, push = collector.named("request"), collector.named("push")
    assert request.trace_id.hex() == TRACE
    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    assert push.parent_span_id == request.span_id
    assert attributes(request)["http.route"] == "/v1/source/members"
    assert b"Invented Company" not in b"".join(collector.bodies)
    assert b"10000001" not in b"".join(collector.bodies)


def test_what_failed_says_its_code_and_not_its_words(collector: Collector):
    def fail() -> None:
        with watch.step("push"):
            raise BadRequest("MRX-5001", name="Invented Company")

    with traces.exported(Settings(traces_endpoint=collector.url)), pytest.raises(BadRequest):
        fail()

    push = collector.named("push")
    assert push.status.code == 2
    assert attributes(push)["error.type"] == "MRX-5001"
    assert b"Invented" not in b"".join(collector.bodies)


def test_the_trace_goes_on_with_what_is_sent(collector: Collector):
    pool = call.pool()
    under = Traceparent.begin()
    token = CURRENT.set(under)
    try:
        call.call(
            pool,
            "POST",
            collector.url,
            headers={},
            content=b"",
            limit=timedelta(seconds=5),
            bytes_max=10,
        )
    finally:
        CURRENT.reset(token)
        pool.close()

    assert collector.headers[0]["traceparent"] == str(under)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", True),
        (f"00-{TRACE}-b7ad6b7169203331-00", True),
        (f"cc-{TRACE}-b7ad6b7169203331-01-what-comes-later", True),
        (f"ff-{TRACE}-b7ad6b7169203331-01", False),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (f"00-{TRACE.upper()}-b7ad6b7169203331-01", False),
        ("", False),
    ],
)
def test_only_a_trace_that_one_can_go_on_with_is_taken(text: str, taken: bool):
    assert (Traceparent.read(text) is not None) is taken


@pytest.mark.parametrize(
    ("ours", "environment", "to"),
    [
        (None, {}, None),
        ("http://a:4318", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b"}, "http://a:4318/v1/traces"),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b/"}, "http://b/v1/traces"),
        (None, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c/x"}, "http://c/x"),
    ],
)
def test_where_traces_go(ours: str | None, environment: dict[str, str], to: str | None):
    assert traces.endpoint(Settings(traces_endpoint=ours), environment) == to


@pytest.mark.processes
def test_without_an_endpoint_nothing_of_it_is_imported():
    script = "import sys, gateway.server; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    loaded = out.stdout.split()
    assert not [one for one in loaded if one.startswith("opentelemetry.sdk")]
    assert not {"gateway.spans", "textual"} & set(loaded)


@pytest.mark.slow
def test_a_collector_that_is_away_stops_nothing(
    small_world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    small_world.push(member("10000001"))
    small_world.grant("10000001")

    with traces.exported(Settings(traces_endpoint="http://127.0.0.1:1")):
        small_world.deliver()

    assert len(small_world.held("mx-neec")) == 1
