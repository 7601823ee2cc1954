"""Receipts we owe reach the partner, over a real connection to its real end."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn
from sqlalchemy import select, update

from gateway import inbound_batches, quarantine
from gateway.app import build
from gateway.inbound_batches import Inbound, State
from gateway.owed import Owed
from gateway.settings import Settings
from outbox import asking
from outbox.call import Reply
from outbox.house import House
from partners import agreements
from schemas import exchange
from schemas.tables import foreign_rolls, ledger
from schemas.tables import inbound_batches as inbound_batches_
from signing.open import open_sealed
from signing.seal import seal
from tests.gateway.sender import Sender, record, some
from tests.world import World, member

NOW = datetime.now(UTC)


@contextmanager
def served(house: House) -> Iterator[str]:
    """This gateway's doors, over HTTP; the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = build(house, Settings(home=house.folder))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def decided(small_world: World) -> Inbound:
    """Mexico's end has approved a sudden batch of ours, and owes us the receipt."""
    world = small_world
    mexico = world.partners["mx-neec"]
    accounts = [str(10000000 + n) for n in range(120)]
    world.clock.now = NOW
    world.push(*[member(account) for account in accounts])
    world.grant(*accounts)
    world.deliver()
    with mexico.database.write() as tx:  # a day later
        long_ago = NOW - timedelta(days=2)
        tx.execute(update(foreign_rolls).values(baseline=120, baseline_at=long_ago))
    for account in accounts[:60]:
        world.revoke(account, of="mx-neec")
    world.deliver()
    assert world.states()[-1] == "received"
    with mexico.database.read() as tx:
        [one] = inbound_batches.every(tx, state=State.QUARANTINED)
    return quarantine.approve(mexico, one.id, by="Ana", reason="why", now=NOW)


def address(world: World, url: str | None) -> None:
    with world.partners["mx-neec"].database.write() as tx:
        agreements.change(tx, "us-ctpat", push_url=url)


def owed(world: World, one: Inbound) -> bool:
    with world.partners["mx-neec"].database.read() as tx:
        return inbound_batches.get(tx, one.id).owed


def owe_a_strange_one(mexico: House, one: Inbound) -> Inbound:
    """A receipt for a batch that our end does not know, and owed before the other."""
    epoch = "0" * 16
    with mexico.database.write() as tx:
        query = select(inbound_batches_).where(inbound_batches.where(one.place))
        row = tx.execute(query).one()._asdict()
        ours = [mexico.key.certificate]
        said = exchange.read_receipt(open_sealed(row["receipt"], ours, NOW).content)
        receipt = seal(exchange.write_receipt(replace(said, epoch=epoch)), mexico.key, NOW)
        row |= {"epoch": epoch, "receipt": receipt}
        tx.execute(inbound_batches_.insert().values(row))
    return replace(one, place=replace(one.place, epoch=epoch))


@pytest.mark.slow
def test_it_is_brought_once_and_settles_the_batch(small_world: World, decided: Inbound):
    bringing = Owed(small_world.partners["mx-neec"])
    with served(small_world.house) as url:
        address(small_world, url)

        assert (bringing.bring(now=NOW), bringing.bring(now=NOW)) == (1, 0)

    assert small_world.states()[-1] == "settled"
    assert not owed(small_world, decided)


@pytest.mark.slow
def test_a_partner_that_is_away_is_tried_again_later_and_later(
    small_world: World, decided: Inbound
):
    bringing = Owed(small_world.partners["mx-neec"])
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address(small_world, f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert bringing.bring(now=NOW) == 0
    assert owed(small_world, decided)

    with served(small_world.house) as url:
        address(small_world, url)
        assert bringing.bring(now=NOW + timedelta(seconds=1)) == 0, "not yet"
        assert bringing.bring(now=NOW + timedelta(seconds=10)) == 1

    assert small_world.states()[-1] == "settled"


def test_one_that_the_partner_does_not_know_ends_and_does_not_stand_before_the_others(
    small_world: World, decided: Inbound
):
    """It has lost its database since: nobody over there waits for this receipt any more."""
    mexico = small_world.partners["mx-neec"]
    strange = owe_a_strange_one(mexico, decided)
    bringing = Owed(mexico)
    with served(small_world.house) as url:
        address(small_world, url)
        assert bringing.bring(now=NOW) == 1

    assert small_world.states()[-1] == "settled"
    assert not owed(small_world, decided)
    assert not owed(small_world, strange)
    with mexico.database.read() as tx:
        kinds = list(tx.scalars(select(ledger.c.kind).where(ledger.c.partner == "us-ctpat")))
    assert kinds.count("receipt turned away") == 1


def test_a_refusal_that_may_pass_is_tried_again_and_does_not_stand_before_the_others(
    small_world: World, decided: Inbound, monkeypatch: pytest.MonkeyPatch
):
    mexico = small_world.partners["mx-neec"]
    strange = owe_a_strange_one(mexico, decided)
    asked = []

    def ask(*_: object, body: bytes, **__: object) -> Reply:
        asked.append(body)
        return Reply(503 if len(asked) == 1 else 204, {}, b"")

    monkeypatch.setattr(asking, "ask", ask)
    address(small_world, "https://mexico.example")
    bringing = Owed(mexico)

    assert bringing.bring(now=NOW) == 1
    assert (owed(small_world, decided), owed(small_world, strange)) == (False, True)
    assert bringing.bring(now=NOW) == 0, "not yet"
    assert bringing.bring(now=NOW + timedelta(hours=1)) == 1
    assert len(asked) == 3


def test_a_partner_without_an_address_hears_when_it_repeats_the_batch(
    small_world: World, decided: Inbound
):
    mexico = small_world.partners["mx-neec"]
    address(small_world, None)
    assert Owed(mexico).bring(now=NOW) == 0
    assert owed(small_world, decided)

    with mexico.database.read() as tx:
        receipt = quarantine.receipt_of(tx, decided.id)
    _, last = small_world.wire.journal[-1]
    answer = small_world.wire.send("mx-neec", last)

    assert answer.body == receipt
    assert not owed(small_world, decided)


def test_a_newer_issue_leaves_nothing_owed_for_the_one_before(small_world: World):
    sender, house = Sender(small_world), small_world.house
    members = some(120)
    first = sender.next(members)
    sender.send(first)
    second = sender.next(withdrawals=[one.ref for one in members[:60]])
    sender.send(second, now=NOW)
    with house.database.read() as tx:
        [one] = inbound_batches.every(tx, state=State.QUARANTINED)
    quarantine.reject(house, one.id, by="Ana", reason="why", now=NOW)

    replaced = sender.batch(
        [record()], number=2, issue=2, previous=sender.digest(first), replaces=sender.digest(second)
    )
    sender.send(replaced, now=NOW)

    with house.database.read() as tx:
        assert not any(one.owed for one in inbound_batches.every(tx))
