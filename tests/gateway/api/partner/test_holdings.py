"""A partner compares: what we hold of it, what it should hold of us, and what to do about it."""

import hashlib
from typing import Any

import pytest
from fastapi.testclient import TestClient

from gateway.app import build
from gateway.settings import Settings
from outbox import batch
from schemas.batch import Lane
from tests.gateway.api.partner.holdings_calls import MANY, Caller, added_up, lives, twelve_held
from tests.world import World

MEXICO, CANADA = "mx-neec", "ca-pip"


@pytest.fixture
def world(whole_world: World) -> World:
    return twelve_held(whole_world)


@pytest.fixture
def mexico(world: World) -> Caller:
    """Mexico asks us."""
    return Caller(world.partners[MEXICO], world.house)


@pytest.fixture
def us(world: World) -> Caller:
    """We ask Mexico."""
    return Caller(world.house, world.partners[MEXICO])


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
