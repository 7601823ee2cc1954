"""What a partner was sent: its own list, and nobody else's."""

import hashlib

import pytest
from sqlalchemy import update

from gateway.api import cursor
from outbox import batch, evidence
from schemas.tables import lanes as lanes_
from tests.gateway.api.partner.puller import Puller, by_the_wall_clock, puller, two_wait
from tests.world import World, member


@pytest.fixture
def world(small_world: World) -> World:
    return two_wait(small_world)


@pytest.fixture
def mexico(world: World) -> Puller:
    return puller(world)


def test_a_list_of_what_they_were_sent_and_no_content(world: World, mexico: Puller):
    mexico.fetch_all()
    world.push(member("10000001", status="SUSPENDED"))
    flying = mexico.next()

    answer = mexico.get("/batches")

    first, second = answer.json()["items"]
    assert answer.json()["next"] is None
    assert "link" not in answer.headers
    assert (first["lane"], first["number"], first["state"]) == ("routine", 1, "settled")
    assert (first["announcements"], first["withdrawals"]) == (2, 0)
    assert (second["lane"], second["number"], second["issue"]) == ("urgent", 1, 1)
    assert second["digest"] == hashlib.sha256(flying.content).hexdigest()
    assert second["state"] == "unknown"
    assert "Invented" not in answer.text
    assert "QXQQ" not in answer.text


def test_the_list_goes_on_where_it_ended(world: World, mexico: Puller):
    with world.house.database.write() as tx:
        tx.execute(update(lanes_).values(batch_max=1))
    mexico.fetch_all()

    page = mexico.get("/batches?limit=1")
    more = page.json()["next"]
    assert f"after={more}" in page.headers["link"]
    rest = mexico.get(f"/batches?limit=1&after={more}").json()

    assert [page.json()["items"][0]["number"], rest["items"][0]["number"]] == [1, 2]
    assert rest["next"] is None
    assert mexico.get("/batches?after=nonsense").status_code == 422
    assert mexico.get("/batches?limit=0").status_code == 422


def test_nobody_sees_what_another_was_sent(whole_world: World):
    world = by_the_wall_clock(whole_world)
    world.push(member("10000001"))
    world.grant("10000001", to=["mx-neec"])
    mexico, canada = puller(world), puller(world, "ca-pip")

    assert canada.next().status_code == 204
    assert mexico.next().status_code == 200
    assert canada.next().status_code == 204
    assert canada.get("/batches").json()["items"] == []
    theirs = mexico.get("/batches?limit=1").json()["items"][0]
    guessed = cursor.written(theirs["lane"], theirs["epoch"], theirs["number"])
    assert canada.get(f"/batches?after={guessed}").status_code == 422
    other = mexico.client.get("/v1/partner/batches/next")
    assert (other.status_code, other.json()["code"]) == (401, "MRX-7001")


def test_the_evidence_of_a_batch_names_each_hand_over(world: World, mexico: Puller):
    mexico.next()
    mexico.fetch_all()

    with world.house.database.read() as tx:
        one = batch.get(tx, 1)
        assert [row.outcome for row in batch.history(tx, 1)] == ["handed over"] * 2
        assert [row.code for row in batch.history(tx, 1)] == [None, None]
        assert len(evidence.receipts_of(tx, one.lane_id, one.epoch, one.number)) == 1
