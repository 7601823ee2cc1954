"""Freshness: the source says "nothing new", and announcements stop when it says nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from gateway.tokens import Scope
from outbox import gate
from partners import consents, roll
from schemas.tables import ledger
from tests.gateway.api.source.push_calls import GRANT, Caller, lines, rows
from tests.world import World, member


def ago(**by: float) -> str:
    return (datetime.now(UTC) - timedelta(**by)).isoformat().replace("+00:00", "Z")


def beat(caller: Caller, as_of: str) -> Any:
    return caller("POST", "/heartbeat", json={"as_of": as_of})


def feeds(client: TestClient) -> dict[str, Any]:
    return client.get("/health/ready").json()["feeds"]


def closed(world: World) -> str | None:
    with world.house.database.read() as tx:
        return gate.gate(tx, world.house, "mx-neec", now=datetime.now(UTC)).closed


def test_a_heartbeat_opens_the_gate_and_ready_says_how_old_the_feeds_are(
    client: TestClient, pusher: Caller, small_world: World
):
    assert closed(small_world) == "MRX-2207"
    silent = client.get("/health/ready")
    assert (silent.status_code, silent.json()["checks"]["consent feed"]) == (503, "MRX-2207")
    assert silent.json()["feeds"]["consents"] == {
        "as_of": None,
        "age_hours": None,
        "bound_hours": 72,
    }
    as_of = ago(hours=5)

    answer = beat(pusher, as_of)

    assert answer.json() == {"consents_as_of": as_of, "members_as_of": as_of}
    assert closed(small_world) is None
    assert client.get("/health/ready").status_code == 200
    assert feeds(client)["consents"] == {"as_of": as_of, "age_hours": 5.0, "bound_hours": 72}
    assert feeds(client)["members"] == {"as_of": as_of, "age_hours": 5.0, "bound_hours": None}


def test_a_heartbeat_too_old_opens_nothing(client: TestClient, pusher: Caller, small_world: World):
    beat(pusher, ago(hours=73))

    assert closed(small_world) == "MRX-2207"
    assert client.get("/health/ready").json()["checks"]["consent feed"] == "MRX-2207"
    assert feeds(client)["consents"]["age_hours"] == 73.0


def test_no_feed_ever_moves_back(pusher: Caller):
    newer = ago(hours=1)
    beat(pusher, newer)

    answer = beat(pusher, ago(hours=2))

    assert answer.json() == {"consents_as_of": newer, "members_as_of": newer}


def test_each_push_makes_its_own_feed_fresh_and_not_the_other(pusher: Caller, small_world: World):
    def heard() -> tuple[datetime | None, datetime | None]:
        with small_world.house.database.read() as tx:
            return roll.as_of(tx), consents.as_of(tx)

    pusher.push(lines(member("10000001")), as_of="2026-02-01T00:00:00Z")
    at = datetime(2026, 2, 1, tzinfo=UTC)
    assert heard() == (at, None)

    pusher.push(lines(GRANT), kind="consents", as_of="2026-02-02T00:00:00Z")
    assert heard() == (at, at + timedelta(days=1))

    pusher.push(b"", as_of="2026-02-03T00:00:00Z")
    assert heard()[0] == at + timedelta(days=2)


@pytest.mark.parametrize("kind", ["members", "consents"])
def test_a_push_of_which_nothing_could_be_taken_makes_nothing_fresh(
    pusher: Caller, small_world: World, kind: str
):
    pusher.push(b"nonsense\n", kind=kind)

    with small_world.house.database.read() as tx:
        assert (roll.as_of(tx), consents.as_of(tx)) == (None, None)


def test_the_ledger_says_who_vouched(pusher: Caller, small_world: World):
    beat(pusher, ago(hours=1))

    entry = rows(small_world.house, ledger)[-1]
    assert (entry.kind, "token " in entry.entry) == ("heartbeat", True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"as_of": ago(hours=-1)}, "MRX-1205", id="the future"),
        pytest.param({}, "MRX-7003", id="no moment"),
        pytest.param({"as_of": 1767614400}, "MRX-7003", id="a number"),
        pytest.param({"as_of": ago(hours=1), "more": 1}, "MRX-7003", id="an unknown field"),
    ],
)
def test_a_heartbeat_is_a_moment(
    pusher: Caller, small_world: World, body: dict[str, object], code: str
):
    answer = pusher("POST", "/heartbeat", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert closed(small_world) == "MRX-2207"


def test_who_may_only_read_vouches_for_nothing(client: TestClient, small_world: World):
    reader = Caller(client, small_world.house, (Scope.READ, Scope.APPROVE))

    assert beat(reader, ago(hours=1)).status_code == 403


def test_with_a_stale_feed_news_waits_bad_news_leaves_and_withdrawals_go_on(
    pusher: Caller, small_world: World
):
    """P9: the whole of it, over the door."""
    small_world.clock.now = datetime.now(UTC) - timedelta(hours=80)
    accounts = ("10000001", "10000002", "10000003")
    pusher.push(lines(*map(member, accounts)), as_of=ago(hours=80))
    grants = [{**GRANT, "account": account} for account in accounts]
    pusher.push(lines(*grants), kind="consents", as_of=ago(hours=79))
    small_world.deliver()
    held = {f"Invented Company {account}": "VALIDATED" for account in accounts}
    assert small_world.held("mx-neec") == held

    small_world.clock.now = datetime.now(UTC)
    pusher.push(
        lines(
            member("10000001", name="Invented Company of a new name"),
            member("10000002", status="SUSPENDED"),
        )
    )
    back = {"account": "10000003", "programme": "mx-neec", "event": "revoked", "at": ago(hours=1)}
    pusher.push(lines(back), kind="consents", as_of=ago(hours=79))
    small_world.deliver()

    assert small_world.held("mx-neec") == {"Invented Company 10000001": "VALIDATED"}

    beat(pusher, ago(hours=0))
    small_world.clock.now = datetime.now(UTC)
    small_world.deliver()
    assert "Invented Company of a new name" in small_world.held("mx-neec")
