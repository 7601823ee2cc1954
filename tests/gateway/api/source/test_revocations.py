"""Taking a consent back by HTTP: at once, once, and followed to its end."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from gateway.tokens import Scope
from schemas.tables import consents, revocations
from tests.gateway.api.source.reading import Source, source, today
from tests.world import World, member

PATH = "/members/10000001/consents/mx-neec/revoke"


@pytest.fixture
def door(small_world: World) -> Source:
    """One member, consented and not told yet, and a token that may take consents back."""
    world = today(small_world)
    world.push(member("10000001"), member("10000002"))
    world.grant("10000001")
    return source(world, Scope.REVOKE, Scope.READ)


def counted(world: World) -> tuple[int, int]:
    """How many consent events there are, and how many revocations."""
    with world.house.database.read() as tx:
        one, two = (
            tx.scalar(select(func.count()).select_from(table)) for table in (consents, revocations)
        )
    return one or 0, two or 0


def test_what_was_only_queued_is_removed(door: Source):
    done = door.post(PATH, 201)

    assert (done["answer"], done["lives"], done["overdue"]) == (
        "removed before sending",
        [],
        False,
    )
    assert (done["account"], done["programme"]) == ("10000001", "mx-neec")
    door.world.deliver()
    assert door.world.wire.journal == []


def test_what_may_have_been_heard_is_followed_until_deletion_is_confirmed(door: Source):
    door.world.deliver()

    done = door.post(PATH, 201)

    assert done["answer"] == "withdrawal on its way"
    due = datetime.fromisoformat(done["due_at"]) - datetime.fromisoformat(done["at"])
    assert due == door.world.house.terms.withdrawal_due
    assert [life["fate"] for life in done["lives"]] == [None]
    assert done["asked_by"].startswith("token ")
    door.world.deliver()
    after = door.get(f"/revocations/{done['id']}")
    assert (after["answer"], [life["fate"] for life in after["lives"]]) == (
        "deletion confirmed",
        ["erased"],
    )
    assert after["confirmed_at"].endswith("Z")


def test_who_was_never_told_of_is_revoked_all_the_same(door: Source):
    done = door.post("/members/10000002/consents/mx-neec/revoke", 201)

    assert done["answer"] == "never told"
    assert counted(door.world) == (2, 1)


def test_the_same_again_is_the_revocation_that_stands(door: Source):
    first = door.post(PATH, 201)

    assert door.post(PATH, 200) == first
    at = (datetime.now(UTC) - timedelta(days=900)).isoformat()
    assert door.post(PATH, 200, {"at": at}) == first
    assert counted(door.world) == (2, 1)


def test_a_new_consent_is_revoked_anew(door: Source):
    first = door.post(PATH, 201)
    today(door.world).grant("10000001")

    second = door.post(PATH, 201)

    assert second["id"] != first["id"]


def test_a_repeated_request_gets_its_first_answer(door: Source):
    first = door.post(PATH, 201, **{"Idempotency-Key": "a-1"})

    assert door.post(PATH, 201, **{"Idempotency-Key": "a-1"}) == first
    other = door.post(PATH, 409, {"evidence": "a" * 64}, **{"Idempotency-Key": "a-1"})
    assert other["code"] == "MRX-7007"
    assert counted(door.world) == (2, 1)


def test_time_and_evidence_are_kept(door: Source):
    with door.world.house.database.read() as tx:
        given = tx.scalar(select(consents.c.at))
    at = given + timedelta(microseconds=1)

    door.post(PATH, 201, {"at": at.isoformat(), "evidence": "A" * 64})

    with door.world.house.database.read() as tx:
        row = tx.execute(select(consents).where(consents.c.event == "revoked")).one()
    assert (row.at, row.evidence) == (at, "a" * 64)
    assert row.recorded_by.startswith("token ")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"at": "2999-01-01T00:00:00Z"}, "MRX-1205", id="future"),
        pytest.param({"at": "2026-01-01T00:00:00"}, "MRX-1204", id="no zone"),
        pytest.param({"at": "yesterday"}, "MRX-1204", id="no time"),
        pytest.param({"at": "2015-01-01T00:00:00Z"}, "MRX-1211", id="before the consent"),
        pytest.param({"evidence": "abc"}, "MRX-7003", id="no digest"),
        pytest.param({"reason": "none of ours"}, "MRX-7003", id="unknown field"),
        pytest.param([], "MRX-7003", id="no object"),
    ],
)
def test_what_cannot_be_taken_changes_nothing(door: Source, body: object, code: str):
    problem = door.post(PATH, 422, body)

    assert problem["code"] == code
    assert "10000001" not in str(problem)
    assert counted(door.world) == (1, 0)
    door.world.deliver()
    assert len(door.world.wire.journal) == 1


@pytest.mark.parametrize(
    ("path", "code"),
    [
        pytest.param("/members/99999999/consents/mx-neec/revoke", "MRX-5002", id="account"),
        pytest.param("/members/10000001/consents/us-ctpat/revoke", "MRX-5001", id="home"),
    ],
)
def test_whom_nobody_knows_is_not_revoked(door: Source, path: str, code: str):
    assert door.post(path, 404)["code"] == code


def test_a_revocation_that_is_not_there(door: Source):
    assert door.get("/revocations/999", 404)["code"] == "MRX-5004"
    assert door.get("/revocations/0", 422)["code"] == "MRX-7003"


def test_each_act_needs_its_own_scope(door: Source):
    reader, revoker = source(door.world, Scope.READ), source(door.world, Scope.REVOKE)

    assert reader.post(PATH, 403)["code"] == "MRX-7002"
    number = revoker.post(PATH, 201)["id"]
    assert revoker.get(f"/revocations/{number}", 403)["code"] == "MRX-7002"
    assert reader.get(f"/revocations/{number}")["id"] == number
