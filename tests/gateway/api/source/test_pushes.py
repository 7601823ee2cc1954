"""Pushes over HTTP: what is taken, what is turned away, and what the answer says."""

import gzip
import zlib
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from outbox import ledger
from partners import consents, roll
from schemas.tables import ledger as table
from schemas.tables import pushes
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

CSV = (
    b"account,name,identifiers,status,member_since\n"
    b"10000001,Invented Company 10000001,SCAC:QXQQ,VALIDATED,2014-04-07\n"
    b"123,Invented Company 123,,VALIDATED,2014-04-07\n"
)


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


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl; charset=UTF-8"])
def test_lines_of_json_have_more_names_than_one(pusher: Caller, kind: str):
    answer = pusher.push(lines(member("10000001")), headers={"Content-Type": kind})

    assert answer.json()["counts"]["accepted"] == 1


def test_csv_is_taken(pusher: Caller, small_world: World):
    told = pusher.push(CSV, headers={"Content-Type": "text/csv"}).json()

    assert (told["format"], told["counts"]["accepted"]) == ("csv", 1)
    assert [(r["line"], r["code"]) for r in told["rejections"]] == [(3, "MRX-1101")]
    assert on_roll(small_world.house) == {"10000001"}


@pytest.mark.parametrize(
    ("path", "body", "code", "named"),
    [
        pytest.param("members", b"", "MRX-1007", "column: account", id="nothing"),
        pytest.param(
            "members", CSV.replace(b",status", b",state"), "MRX-1007", "column: status", id="lacks"
        ),
        pytest.param("consents", CSV, "MRX-1007", "column: programme", id="of the other kind"),
        pytest.param(
            "members",
            CSV.replace(b"account,name", b"account,account,name", 1),
            "MRX-1003",
            "column: account",
            id="a column twice",
        ),
        pytest.param("members", CSV.decode().encode("utf-16"), "MRX-1001", "", id="utf-16"),
        pytest.param("members", b"{}", "MRX-1007", "column: account", id="json"),
    ],
)
def test_a_csv_under_whose_header_nothing_can_be_read_is_no_push(
    pusher: Caller, small_world: World, path, body, code, named
):
    answer = pusher.push(body, kind=path, headers={"Content-Type": "text/csv"})

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert named in answer.json()["title"]
    assert rows(small_world.house, pushes) == []
    assert spooled(small_world.house) == set()


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(gzip.compress, id="one member"),
        pytest.param(
            lambda body: gzip.compress(body[:100]) + gzip.compress(body[100:]), id="two members"
        ),
    ],
)
def test_gzip_is_taken(pusher: Caller, small_world: World, pack):
    body = pack(lines(member("10000001"), member("10000002")))

    answer = pusher.push(body, headers={"Content-Encoding": "gzip", **digest(body)})

    assert answer.json()["counts"]["accepted"] == 2
    assert answer.json()["bytes"] == len(body)
    assert on_roll(small_world.house) == {"10000001", "10000002"}


def bomb() -> bytes:
    """A hundred thousand times smaller than what it becomes: gzip of gzip would be more."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(b" " * (1 << 20)) for _ in range(64)) + packer.flush()


GOOD = lines(member("10000001"))


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        pytest.param(GOOD, {"Content-Type": "application/json"}, 415, "MRX-7009", id="json"),
        pytest.param(GOOD, {"Content-Type": ""}, 415, "MRX-7009", id="no type"),
        pytest.param(
            GOOD,
            {"Content-Type": "text/csv; charset=latin-1"},
            415,
            "MRX-7009",
            id="other characters",
        ),
        pytest.param(GOOD, {"Content-Encoding": "br"}, 415, "MRX-7009", id="other coding"),
        pytest.param(GOOD, {"Content-Encoding": "gzip, gzip"}, 415, "MRX-7009", id="packed twice"),
        pytest.param(GOOD, {"Content-Encoding": "gzip"}, 400, "MRX-7016", id="not packed"),
        pytest.param(b"", {"Content-Encoding": "gzip"}, 400, "MRX-7016", id="empty, not packed"),
        pytest.param(
            gzip.compress(GOOD)[:-4], {"Content-Encoding": "gzip"}, 400, "MRX-7016", id="cut off"
        ),
        pytest.param(
            gzip.compress(GOOD) + b"more", {"Content-Encoding": "gzip"}, 400, "MRX-7016", id="more"
        ),
        pytest.param(bomb(), {"Content-Encoding": "gzip"}, 413, "MRX-7010", id="a bomb"),
        pytest.param(b"x" * ((1 << 20) + 1), {}, 413, "MRX-7010", id="too large"),
        pytest.param(GOOD, digest(b"other"), 400, "MRX-7006", id="another digest"),
        pytest.param(GOOD, digest(b"other", "sha-512"), 400, "MRX-7006", id="another sha-512"),
        pytest.param(GOOD, {"Content-Digest": "sha-256=abc"}, 400, "MRX-7006", id="no digest"),
        pytest.param(
            GOOD, {"Content-Digest": "sha-256=:YWJj:"}, 400, "MRX-7006", id="a short digest"
        ),
        pytest.param(
            GOOD, {"Content-Digest": "sha-256=:Y:"}, 400, "MRX-7006", id="a broken digest"
        ),
    ],
)
def test_what_cannot_be_read_whole_is_turned_away_before_anything_is_taken(
    small_world: World, body: bytes, headers: dict[str, str], status: int, code: str
):
    from fastapi.testclient import TestClient

    from gateway.app import build
    from gateway.settings import Settings
    from gateway.tokens import Scope

    house = small_world.house
    settings = Settings(home=house.folder, push_bytes_max=1 << 20)
    pusher = Caller(TestClient(build(house, settings)), house, (Scope.PUSH,))

    answer = pusher.push(body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert on_roll(house) == set()
    assert rows(house, pushes) == []
    assert spooled(house) == set()


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


# -- rejections ------------------------------------------------------------------------------------


def test_rejections_are_read_page_by_page(pusher: Caller):
    bad = lines(*(member("1") for _ in range(2_500)))

    told = pusher.push(bad).json()

    assert (told["counts"]["rejected"], len(told["rejections"])) == (2_500, 1_000)
    path = told["more_rejections"].removeprefix("/v1/source")
    more = pusher("GET", path)
    numbers = [one["line"] for one in told["rejections"] + more.json()["items"]]
    assert numbers == list(range(1, 2_001))
    assert more.json()["next"] in more.headers["link"]
    last = pusher("GET", f"/pushes/{told['id']}/rejections?after={more.json()['next']}").json()
    assert [one["line"] for one in last["items"]] == list(range(2_001, 2_501))
    assert last["next"] is None


def test_a_page_of_rejections_is_as_short_as_asked(pusher: Caller):
    told = pusher.push(lines(*(member("1") for _ in range(3)))).json()

    page = pusher("GET", f"/pushes/{told['id']}/rejections?limit=2").json()

    assert [one["line"] for one in page["items"]] == [1, 2]
    assert page["next"]


# -- one member ------------------------------------------------------------------------------------


def put(caller: Caller, account: str, fields: dict[str, object], **query: str):
    return caller("PUT", f"/members/{account}", json=fields, params=query)


def without_account(account: str) -> dict[str, object]:
    return {name: value for name, value in member(account).items() if name != "account"}


@pytest.mark.parametrize("fields", [member("10000001"), without_account("10000001")])
def test_one_member_is_put(pusher: Caller, small_world: World, fields: dict[str, object]):
    answer = put(pusher, "10000001", fields)

    assert answer.status_code == 200, answer.text
    assert answer.json()["counts"]["accepted"] == 1
    assert on_roll(small_world.house) == {"10000001"}
    assert put(pusher, "10000001", fields).json()["counts"]["unchanged"] == 1


def test_a_member_over_several_lines_is_one_member(pusher: Caller, small_world: World):
    import json

    body = json.dumps(member("10000001"), indent=2).replace("\n", "\r\n")

    answer = pusher(
        "PUT",
        "/members/10000001",
        content=body,
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 200, answer.text
    assert on_roll(small_world.house) == {"10000001"}


def test_a_member_as_it_was_is_older_than_what_is_known(pusher: Caller):
    put(pusher, "10000001", member("10000001"), as_of=AS_OF)

    older = put(pusher, "10000001", member("10000001", name="Old"), as_of="2026-01-01T00:00:00Z")

    assert older.json()["counts"]["ignored"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b'{"status": "?"}', "MRX-1110", id="an unknown status"),
        pytest.param(b"{}", "MRX-1110", id="nothing"),
        pytest.param(b"[]", "MRX-1002", id="a list"),
        pytest.param(b"", "MRX-1002", id="no body"),
        pytest.param(b'{"name": "A", "name": "B"}', "MRX-1003", id="a key twice"),
        pytest.param(b'{"account": "10000002"}', "MRX-7003", id="another account"),
        pytest.param(b'{"account": 10000001}', "MRX-7003", id="a number"),
        pytest.param(b"\xff", "MRX-1001", id="no UTF-8"),
    ],
)
def test_a_member_that_cannot_be_taken_is_a_problem(
    pusher: Caller, small_world: World, body: bytes, code: str
):
    headers = {"Content-Type": "application/json"}
    answer = pusher("PUT", "/members/10000001", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert on_roll(small_world.house) == set()
    assert spooled(small_world.house) == set()


def test_a_member_larger_than_a_line_is_too_large(pusher: Caller):
    answer = put(pusher, "10000001", member("10000001", name="x" * (1 << 20)))

    assert (answer.status_code, answer.json()["code"]) == (413, "MRX-7010")


def test_no_problem_repeats_what_was_sent(pusher: Caller):
    secret = "Planted Invented Company"
    for answer in (
        put(pusher, "10000001", member("10000001", name=secret, status="?")),
        put(pusher, "10000001", member("10000002", name=secret)),
        pusher.push(lines(member("1", name=secret)), as_of=secret),
        pusher.push(lines(member("1", name=secret)), headers={"Content-Type": "text/html"}),
    ):
        assert answer.status_code >= 400
        assert secret not in answer.text
        assert "10000002" not in answer.text
