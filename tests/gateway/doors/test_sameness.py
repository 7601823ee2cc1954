"""What is another's is told from what is nothing by no answer: in status, body, statements or time.

Time is compared, never measured: both are asked in turns, many times, and the processor's time is
what counts, which no other program on this machine adds to. The difference that is looked for would
be one more signature, one more write, one more read of the database. Who only waits costs no
processor's time: so the clock on the wall is looked at too, the quickest answer of each.
"""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import event, select

from gateway.console import signing_in
from gateway.identity import passwords, users
from gateway.identity.roles import Role
from gateway.tokens import Scope
from schemas.tables import disclosures, pushes
from signing import keys
from signing.seal import seal
from tests.conftest import connected_world
from tests.gateway.api.doors import OTHER, PARTNER, application, bearer, signature, token
from tests.world import START, Clock, World, member

QUICK = bool(os.environ.get("MRX_QUICK"))
SAMPLES = 15 if QUICK else 40
RATIO = 1.3
RATIO_ON_THE_WALL = 1.5
GOES = 4
"""A machine has moods: only what differs every time differs."""
DIFFERS = {"date", "x-request-id", "traceparent"}
NOWHERE = "7ZKQ3M9RTW4R"
Ask = Callable[[], Response]


@dataclass(frozen=True)
class Pair:
    """Two calls that must not be told apart; `statements` how many more one may make: none."""

    theirs: Ask
    nothing: Ask


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    """One member that Mexico has been told of, and Canada has not."""
    world = connected_world(tmp_path_factory.mktemp("world"), key_files, (PARTNER, OTHER))
    world.clock = world.wire.clock = Clock(datetime.now(UTC))
    world.push(member("10000001", identifiers=[{"scheme": "SCAC", "value": "QXQQ"}]))
    world.grant("10000001", to=[PARTNER])
    world.deliver()
    return world


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    return TestClient(application(world.house), base_url="https://testserver")


@pytest.fixture(scope="module")
def pairs(
    world: World, client: TestClient, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Pair]:
    house, canada = world.house, world.partners[OTHER].key
    mine, another = token(house, Scope.PUSH), bearer(token(house, Scope.PUSH))
    pushed = client.post(
        "/v1/source/members",
        content=orjson.dumps(member("10000002")),
        headers={**bearer(mine), "Content-Type": "application/x-ndjson"},
    )
    push = pushed.json()["id"]
    with house.database.read() as tx:
        assert tx.scalar(select(pushes.c.id).where(pushes.c.id == push)) == push
        ref = tx.scalars(select(disclosures.c.ref)).one()
    now = datetime.now(UTC)
    with house.database.write() as tx:
        vera = users.create(tx, "vera", {Role.VIEWER}, by="test", now=now, password="x" * 12)
        users.set_password(tx, vera, passwords.kept("correct horse 12"), now=now)
    stranger = keys.create(
        tmp_path_factory.mktemp("stranger") / "stranger.key", "nobody", START, kind="p256"
    )

    def signed(method: str, url: str, content: bytes = b"") -> Ask:
        def ask() -> Response:
            headers = signature(canada, method, url, content=content)
            headers["Content-Type"] = "application/json"
            return client.request(method, url, headers=headers, content=content)

        return ask

    def with_token(method: str, url: str, text: Mapping[str, str]) -> Ask:
        return lambda: client.request(method, url, headers=text)

    def wanted(field: str, which: str) -> Ask:
        return signed("POST", "/v1/partner/resend-requests", orjson.dumps({field: [which]}))

    def keyid(key: keys.SigningKey) -> Ask:
        """Signed under a name, by somebody else's key."""

        def ask() -> Response:
            url = "/v1/partner/agreement"
            fields = signature(key, "GET", url)
            fields["Signature"] = signature(stranger, "GET", url)["Signature"]
            return client.get(url, headers=fields)

        return ask

    def sign_in(name: str) -> Ask:
        form = {"name": name, "password": "a guess"}
        return lambda: client.post(
            "/console/login", data=form, headers={"Sec-Fetch-Site": "same-origin"}
        )

    def file(content: bytes) -> Ask:
        sealed = seal(content, canada, datetime.now(UTC))
        return lambda: client.post("/v1/partner/receipts", content=sealed)

    nobodys = push[:-1] + ("1" if push[-1] == "0" else "0")
    wrong = f"mrx_{mine.split('_')[1]}_{'A' * 43}"
    made_up = f"mrx_{'0' * 12}_{'A' * 43}"
    lookups = "/v1/partner/status?scheme=SCAC&value="
    return {
        "a push": Pair(
            with_token("GET", f"/v1/source/pushes/{push}", another),
            with_token("GET", f"/v1/source/pushes/{nobodys}", another),
        ),
        "a push's rejections": Pair(
            with_token("GET", f"/v1/source/pushes/{push}/rejections", another),
            with_token("GET", f"/v1/source/pushes/{nobodys}/rejections", another),
        ),
        "a member's status": Pair(signed("GET", lookups + "QXQQ"), signed("GET", lookups + "ZZZZ")),
        "a ref that is missing": Pair(wanted("missing", ref), wanted("missing", NOWHERE)),
        "a ref that is unknown": Pair(wanted("unknown", ref), wanted("unknown", NOWHERE)),
        "another pair's schema": Pair(
            signed("GET", "/v1/partner/schemas/mx-neec-1.0.xsd"),
            signed("GET", "/v1/partner/schemas/zz-none-1.0.xsd"),
        ),
        "a token": Pair(
            with_token("GET", "/v1/source/outcomes", bearer(wrong)),
            with_token("GET", "/v1/source/outcomes", bearer(made_up)),
        ),
        "a pinned certificate": Pair(keyid(world.partners[PARTNER].key), keyid(stranger)),
        "a user's name": Pair(sign_in("vera"), sign_in("nobody")),
        "a file that says nothing": Pair(file(b"<a/>"), file(b"<b/>")),
    }


NAMES = (
    *("a push", "a push's rejections", "a member's status", "a ref that is missing"),
    *("a ref that is unknown", "another pair's schema", "a token", "a pinned certificate"),
    *("a user's name", "a file that says nothing"),
)


def shown(answer: Response) -> Any:
    """What somebody sees of an answer; a date is one any clock shows."""
    fields = {k: v for k, v in answer.headers.items() if k not in DIFFERS}
    text = answer.text
    if answer.headers.get("content-type", "").endswith("json"):
        text = {k: v for k, v in answer.json().items() if k != "as_of"}
    return answer.status_code, fields, text


@pytest.mark.parametrize("name", NAMES)
def test_both_are_answered_alike(pairs: Mapping[str, Pair], name: str):
    pair = pairs[name]

    assert shown(pair.theirs()) == shown(pair.nothing())


ADDS_A_WRITE = {"a user's name": "who is wrong about somebody is counted; see the next test"}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ADDS_A_WRITE])
def test_both_ask_the_database_the_same(pairs: Mapping[str, Pair], world: World, name: str):
    said: list[str] = []

    def hear(_tx: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    def heard(ask: Ask) -> list[str]:
        ask()  # once before: what is made at the first time is made by now
        said.clear()
        ask()
        return list(said)

    engines = [engine for engine in vars(world.house.database).values() if hasattr(engine, "pool")]
    assert engines
    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    try:
        theirs, nothing = heard(pairs[name].theirs), heard(pairs[name].nothing)
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", hear)
    assert theirs
    assert theirs == nothing


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ADDS_A_WRITE])
def test_both_take_as_long(pairs: Mapping[str, Pair], name: str):
    found = []
    for _ in range(GOES):
        found.append(ratio(pairs[name], clock=time.process_time, of=statistics.median))
        if found[-1] < RATIO:
            return
    raise AssertionError(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ADDS_A_WRITE])
def test_neither_is_waited_for_longer(pairs: Mapping[str, Pair], name: str):
    found = []
    for _ in range(GOES):
        # What a busy machine adds says nothing, so the quickest of each.
        found.append(ratio(pairs[name], clock=time.perf_counter, of=min))
        if found[-1] < RATIO_ON_THE_WALL:
            return
    raise AssertionError(found)


def ratio(
    pair: Pair, *, clock: Callable[[], float], of: Callable[[Sequence[float]], float]
) -> float:
    """The slower one's times in terms of the other's, asked in turns."""
    took: tuple[list[float], list[float]] = ([], [])
    for n in range(2 * SAMPLES):
        which = (n + n // 2) % 2  # now this one first, now that
        began = clock()
        (pair.theirs, pair.nothing)[which]()
        took[which].append(clock() - began)
    first, second = map(of, took)
    return max(first, second) / min(first, second)


@pytest.mark.slow
def test_no_refusal_of_a_sign_in_comes_sooner_than_another(
    pairs: Mapping[str, Pair], monkeypatch: pytest.MonkeyPatch
):
    """A try at somebody is written down, one at nobody is not: both are answered after a moment in
    which either is long done.
    """
    monkeypatch.setattr(signing_in, "REFUSED_SECONDS", 1.0)
    for ask in (pairs["a user's name"].theirs, pairs["a user's name"].nothing) * 2:
        began = time.monotonic()
        assert ask().status_code == 401
        assert time.monotonic() - began >= 1.0


def test_by_default_that_moment_is_long_enough():
    """A try takes some 50 ms; no test may have changed what stands there."""
    source = Path(signing_in.__file__).read_text("utf-8")

    assert "REFUSED_SECONDS = 0.3\n" in source
