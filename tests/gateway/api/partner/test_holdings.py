"""A partner compares: what we hold of it, what it should hold of us, and what to do about it."""

import hashlib
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from gateway.api.partner.resend import REFS_MAX
from gateway.app import build
from gateway.settings import Settings
from outbox import batch, ledger
from outbox.house import House
from schemas import ref as refs
from schemas.batch import Lane
from schemas.tables import disclosures, pending
from schemas.tables import ledger as ledger_
from tests.gateway.api.doors import signature
from tests.outbox.two_ends import by_the_wall_clock
from tests.world import LOST_ANSWER, World, member

MEXICO, CANADA = "mx-neec", "ca-pip"
MANY = [str(n) for n in range(10000001, 10000013)]


@pytest.fixture
def world(whole_world: World) -> World:
    """Twelve members that Mexico holds, and one of them Canada too."""
    world = by_the_wall_clock(whole_world)
    world.push(*map(member, MANY))
    world.grant(*MANY, to=[MEXICO])
    world.grant(MANY[0], to=[CANADA])
    world.deliver()
    world.wire.journal.clear()
    return world


class Caller:
    """One end, asking another."""

    def __init__(self, asker: House, asked: House) -> None:
        self.key, self.to = asker.key, asked.programme
        folder = asked.folder
        self.client = TestClient(build(asked, Settings(home=folder)))

    def get(self, path: str) -> Response:
        url = f"/v1/partner{path}"
        return self.client.get(url, headers=signature(self.key, "GET", url, to=self.to))

    def post(self, **document: Any) -> Response:
        url = "/v1/partner/resend-requests"
        body = orjson.dumps(document)
        signed = signature(self.key, "POST", url, to=self.to, content=body)
        headers = {**signed, "Content-Type": "application/json"}
        return self.client.post(url, content=body, headers=headers)


@pytest.fixture
def mexico(world: World) -> Caller:
    """Mexico asks us."""
    return Caller(world.partners[MEXICO], world.house)


@pytest.fixture
def us(world: World) -> Caller:
    """We ask Mexico."""
    return Caller(world.house, world.partners[MEXICO])


def lives(world: World, partner: str = MEXICO) -> list[Any]:
    with world.house.database.read() as tx:
        query = select(disclosures).where(disclosures.c.partner == partner)
        return list(tx.execute(query.order_by(disclosures.c.ref)))


def added_up(caller: Caller, place: str, said: dict[str, Any]) -> None:
    """Recompute everything from the lists, as an engineer on the other side would."""
    sums = b""
    for number in range(256):
        bucket = said["buckets"][number]
        page = caller.get(f"{place}/{number}").json() if bucket["count"] else {"items": []}
        held = [item for item in page["items"] if item["leaf"] is not None]
        assert all(hashlib.sha256(i["ref"].encode()).digest()[0] == number for i in held)
        total = sum(int(item["leaf"], 16) for item in held) % 2**256
        sums += total.to_bytes(32, "big")
        assert bucket == {"bucket": number, "sum": f"{total:064x}", "count": len(held)}
    assert hashlib.sha256(sums).hexdigest() == said["digest"]


def test_what_is_held_adds_up_to_the_digest(world: World, us: Caller):
    world.revoke(MANY[-1], of=MEXICO)
    world.deliver()
    said = us.get("/holdings").json()

    assert said["count"] == 11
    added_up(us, "/holdings", said)
    lanes = {lane["lane"]: lane for lane in said["lanes"]}
    with world.house.database.read() as tx:
        last = {one.lane: one for one in batch.every(tx, partner=MEXICO)}
    for kind in Lane:
        one, lane = last[kind], lanes[kind]
        told = (one.epoch, one.number, one.issue, one.digest)
        assert (lane["epoch"], lane["number"], lane["issue"], lane["digest"]) == told
        assert lane["current"] is True


def test_what_is_expected_adds_up_to_the_same_digest(world: World, mexico: Caller, us: Caller):
    said = mexico.get("/holdings/expected").json()

    added_up(mexico, "/holdings/expected", said)
    assert said["digest"] == us.get("/holdings").json()["digest"]
    routine = next(lane for lane in said["lanes"] if lane["lane"] == "routine")
    with world.house.database.read() as tx:
        (last,) = batch.every(tx, partner=MEXICO)
    assert (routine["number"], routine["digest"]) == (1, last.digest)


def test_a_withdrawn_reference_is_listed_without_a_leaf(world: World, us: Caller):
    ref = lives(world)[0].ref
    account = lives(world)[0].account
    world.revoke(account, of=MEXICO)
    world.deliver()
    bucket = hashlib.sha256(ref.encode()).digest()[0]

    items = us.get(f"/holdings/{bucket}").json()["items"]
    assert {"ref": ref, "version": 1, "leaf": None} in items


def test_a_bucket_comes_in_pages(world: World, mexico: Caller):
    for life in lives(world):
        bucket = hashlib.sha256(life.ref.encode()).digest()[0]
        whole = mexico.get(f"/holdings/expected/{bucket}").json()["items"]
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            page = mexico.get(f"/holdings/expected/{bucket}?limit=1{after}")
            found += page.json()["items"]
            if page.json()["next"] is None:
                assert "Link" not in page.headers
                break
            after = f"&after={page.json()['next']}"
            assert after[1:] in page.headers["Link"]
        assert found == whole
        assert [one["ref"] for one in whole] == sorted(one["ref"] for one in whole)


def test_everyone_sees_its_own(world: World, mexico: Caller):
    canada = Caller(world.partners[CANADA], world.house)

    assert mexico.get("/holdings/expected").json()["count"] == 12
    assert canada.get("/holdings/expected").json()["count"] == 1
    assert mexico.get("/holdings").json()["count"] == 0
    buckets = {hashlib.sha256(life.ref.encode()).digest()[0] for life in lives(world)}
    buckets |= {hashlib.sha256(life.ref.encode()).digest()[0] for life in lives(world, CANADA)}
    seen = {
        item["ref"]
        for number in buckets
        for item in canada.get(f"/holdings/expected/{number}").json()["items"]
    }
    assert seen == {life.ref for life in lives(world, CANADA)}


def test_no_name_no_identifier_no_account_is_there(world: World, mexico: Caller, us: Caller):
    for caller, place in ((mexico, "/holdings/expected"), (us, "/holdings")):
        text = caller.get(place).text
        for life in lives(world):
            bucket = hashlib.sha256(life.ref.encode()).digest()[0]
            text += caller.get(f"{place}/{bucket}").text
            assert life.ref in text
        assert "Invented" not in text
        assert "QXQQ" not in text
        assert all(account not in text for account in MANY)


@pytest.mark.parametrize("path", ["/holdings", "/holdings/7", "/holdings/expected", "/holdings/x"])
def test_nobody_else_is_answered(world: World, path: str):
    client = TestClient(build(world.house, Settings(home=world.house.folder)))
    assert client.get(f"/v1/partner{path}").status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/holdings/256", "/holdings/-1", "/holdings/x", "/holdings/1?limit=0", "/holdings/1?after=?"],
)
def test_what_is_no_bucket_or_page_is_a_problem(mexico: Caller, path: str):
    answer = mexico.get(path)
    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")


# -- resend-requests -------------------------------------------------------------------------------


def test_what_is_missing_is_told_again_and_what_is_unknown_withdrawn(world: World, mexico: Caller):
    one, two, *_ = lives(world)
    stray = refs.new()
    answer = mexico.post(
        missing=[one.ref], differing=[{"ref": two.ref, "version": 7}], unknown=[stray]
    )

    told = {"told_again": 2, "withdrawn": 1, "ended": 0, "epochs": []}
    assert (answer.status_code, answer.json()) == (200, told)
    world.deliver()
    after = {life.ref: life for life in lives(world)}
    assert after[one.ref].held_version == 2
    assert after[two.ref].held_version == 8, "newer than what they have"
    with world.house.database.read() as tx:
        assert tx.execute(select(pending)).all() == []
        kinds = list(tx.scalars(select(ledger_.c.kind).where(ledger_.c.partner == MEXICO)))
        assert "resend asked" in kinds
        assert ledger.verify(tx).broken_at is None


def test_asked_twice_it_is_told_once(world: World, mexico: Caller):
    one = lives(world)[0]
    first = mexico.post(missing=[one.ref])
    assert mexico.post(missing=[one.ref]).json() == first.json()
    world.deliver()

    with world.house.database.read() as tx:
        assert batch.every(tx, partner=MEXICO)[-1].announcements == 1
    assert len(world.wire.journal) == 1


def test_what_is_not_theirs_is_passed_over_without_a_word(world: World, mexico: Caller):
    (canadas,) = lives(world, CANADA)
    for what in ("missing", "withdrawn"):
        answer = mexico.post(**{what: [canadas.ref]})
        assert answer.json() == {"told_again": 0, "withdrawn": 0, "ended": 0, "epochs": []}
    assert mexico.post(differing=[{"ref": canadas.ref, "version": 9}]).json()["told_again"] == 0
    assert lives(world, CANADA) == [canadas]
    with world.house.database.read() as tx:
        assert tx.execute(select(pending)).all() == []


def test_another_partners_reference_is_withdrawn_like_one_that_nobody_knows(
    world: World, mexico: Caller
):
    """So that nobody learns here which references live elsewhere; over there nothing changes."""
    (canadas,) = lives(world, CANADA)

    assert mexico.post(unknown=[canadas.ref]).json()["withdrawn"] == 1
    world.deliver()

    assert lives(world, CANADA) == [canadas]
    assert len(world.held(CANADA)) == 1


def test_a_life_we_tell_now_is_not_unknown(world: World, mexico: Caller):
    """It arrived, and its receipt did not: they hold what we do not count yet."""
    world.push(member("20000001"))
    world.grant("20000001", to=[MEXICO])
    world.wire.plan = [LOST_ANSWER]
    world.deliver(rounds=1)
    (new,) = [life for life in lives(world) if life.held_version is None]

    assert mexico.post(unknown=[new.ref]).json()["withdrawn"] == 0
    world.deliver()
    assert "Invented Company 20000001" in world.held(MEXICO)


def test_a_lost_place_begins_a_new_epoch(world: World, mexico: Caller):
    before = mexico.get("/holdings/expected").json()["lanes"]
    answer = mexico.post(lost_place=["routine"])

    assert answer.json()["epochs"] == ["routine"]
    after = {lane["lane"]: lane for lane in mexico.get("/holdings/expected").json()["lanes"]}
    old = {lane["lane"]: lane for lane in before}
    assert after["routine"]["epoch"] != old["routine"]["epoch"]
    assert (after["routine"]["number"], after["routine"]["digest"]) == (0, None)
    assert after["urgent"] == old["urgent"]
    world.push(member(MANY[0], name="Invented Company Renamed"))
    world.deliver()
    assert "Invented Company Renamed" in world.held(MEXICO)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"missing": ["short"]}, id="no reference"),
        pytest.param({"missing": ["7ZKQ3M9RTW4R"] * (REFS_MAX + 1)}, id="too many"),
        pytest.param({"differing": [{"ref": "7ZKQ3M9RTW4R", "version": 0}]}, id="no version"),
        pytest.param({"differing": [{"ref": "7ZKQ3M9RTW4R", "version": 2**40}]}, id="far version"),
        pytest.param({"lost_place": ["fast"]}, id="no lane"),
        pytest.param({"refs": []}, id="an unknown field"),
    ],
)
def test_a_request_of_another_shape_is_a_problem(mexico: Caller, document: dict[str, Any]):
    answer = mexico.post(**document)
    assert (answer.status_code, answer.json()["code"]) == (422, "MRX-7003")
    assert "7ZKQ3M9RTW4R" not in answer.text


def test_a_reference_with_a_wrong_check_character_goes_nowhere(world: World, mexico: Caller):
    """No withdrawal could say it: the batch would not be valid."""
    assert mexico.post(unknown=["7ZKQ3M9RTW4K"]).json()["withdrawn"] == 0
    world.deliver()
    assert world.wire.journal == []


def test_a_reference_named_twice_is_repaired_once(world: World, mexico: Caller):
    one, two, *_ = lives(world)
    answer = mexico.post(missing=[one.ref, one.ref], unknown=[one.ref, two.ref])

    assert answer.json() == {"told_again": 1, "withdrawn": 0, "ended": 0, "epochs": []}
    world.deliver()
    assert len(world.held(MEXICO)) == 12


def test_an_empty_request_is_answered(mexico: Caller):
    assert mexico.post().json() == {"told_again": 0, "withdrawn": 0, "ended": 0, "epochs": []}
