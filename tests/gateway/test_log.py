"""The log: one line an event, with whose request it was, and nothing of any company."""

import io
import logging
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from gateway import log
from gateway.app import build
from gateway.identity.roles import Role
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox import watch
from outbox.house import House
from tests.gateway.api.doors import bearer, signature, token
from tests.gateway.console.people import at_console
from tests.world import World, member

Lines = Callable[[], list[dict[str, Any]]]
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """The lines that were written, in JSON."""
    out = io.StringIO()
    monkeypatch.setattr(log, "sys", SimpleNamespace(stderr=out))
    root, ours = logging.getLogger(), logging.getLogger(log.OURS)
    before = (root.handlers[:], root.level, ours.level)
    log.begin("json")
    with watch.watched_by(log.steps):
        yield lambda: [orjson.loads(line) for line in out.getvalue().splitlines()]
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def door(house: House) -> TestClient:
    return TestClient(build(house, Settings(home=house.folder)))


def requests(lines: Lines) -> list[dict[str, Any]]:
    return [line for line in lines() if line["event"] == "request"]


def test_a_request_is_one_line_with_its_template_and_never_its_path(
    small_world: World, written: Lines
):
    small_world.push(member("10000001"))
    headers = bearer(token(small_world.house, Scope.READ))
    headers["X-Request-Id"] = "abc-1"

    door(small_world.house).get("/v1/source/members/10000001", headers=headers)

    (line,) = requests(written)
    assert line["route"] == "/v1/source/members/{account}"
    assert (line["method"], line["status"], line["request_id"]) == ("GET", 200, "abc-1")
    assert line["actor"].startswith("token ")
    assert line["role"] == "read"
    assert line["duration_ms"] >= 0
    assert line["level"] == "info"
    assert line["ts"].endswith("Z")
    assert "10000001" not in orjson.dumps(line).decode()
    assert line.keys() <= set(log.FIELDS)


def test_a_token_that_asks_too_often_is_named(small_world: World, written: Lines):
    """So that an operator finds whose client asks in a circle."""
    app = build(small_world.house, Settings(home=small_world.house.folder, requests_per_second=0.1))
    client, headers = TestClient(app), bearer(token(small_world.house, Scope.READ))

    answers = [client.get("/v1/source/outcomes", headers=headers) for _ in range(3)]

    line = requests(written)[-1]
    assert (answers[-1].status_code, line["status"], line["code"]) == (429, 429, "MRX-7034")
    assert line["actor"].startswith("token ")


@pytest.mark.parametrize(
    ("path", "status", "code", "route"),
    [
        (
            "/v1/source/members/10000001?name=Invented",
            401,
            "MRX-7001",
            "/v1/source/members/{account}",
        ),
        ("/v1/source/Invented/Company", 404, "MRX-7004", "/v1/source/*"),
        ("/Invented/Company", 404, "MRX-7004", "/*"),
        ("/console/Invented", 404, "MRX-7004", "/console/*"),
    ],
)
def test_what_is_refused_is_a_line_with_its_code(
    small_world: World, written: Lines, path: str, status: int, code: str, route: str
):
    door(small_world.house).get(path)

    (line,) = requests(written)
    assert (line["status"], line["code"], line["route"]) == (status, code, route)
    assert "Invented" not in orjson.dumps(written()).decode()


def test_a_person_at_the_console_is_named_with_their_roles(small_world: World, written: Lines):
    at_console(small_world.house, "jdoe", [Role.VIEWER]).get("/console/")

    (line,) = requests(written)
    assert (line["actor"], line["role"]) == ("jdoe", "viewer")
    assert line["route"] == "/console/"


def test_a_partner_is_named_with_its_request(small_world: World, written: Lines):
    key = small_world.partners["mx-neec"].key
    url = "/v1/partner/agreement"

    door(small_world.house).get(url, headers=signature(key, "GET", url))

    (line,) = requests(written)
    assert (line["partner"], line["status"]) == ("mx-neec", 200)


def test_probes_and_collectors_are_not_worth_a_line_each(small_world: World, written: Lines):
    for path in ("/health/live", "/health/ready", "/metrics"):
        door(small_world.house).get(path)

    assert requests(written) == []


def test_a_callers_trace_goes_on_and_another_begins_where_there_is_none(
    small_world: World, written: Lines
):
    client = door(small_world.house)
    client.get("/v1/nowhere", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    client.get("/v1/nowhere", headers={"traceparent": "00-nonsense"})
    client.get("/v1/nowhere")

    given, nonsense, none = (line["trace_id"] for line in requests(written))
    assert given == TRACE
    assert nonsense != none
    assert len(nonsense) == len(none) == 32


def test_what_a_request_does_carries_its_number(small_world: World, written: Lines):
    headers = bearer(token(small_world.house, Scope.PUSH)) | {"X-Request-Id": "push-1"}
    body = orjson.dumps(member("10000001"))

    door(small_world.house).post(
        "/v1/source/members",
        content=body,
        headers=headers | {"Content-Type": "application/x-ndjson"},
    )

    push, request = (line for line in written() if line["event"] in {"push", "request"})
    assert (push["event"], push["kind"], push["records"], push["outcome"]) == (
        *("push", "members", 1, "done"),
    )
    assert push["request_id"] == request["request_id"] == "push-1"
    assert push["trace_id"] == request["trace_id"]


def test_each_transmission_is_a_line_on_both_ends(small_world: World, written: Lines):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.wire.plan = ["lost answer"]
    small_world.deliver()

    sent = [line for line in written() if line["event"] == "send"]
    taken = [line for line in written() if line["event"] == "inbound"]
    facts = ("partner", "lane", "batch", "issue", "outcome", "code")
    assert [tuple(line.get(one) for one in facts) for line in sent] == [
        ("mx-neec", "routine", 1, 1, "no answer", "MRX-6001"),
        ("mx-neec", "routine", 1, 1, "answered", None),
    ]
    assert [line["outcome"] for line in taken] == ["applied", "known"]
    assert all(line["duration_ms"] >= 0 and line["trace_id"] for line in sent)


def test_of_an_exception_only_type_and_places_are_written(written: Lines):
    def fail() -> None:
        raise ValueError("Invented Company 316-99-61")

    try:
        fail()
    except ValueError:
        logging.getLogger("asyncio").exception("Task exception: %s", "Invented Company")
        logging.getLogger("mrx.http").exception("MRX-9999 it failed")

    theirs, ours = written()
    assert theirs["event"] == "Task exception: %s"
    assert theirs["where"].startswith("ValueError\n")
    assert (ours["event"], ours["code"]) == ("it failed", "MRX-9999")
    assert "Invented" not in orjson.dumps([theirs, ours]).decode()


def test_others_are_heard_only_when_they_warn(written: Lines):
    logging.getLogger("httpx2").info("HTTP Request: GET https://partner.example/Invented")
    logging.getLogger("mrx.worker").info("ended")

    assert [line["event"] for line in written()] == ["ended"]


def test_text_is_the_same_for_eyes():
    record = logging.makeLogRecord(
        {
            "name": "mrx.events",
            "msg": "send",
            "levelname": "INFO",
            "event": "send",
            "facts": {"partner": "mx-neec", "batch": 412},
        }
    )

    text = log.Text().format(record)

    assert text.endswith(" INFO send partner=mx-neec batch=412")


def test_a_line_is_written_where_stderr_is_now(written: Lines, monkeypatch: pytest.MonkeyPatch):
    """As after a command that ran in this process, with a stderr of its own that is closed now."""
    first, second = log.sys.stderr, io.StringIO()
    monkeypatch.setattr(log.sys, "stderr", second)
    first.close()

    log.line("request", logging.INFO, status=200)

    assert orjson.loads(second.getvalue())["status"] == 200
