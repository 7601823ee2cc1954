"""Bytes that two readers could read in two ways: this server reads them in one, or not at all.

Each is sent to a real `mrx serve` over a socket of its own, and behind it a request for
`/health/live`. Where the bytes are refused, nothing behind them is looked at; where they are taken,
they end where they say, and the request behind them is a second one.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import connected_world
from tests.gateway.doors.line import Answer, line, said
from tests.journeys.processes import Server, free_port

pytestmark = [pytest.mark.processes]

BEHIND = b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
BEAT = b"POST /v1/source/heartbeat HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\nHost: a\r\n"
CHUNKED = BEAT + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> Iterator[int]:
    world = connected_world(tmp_path_factory.mktemp("world"), key_files, ("mx-neec",))
    world.house.database.close()
    server = Server(world.house.folder, [], free_port())
    server.words = ["serve", "--port", str(server.port)]
    server.start()
    try:
        server.wait()
        yield server.port
    finally:
        server.stop()


def beat(*fields: bytes, body: bytes = b"{}") -> bytes:
    return BEAT + b"".join(one + b"\r\n" for one in fields) + b"\r\n" + body


def chunks(*lines: bytes) -> bytes:
    return CHUNKED + b"\r\n".join(lines)


def live(*fields: bytes) -> bytes:
    return LIVE + b"".join(one + b"\r\n" for one in fields) + b"\r\n"


TE = b"Transfer-Encoding: chunked"
REFUSED: dict[str, bytes] = {
    # -- two lengths
    "CL.TE": beat(b"Content-Length: 2", TE),
    "TE.CL": beat(TE, b"Content-Length: 4", body=b"0\r\n\r\n"),
    "TE.TE, one unknown": beat(TE, b"Transfer-Encoding: x"),
    "TE twice": beat(TE, TE, body=b"0\r\n\r\n"),
    "TE: chunked, chunked": beat(TE + b", chunked", body=b"0\r\n\r\n"),
    "TE: identity, chunked": beat(b"Transfer-Encoding: identity, chunked", body=b"0\r\n\r\n"),
    "TE: chunked, identity": beat(TE + b", identity"),
    "TE: gzip, chunked": beat(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "TE: identity": beat(b"Transfer-Encoding: identity", b"Content-Length: 2"),
    "TE: xchunked": beat(b"Transfer-Encoding: xchunked", b"Content-Length: 2"),
    "TE in quotes": beat(b'Transfer-Encoding: "chunked"', b"Content-Length: 2"),
    "TE with a parameter": beat(b"Transfer-Encoding: chunked;q=1", b"Content-Length: 2"),
    "TE and a vertical tab": beat(b"Transfer-Encoding:\x0bchunked", b"Content-Length: 2"),
    "TE and a NUL": beat(b"Transfer-Encoding: chunked\x00", b"Content-Length: 2"),
    "TE before a blank": beat(b"Transfer-Encoding : chunked", b"Content-Length: 2"),
    "TE behind a blank": beat(b" Transfer-Encoding: chunked", b"Content-Length: 2"),
    "TE folded": beat(b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n"),
    "TE in a folded line": beat(b"X: a\r\n Transfer-Encoding: chunked", b"Content-Length: 2"),
    "TE of HTTP/1.0": beat(TE, body=b"0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "TE behind CR alone": beat(b"X: a\rTransfer-Encoding: chunked", b"Content-Length: 2"),
    "TE empty": beat(b"Transfer-Encoding:", b"Content-Length: 2"),
    "CL twice": beat(b"Content-Length: 2", b"Content-Length: 0"),
    "CL: 2, 3": beat(b"Content-Length: 2, 3"),
    "CL: +2": beat(b"Content-Length: +2"),
    "CL: -2": beat(b"Content-Length: -2"),
    "CL: 0x2": beat(b"Content-Length: 0x2"),
    "CL: 2.0": beat(b"Content-Length: 2.0"),
    "CL: 2e0": beat(b"Content-Length: 2e0"),
    "CL: 2 0": beat(b"Content-Length: 2 0"),
    "CL: 2;": beat(b"Content-Length: 2;"),
    "CL: 2_0": beat(b"Content-Length: 2_0"),
    "CL: empty": beat(b"Content-Length:"),
    "CL: other digits": beat("Content-Length: ٢".encode()),
    "CL: NUL": beat(b"Content-Length: 2\x00"),
    "CL: 5,000 digits": beat(b"Content-Length: " + b"9" * 5_000),
    "CL before a blank": beat(b"Content-Length : 2"),
    # -- chunks
    "chunk of +2": chunks(b"+2", b"{}", b"0", b"", b""),
    "chunk of 0x2": chunks(b"0x2", b"{}", b"0", b"", b""),
    "chunk of -2": chunks(b"-2", b"{}", b"0", b"", b""),
    "chunk of nothing": chunks(b"", b"{}", b"0", b"", b""),
    "chunk of a blank and 2": chunks(b" 2", b"{}", b"0", b"", b""),
    "chunk of 2_0": chunks(b"2_0", b"{}", b"0", b"", b""),
    "chunk of too many digits": chunks(b"f" * 21, b"{}", b"0", b"", b""),
    "chunk too short for its length": chunks(b"2", b"{}  ", b"0", b"", b""),
    "chunk ended by LF": CHUNKED + b"2\r\n{}\n0\r\n\r\n",
    "chunk ended by CR": CHUNKED + b"2\r\n{}\r0\r\n\r\n",
    "chunk ended by anything": CHUNKED + b"2\r\n{}XX0\r\n\r\n",
    "chunk whose extension has a NUL": chunks(b"2;a=\x00", b"{}", b"0", b"", b""),
    "chunk whose extension has a LF": chunks(b"2;a=b\nc", b"{}", b"0", b"", b""),
    "chunk whose extension ends in CR": chunks(b"2;a=b\r", b"{}", b"0", b"", b""),
    "a last chunk ended by LF": CHUNKED + b"2\r\n{}\r\n0\n\r\n",
    "a trailer ended by LF": CHUNKED + b"2\r\n{}\r\n0\r\nX: a\n\r\n",
    "a folded trailer": chunks(b"2", b"{}", b"0", b"X: a", b" b", b"", b""),
    "chunk whose extension has a CR": chunks(b"2;a=b\rc", b"{}", b"0", b"", b""),
    "a trailer that is none": chunks(b"2", b"{}", b"0", b"no trailer", b"", b""),
    # -- lines and names
    "LF alone": live(b"X: a").replace(b"\r\n", b"\n"),
    "one LF alone": live(b"X: a\nY: b"),
    "LF alone at the end": LIVE + b"\n",
    "a folded line": live(b"X: a", b"\tb"),
    "CR alone": live(b"X: a\rY: b"),
    "a blank line first": b"\r\n" + live(),
    "a blank before the name": live(b" X: a"),
    "a blank before the colon": live(b"X : a"),
    "no colon": live(b"X"),
    "no name": live(b": a"),
    "NUL in a name": live(b"X\x00: a"),
    "NUL in a value": live(b"X: a\x00"),
    "a name in other letters": live("Ünnamed: a".encode()),
    "no host": b"GET /health/live HTTP/1.1\r\n\r\n",
    "two hosts": live(b"Host: b"),
    # -- request lines
    "HTTP/0.9": b"GET /health/live\r\n\r\n",
    "HTTP/2 by foreknowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.1 in small letters": live().replace(b"HTTP", b"http"),
    "a version yet to come": live().replace(b"HTTP/1.1", b"HTTP/1.9"),
    "no version": live().replace(b"HTTP/1.1", b"HTTP/"),
    "a version of words": live().replace(b"1.1", b"1.1x"),
    "two blanks": live().replace(b" HTTP", b"  HTTP"),
    "tabs for blanks": live().replace(b"GET ", b"GET\t"),
    "a blank in the address": live().replace(b"/live", b"/ live"),
    "NUL in the address": live().replace(b"/live", b"/\x00live"),
    "other letters in the address": live().replace(b"/live", "/lüve".encode()),
    "no method": live().replace(b"GET", b""),
    "a method that is none": live().replace(b"GET", b"G[T"),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40 + b"\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    # -- too much
    "a head of 33 KiB": live(b"X: " + b"a" * (33 << 10)),
    "a line of 33 KiB": live().replace(b"/live", b"/" + b"a" * (33 << 10)),
    "200 fields": live(*(b"X-%d: a" % n for n in range(200))),
    "5,000 empty fields": live(*(b"X:" for _ in range(5_000))),
    "a chunk extension of 40 KiB": chunks(b"2;a=" + b"b" * (40 << 10), b"{}", b"0", b"", b""),
    "a trailer of 40 KiB": chunks(b"2", b"{}", b"0", b"X: " + b"a" * (40 << 10), b"", b""),
    "100,000 chunks of a byte": CHUNKED + b"1\r\n \r\n" * 100_000 + b"0\r\n\r\n",
}

TAKEN: dict[str, tuple[bytes, int]] = {
    "plain": (live(), 200),
    "a body": (beat(b"Content-Length: 2"), 401),
    "one length, said twice": (beat(b"Content-Length: 2", b"Content-Length: 2"), 401),
    "one length, said twice in a line": (beat(b"Content-Length: 2, 2"), 401),
    "a length with noughts": (beat(b"Content-Length: 0002"), 401),
    "blanks around the length": (beat(b"Content-Length: \t2 \t"), 401),
    "a length under a name like it": (beat(b"Content_Length: 7", b"Content-Length: 2"), 401),
    "TE under a name like it": (beat(b"Transfer_Encoding: chunked", b"Content-Length: 2"), 401),
    "chunks": (chunks(b"2", b"{}", b"0", b"", b""), 401),
    "chunks in capitals": (
        chunks(b"2", b"{}", b"0", b"", b"").replace(b"chunked", b"CHUNKED"),
        401,
    ),
    "a chunk of 002": (chunks(b"002", b"{}", b"0", b"", b""), 401),
    "a chunk extension": (chunks(b"2;a=b;c", b"{}", b"0;d", b"", b""), 401),
    "a trailer": (chunks(b"2", b"{}", b"0", b"X: a", b"", b""), 401),
    "a trailer that names a length": (
        chunks(b"2", b"{}", b"0", b"Content-Length: 99", b"", b""),
        401,
    ),
    "an unknown method": (live().replace(b"GET", b"BREW"), 405),
    "a method in small letters": (live().replace(b"GET", b"get"), 405),
    "an absolute address": (live().replace(b"/health", b"http://a/health"), 404),
    "an absolute address of another": (live().replace(b"/health", b"http://b/health"), 404),
    "CONNECT": (b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 404),
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404),
    "a way out of the folder": (live().replace(b"/health", b"/console/static/../../health"), 404),
    "the same, escaped": (live().replace(b"/health", b"/console/static/%2e%2e/%2e%2e/health"), 404),
    "two slashes": (live().replace(b"/health", b"//health"), 404),
    "an escaped slash": (live().replace(b"/health/live", b"/health%2flive"), 200),
    "an escaped NUL": (live().replace(b"/live", b"/live%00"), 404),
    "half an escape": (live().replace(b"/live", b"/live%f"), 404),
    "an upgrade to HTTP/2": (
        live(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
        200,
    ),
    "an upgrade to a WebSocket": (
        live(
            b"Connection: Upgrade",
            b"Upgrade: websocket",
            b"Sec-WebSocket-Version: 13",
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ),
        200,
    ),
    "another method by a field": (live(b"X-HTTP-Method-Override: POST"), 200),
    "another address by a field": (
        live(b"X-Original-URL: /metrics", b"X-Rewrite-URL: /metrics"),
        200,
    ),
}


def statuses(answers: list[Answer]) -> list[int]:
    return [one.status for one in answers]


@pytest.mark.parametrize("what", REFUSED)
def test_what_could_be_read_in_two_ways_is_refused_with_all_that_follows(port: int, what: str):
    answers = said(port, REFUSED[what] + BEHIND)

    assert statuses(answers) == [400]
    assert json.loads(answers[0].body)["code"] == "MRX-7036"
    assert answers[0].field("connection") == "close"
    assert answers[0].field("cache-control") == "no-store"


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_taken_ends_where_it_says(port: int, what: str):
    data, status = TAKEN[what]

    assert statuses(said(port, data + BEHIND)) == [status, 200]


def test_an_old_client_is_answered_once_and_hung_up_on(port: int):
    """HTTP/1.0 keeps no line open here, whatever the client asks for."""
    old = b"GET /health/live HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"

    assert statuses(said(port, old + BEHIND)) == [200]


def test_behind_a_body_that_nobody_asked_for_the_line_is_closed(port: int):
    assert statuses(said(port, live(b"Content-Length: 2") + b"{}" + BEHIND)) == [200]


def test_requests_in_a_row_are_answered_in_their_order(port: int):
    row = live() + beat(b"Content-Length: 2") + live() + beat(b"Content-Length: 2") + BEHIND

    assert statuses(said(port, row)) == [200, 401, 200, 401, 200]


def test_half_a_request_is_no_request(port: int):
    whole = beat(b"Content-Length: 2")
    for upto in range(1, len(whole), 7):
        assert 200 not in statuses(said_half(port, whole[:upto]))


def said_half(port: int, data: bytes) -> list[Answer]:
    with line(port) as one:
        one.send(data)
        one.socket.shutdown(1)
        one.socket.settimeout(0.05)
        try:
            return one.answers()
        except TimeoutError:
            return []


def test_who_asks_whether_to_go_on_is_told_so_or_turned_away_before_the_body(port: int):
    asks = beat(b"Content-Length: 2", b"Expect: 100-continue", b"Connection: close", body=b"")
    with line(port) as one:
        one.send(asks)
        first = one.answer()
        assert first is not None
        assert first.status == 100
        one.send(b"{}")
        assert statuses(one.answers()) == [401]
    with line(port) as one:
        one.send(asks.replace(b"Content-Length: 2", b"Content-Length: 99999999"))
        one.answer()  # it may ask for the first bytes
        one.send(b" " * 3_000_000)
        assert 413 in statuses(one.answers())


def test_what_is_not_known_of_a_proxy_is_nobodys_word(port: int):
    """Fields by which a careless server believes a stranger: none of them counts here."""
    beliefs = (
        *(b"X-Forwarded-For: 127.0.0.1", b"X-Real-IP: 127.0.0.1", b"Forwarded: for=127.0.0.1"),
        *(b"Client-Cert: :AAAA:", b"Client_Cert: :AAAA:", b"X-SSL-Client-Verify: SUCCESS"),
        *(b"X-Remote-User: admin", b"Remote-User: admin", b"X-Forwarded-Proto: https"),
    )
    for path in (b"/metrics", b"/v1/partner/agreement", b"/v1/ops/overview"):
        request = live(*beliefs).replace(b"/health/live", path)
        first, behind = statuses(said(port, request + BEHIND))
        assert (first, behind) == (401, 200), path
