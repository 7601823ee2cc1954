"""A partner fetches its batches: nothing lost, nothing doubled, and nothing without consent."""

import hashlib
import threading
import time
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from outbox import batch, ledger
from outbox import lane as lanes
from partners import agreements
from schemas import exchange
from schemas.tables import lanes as lanes_
from signing.open import open_sealed
from tests.gateway.api.partner.puller import Puller, puller, two_wait
from tests.world import ONE, TWO, World, member


@pytest.fixture
def world(small_world: World) -> World:
    return two_wait(small_world)


@pytest.fixture
def mexico(world: World) -> Puller:
    return puller(world)


def said(world: World, file: bytes) -> str:
    ours = [world.house.key.certificate]
    return open_sealed(file, ours, datetime.now(UTC)).content.decode()


def outcomes(world: World, number: int = 1) -> list[str | None]:
    with world.house.database.read() as tx:
        return [row.outcome for row in batch.history(tx, number)]


def test_a_batch_is_fetched_receipted_and_held(world: World, mexico: Puller):
    answer = mexico.next()

    assert answer.headers["content-type"] == "application/pkcs7-mime"
    digest = hashlib.sha256(answer.content).digest()
    assert answer.headers["content-digest"] == f"sha-256=:{b64encode(digest).decode()}:"
    header = exchange.read_batch(said(world, answer.content).encode()).header
    told = [answer.headers[f"mrx-{name}"] for name in ("lane", "epoch", "number", "issue")]
    assert told == [header.lane, header.epoch, "1", "1"]
    assert (world.states(), outcomes(world)) == (["unknown"], ["handed over"])

    assert mexico.confirm(mexico.take(answer)).status_code == 204

    assert world.states() == ["settled"]
    assert world.held("mx-neec") == {ONE: "VALIDATED", TWO: "VALIDATED"}
    assert mexico.next().status_code == 204
    with world.house.database.read() as tx:
        assert ledger.verify(tx).broken_at is None


def test_the_same_bytes_come_until_their_receipt_does(world: World, mexico: Puller):
    files = {mexico.next().content for _ in range(3)}

    assert len(files) == 1
    assert outcomes(world) == ["handed over"] * 3
    assert mexico.fetch_all() == ["routine 1"]


def test_an_answer_that_never_arrived_ends_as_one_that_did(world: World, mexico: Puller):
    """Never got it, got it twice, and a receipt that was lost: all end as calm weather does."""
    mexico.next()  # lost on the way
    first = mexico.next()
    receipt = mexico.take(first)  # ... and the receipt is lost on the way
    again = mexico.next()
    assert mexico.take(again) == receipt
    assert [mexico.confirm(receipt).status_code for _ in range(2)] == [204, 204]

    assert world.states() == ["settled"]
    assert world.held("mx-neec") == {ONE: "VALIDATED", TWO: "VALIDATED"}


def test_withdrawals_come_before_announcements(world: World, mexico: Puller):
    mexico.fetch_all()
    world.push(member("10000003"))
    world.grant("10000003")
    world.revoke("10000001", of="mx-neec")

    assert mexico.fetch_all() == ["urgent 1", "routine 2"]
    assert world.held("mx-neec").keys() == {TWO, "Invented Company 10000003"}


def test_a_lane_may_be_named(world: World, mexico: Puller):
    assert mexico.next("?lane=urgent").status_code == 204
    assert mexico.next("?lane=routine").headers["mrx-lane"] == "routine"
    assert mexico.next("?lane=other").status_code == 422


def test_revoked_between_two_pulls(world: World, mexico: Puller):
    """The next issue of the same number is without the member; and whom it may have told hears."""
    first = mexico.next()
    assert ONE in said(world, first.content)

    world.revoke("10000001", of="mx-neec")
    withdrawn = mexico.next()
    second = mexico.next("?lane=routine")

    assert (withdrawn.headers["mrx-lane"], withdrawn.headers["mrx-number"]) == ("urgent", "1")
    assert (second.headers["mrx-number"], second.headers["mrx-issue"]) == ("1", "2")
    assert ONE not in said(world, second.content)
    assert TWO in said(world, second.content)
    late = mexico.confirm(mexico.take(first))  # the first issue arrived after all
    assert (late.status_code, late.json()["code"]) == (409, "MRX-4010")
    assert mexico.fetch_all() == ["urgent 1", "routine 1"]
    assert world.held("mx-neec") == {TWO: "VALIDATED"}


def test_all_revoked_before_the_first_pull_leaves_nothing(world: World, mexico: Puller):
    for account in ("10000001", "10000002"):
        world.revoke(account, of="mx-neec")

    assert mexico.next().status_code == 204
    assert world.states() == []


def test_a_pause_holds_back_announcements_and_no_withdrawal(world: World, mexico: Puller):
    mexico.fetch_all()
    with world.house.database.write() as tx:
        lanes.pause(tx, "mx-neec", by="test", reason="invented", now=world.clock())
    world.push(member("10000003"))
    world.grant("10000003")
    assert mexico.next().status_code == 204

    world.revoke("10000001", of="mx-neec")
    assert mexico.fetch_all() == ["urgent 1"]

    with world.house.database.write() as tx:
        lanes.resume(tx, "mx-neec", by="test", reason="invented", now=world.clock())
    assert mexico.fetch_all() == ["routine 2"]


@pytest.mark.parametrize("flying", [False, True], ids=["nothing sealed", "one in flight"])
def test_a_closed_gate_lets_nothing_be_fetched(world: World, mexico: Puller, flying: bool):
    if flying:
        assert mexico.next().status_code == 200
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False)

    assert mexico.next().status_code == 204
    assert mexico.next("?lane=routine").status_code == 204


def test_what_cannot_be_said_is_set_aside_and_the_rest_comes(world: World, mexico: Puller):
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", statuses=["VALIDATED"])
    world.push(member("10000003", status="SUSPENDED"))
    world.grant("10000003")

    assert mexico.fetch_all() == ["routine 1"]

    assert world.held("mx-neec").keys() == {ONE, TWO}
    assert world.waiting() == [("MRX-2204", None)]


def test_a_batch_too_large_is_fetched_in_pieces(world: World, mexico: Puller):
    with world.house.database.write() as tx:
        tx.execute(update(lanes_).values(batch_max=1))

    assert mexico.fetch_all() == ["routine 1", "routine 2"]


def test_a_lane_that_waits_for_its_next_try_is_still_fetched(world: World, mexico: Puller):
    """Back-off is for those who send: the partner stands at the door."""
    with world.house.database.write() as tx:
        far = datetime(2100, 1, 1, tzinfo=UTC)
        tx.execute(update(lanes_).values(look_at=far, failures=9, trips=3))

    assert mexico.next().status_code == 200


@pytest.mark.slow
def test_waiting_ends_when_something_is_due(world: World, mexico: Puller):
    mexico.fetch_all()
    late = threading.Timer(1.0, lambda: world.push(member("10000001", status="SUSPENDED")))
    late.start()
    began = time.monotonic()

    answer = mexico.next("?wait=20")

    late.join()
    assert (answer.status_code, answer.headers["mrx-lane"]) == (200, "urgent")
    assert 0.9 < time.monotonic() - began < 10


@pytest.mark.slow
def test_waiting_ends_when_the_time_is_over(world: World, mexico: Puller):
    mexico.fetch_all()
    began = time.monotonic()

    assert mexico.next("?wait=1").status_code == 204
    assert 0.9 < time.monotonic() - began < 5
    assert mexico.next("?wait=61").status_code == 422
    assert mexico.next("?wait=-1").status_code == 422


def test_asking_with_nothing_due_writes_nothing_to_the_lanes(world: World, mexico: Puller):
    mexico.fetch_all()
    with world.house.database.read() as tx:
        before = tx.execute(select(lanes_)).all()

    assert mexico.next().status_code == 204

    with world.house.database.read() as tx:
        assert tx.execute(select(lanes_)).all() == before
