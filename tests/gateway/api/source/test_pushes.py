"""Pushes over HTTP: what is taken, what is turned away, and what the answer says."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from outbox import ledger
from partners import consents, roll
from schemas.tables import ledger as table
from tests.gateway.api.source.push_calls import (
    AS_OF,
    GRANT,
    Caller,
    digest,
    lines,
    on_roll,
    rows,
    spooled,
)
from tests.world import World, member


def test_a_push_is_taken_and_answered_with_its_report(pusher: Caller, small_world: World):
    answer = pusher.push(
        lines(member("10000001"), member("123"), member("10000003", status="?")), as_of=AS_OF
    )

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["kind"], told["state"], told["as_of"]) == ("members", "done", AS_OF)
    assert {"read": 3, "accepted": 1, "rejected": 2}.items() <= told["counts"].items()
    assert [(r["line"], r["account"], r["code"]) for r in told["rejections"]] == [
        (2, None, "MRX-1101"),
        (3, "10000003", "MRX-1110"),
    ]
    assert told["rejections"][0]["reason"]
    assert told["more_rejections"] is None
    assert on_roll(small_world.house) == {"10000001"}
    assert spooled(small_world.house) == set()
    assert pusher("GET", f"/pushes/{told['id']}").json() == told


def test_the_ledger_names_the_push_and_the_token(pusher: Caller, small_world: World):
    told = pusher.push(lines(member("10000001"))).json()

    entries = [one for one in rows(small_world.house, table) if one.kind == "members pushed"]
    entry = orjson.loads(entries[-1].entry)
    assert entry["push"] == told["id"]
    assert entry["by"].startswith("token ")


GOOD = lines(member("10000001"))


@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
def test_the_right_digest_lets_a_push_in(pusher: Caller, algorithm: str):
    named = digest(GOOD, algorithm)
    named["Content-Digest"] += ", unixsum=:AAA=:"

    assert pusher.push(GOOD, headers=named).status_code == 200


def test_a_dry_run_changes_nothing_and_tells_the_plan(pusher: Caller, small_world: World):
    house = small_world.house
    pusher.push(lines(member("10000001"), member("10000002")))
    pusher.push(lines(GRANT), kind="consents")
    small_world.deliver()
    with house.database.read() as tx:
        before = ledger.verify(tx).head, consents.as_of(tx), roll.as_of(tx)

    told = pusher.push(
        lines(
            member("10000001", name="Invented Company of another name"),
            member("10000002", name="Invented Company without consent"),
        ),
        dry_run=True,
    ).json()

    assert (told["state"], told["dry_run"], told["counts"]["accepted"]) == ("done", True, 2)
    plan = told["plan"]["mx-neec"]
    assert plan["no_consent"] == 1, plan
    assert plan["new"] + plan["changed"] == 1, plan
    with house.database.read() as tx:
        assert (ledger.verify(tx).head, consents.as_of(tx), roll.as_of(tx)) == before
        assert roll.get(tx, "10000001").member.name == "Invented Company 10000001"


def test_a_dry_run_of_consents_changes_nothing(pusher: Caller, small_world: World):
    pusher.push(lines(member("10000001")))
    with small_world.house.database.read() as tx:
        before = ledger.verify(tx).head

    told = pusher.push(lines(GRANT), kind="consents", dry_run=True).json()

    assert told["counts"]["accepted"] == 1
    with small_world.house.database.read() as tx:
        assert ledger.verify(tx).head == before
        assert consents.trail(tx, "10000001") == []


def test_consents_are_taken_and_revocations_are_named(pusher: Caller, small_world: World):
    pusher.push(lines(member("10000001")))
    pusher.push(lines(GRANT), kind="consents")
    small_world.deliver()
    back = {**GRANT, "event": "revoked", "at": "2026-01-02T00:00:00Z"}

    told = pusher.push(lines(back), kind="consents").json()

    assert (told["counts"]["revoked"], told["revocations"]) == (1, ["1"])


def test_a_grant_after_the_moment_of_its_push_is_rejected_and_a_revocation_is_not(
    pusher: Caller, small_world: World
):
    pusher.push(lines(member("10000001")))
    grant = {**GRANT, "at": "2026-01-02T00:00:01Z"}
    back = {**grant, "event": "revoked"}

    told = pusher.push(lines(grant, back), kind="consents", as_of="2026-01-02T00:00:00Z").json()

    assert [(r["line"], r["code"]) for r in told["rejections"]] == [(1, "MRX-1212")]
    assert told["counts"]["accepted"] == 1


def test_a_full_list_of_consents_is_not_asked_for(pusher: Caller):
    assert pusher.push(b"", kind="consents", mode="snapshot").status_code == 422


def in_a_moment() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()


@pytest.mark.parametrize(
    ("as_of", "code"),
    [
        pytest.param(in_a_moment, "MRX-1205", id="the future"),
        pytest.param(lambda: "2026-01-05", "MRX-7003", id="a day"),
        pytest.param(lambda: "1767614400", "MRX-7003", id="a number"),
        pytest.param(lambda: "2026-01-05T12:00:00", "MRX-7003", id="no zone"),
        pytest.param(lambda: "2026-02-30T12:00:00Z", "MRX-7003", id="no such day"),
    ],
)
def test_an_impossible_moment_is_refused(pusher: Caller, as_of, code: str):
    answer = pusher.push(GOOD, as_of=as_of())

    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_moment_may_be_written_in_small_letters(pusher: Caller):
    told = pusher.push(GOOD, as_of="2026-01-06t14:00:00+02:00").json()

    assert told["as_of"] == AS_OF
