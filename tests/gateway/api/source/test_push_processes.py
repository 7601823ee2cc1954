"""Pushes to a real `mrx serve`: killed in the middle, and a million lines in flat memory."""

import http.client
import json
import os
import random
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.home import open_home
from gateway.settings import Settings
from tests.gateway.api.source.push_calls import spooled
from tests.journeys.processes import Server, free_port, mrx

pytestmark = pytest.mark.processes

# MRX_PUSH_LINES=1000000 shows it at full size, in some six minutes.
FEW, MANY = 20_000, int(os.environ.get("MRX_PUSH_LINES", "100000"))
SOME = MANY // 5
GROWTH_MAX = 60 << 20
LINES_A_PIECE = 500


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    home = tmp_path / "home"
    mrx(home, "init")
    port = free_port()
    server = Server(home, ["serve", "--port", str(port)], port)
    server.start()
    server.wait()
    yield server
    assert server.stop() == 0


def pusher(server: Server) -> dict[str, str]:
    text = mrx(server.home, "token", "create", "test", "--scope", "push").stdout.strip()
    return {"Authorization": f"Bearer {text}", "Content-Type": "application/x-ndjson"}


def line(account: int, status: str = "VALIDATED") -> bytes:
    return (
        b'{"account":"%d","name":"Invented Company %d",'
        b'"identifiers":[{"scheme":"SCAC","value":"QXQQ"}],"status":"%s",'
        b'"member_since":"2014-04-07"}\n' % (account, account, status.encode())
    )


def pieces(accounts: Iterable[int], status: str = "VALIDATED") -> Iterator[bytes]:
    held: list[bytes] = []
    for account in accounts:
        held.append(line(account, status))
        if len(held) == LINES_A_PIECE:
            yield b"".join(held)
            held = []
    yield b"".join(held) or b"\n"


def push(
    server: Server, body: Iterable[bytes], headers: dict[str, str], query: str = ""
) -> tuple[int, Any]:
    wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=900)
    try:
        path = f"/v1/source/members{query}"
        wire.request("POST", path, body=body, headers=headers, encode_chunked=True)
        answer = wire.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        wire.close()


def states(home: Path) -> list[str]:
    from sqlalchemy import select

    from schemas.tables import pushes

    house = open_home(Settings(home=home))
    try:
        with house.database.read() as tx:
            return list(tx.scalars(select(pushes.c.state).order_by(pushes.c.received_at)))
    finally:
        house.database.close()


def left(home: Path) -> set[str]:
    house = open_home(Settings(home=home))
    try:
        return spooled(house)
    finally:
        house.database.close()


def test_a_push_whose_server_is_killed_is_interrupted_and_goes_again_under_its_key(server: Server):
    headers = {**pusher(server), "Idempotency-Key": "nightly", "Transfer-Encoding": "chunked"}

    def unheard() -> None:
        with pytest.raises((http.client.HTTPException, OSError)):
            push(server, pieces(range(10_000_000, 10_000_000 + FEW)), headers)

    client = threading.Thread(target=unheard)
    client.start()
    until = time.monotonic() + 60
    while states(server.home) != ["running"] and time.monotonic() < until:
        time.sleep(0.02)
    server.kill()
    client.join()
    assert states(server.home) == ["running"]
    assert len(left(server.home)) == 1

    server.start()
    server.wait()
    assert states(server.home) == ["interrupted"]
    assert left(server.home) == set()

    status, told = push(server, pieces(range(10_000_000, 10_000_000 + FEW)), headers)
    assert (status, told["state"], told["counts"]["read"]) == (200, "done", FEW)
    assert told["counts"]["accepted"] + told["counts"]["unchanged"] == FEW
    again = push(server, pieces(range(10_000_000, 10_000_000 + FEW)), headers)
    assert again == (status, told)


def peak(server: Server) -> int:
    """The most memory the server ever had, in bytes."""
    assert server.process is not None
    said = Path(f"/proc/{server.process.pid}/status").read_text("utf-8")
    [size] = [row.split()[1] for row in said.splitlines() if row.startswith("VmHWM")]
    return int(size) << 10


@pytest.mark.slow
def test_very_many_lines_take_no_more_memory_than_twenty_thousand(server: Server):
    """Accounts at random over eight digits; then a full list that leaves most of them out, and a
    file of nothing but rejections.
    """
    headers = {**pusher(server), "Transfer-Encoding": "chunked"}
    drawn = random.Random(3).sample(range(10_000_000, 100_000_000), MANY)
    few = drawn[:FEW]
    for query in ("", "?mode=snapshot"):
        assert push(server, pieces(few), headers, query)[1]["state"] == "done"
    assert push(server, pieces(few, "?"), headers)[1]["counts"]["rejected"] == FEW
    before = peak(server)

    status, told = push(server, pieces(drawn), headers)
    assert (status, told["counts"]["read"], told["counts"]["rejected"]) == (200, MANY, 0)
    status, told = push(server, pieces(drawn[:SOME]), headers, "?mode=snapshot&dry_run=true")
    assert (status, told["counts"]["withdrawn"]) == (200, MANY - SOME)
    status, told = push(server, pieces(drawn[:SOME], "?"), headers, "?dry_run=true")
    assert (status, told["counts"]["rejected"]) == (200, SOME)

    assert peak(server) - before < GROWTH_MAX
