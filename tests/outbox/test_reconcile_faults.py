"""Reconciling beside a worker, with strangers, with nonsense, and killed at any commit."""

import pytest
from sqlalchemy import delete, select, update

from gateway import inbound
from outbox import handing_over, inventory, ledger, reconcile, repair, revocations
from outbox import lane as lanes
from outbox.handing_over import Handed
from outbox.lane import Taken as Leased
from outbox.revocations import Answer
from partners import holdings as sums
from partners.holdings import Side
from schemas import ref as refs
from schemas.batch import Lane
from schemas.errors import BadRequest
from schemas.holdings import leaf
from schemas.tables import (
    disclosures,
    foreign_members,
    foreign_rolls,
    inbound_batches,
    inbound_lanes,
    pending,
)
from schemas.tables import ledger as ledger_
from tests.outbox.test_crash import Dead, Reaper
from tests.outbox.two_ends import (
    MANY,
    MEXICO,
    agree,
    by_the_wall_clock,
    forget,
    line,
    mend,
    ref_of,
)
from tests.world import BYTES_MAX, World, member


def test_a_lane_that_somebody_works_is_left_to_him(held: World):
    with held.house.database.write() as tx:
        taken = lanes.take_one(
            tx, MEXICO, Lane.URGENT, worker="x:1:2", now=held.clock(), lease=held.house.terms.lease
        )
    with pytest.raises(BadRequest) as busy:
        mend(held)
    assert busy.value.code == "MRX-5021"
    with held.house.database.read() as tx:
        free = {row.kind: row.leased_by for row in lanes.of(tx, MEXICO)}
    assert free == {"urgent": "x:1:2", "routine": None}

    assert isinstance(taken, Leased)
    with held.house.database.write() as tx:
        lanes.give_back(tx, taken)
    assert mend(held).differs is False


def test_nothing_is_sent_between_the_question_and_the_repair(held: World):
    ask = line(held.house, held.partners[MEXICO])
    plain, worked = ask.get, []

    def meanwhile(path: str, query: str = "") -> bytes:
        held.push(member(MANY[0], name="Invented Company Renamed"))
        worked.append(held.delivery().work())
        return plain(path, query)

    ask.get = meanwhile  # type: ignore[method-assign]
    report = mend(held, ask=ask)

    assert worked == [False]
    assert report.differs is False


def test_a_partner_that_takes_its_time_with_each_answer_keeps_the_lanes_still(held: World):
    """A large roll: all its buckets together take far longer than one lease."""
    forget(held.partners[MEXICO], *(ref_of(held, account) for account in MANY[:10]))
    ask = line(held.house, held.partners[MEXICO])
    plain, worked = ask.get, []

    def slowly(path: str, query: str = "") -> bytes:
        answer = plain(path, query)
        held.push(member(MANY[0], name=f"Invented Company {len(worked)}"))
        held.clock.now += held.house.terms.lease * 0.8
        worked.append(held.delivery().work())
        return answer

    ask.get = slowly  # type: ignore[method-assign]
    report = mend(held, ask=ask)

    assert len(worked) > 5
    assert not any(worked)
    assert report.told_again == 10


def test_a_receipt_that_comes_meanwhile_makes_no_lost_place(held: World):
    """They had fetched the batch before, and took it after they had answered."""
    held.push(member(MANY[0], name="Invented Company Renamed"))
    handed = fetched(held)
    ask = line(held.house, held.partners[MEXICO])
    plain = ask.get

    def answered(path: str, query: str = "") -> bytes:
        answer = plain(path, query)
        bring(held, taken(held, handed))
        return answer

    ask.get = answered  # type: ignore[method-assign]
    report = mend(held, ask=ask)
    held.deliver()

    assert report.epochs == ()
    assert agree(held)


def test_a_deletion_that_is_confirmed_meanwhile_stays_confirmed(held: World):
    number = held.revoke(MANY[0], of=MEXICO)
    receipt = taken(held, fetched(held))
    ask = line(held.house, held.partners[MEXICO])
    plain = ask.get

    def answered(path: str, query: str = "") -> bytes:
        answer = plain(path, query)
        if path != inventory.HELD:
            bring(held, receipt)
        return answer

    ask.get = answered  # type: ignore[method-assign]
    report = mend(held, ask=ask)

    assert report.withdrawn == 0
    with held.house.database.read() as tx:
        assert revocations.get(tx, number).answer is Answer.CONFIRMED


def fetched(world: World) -> bytes:
    """The next batch, as Mexico fetches it."""
    handed = handing_over.next_batch(world.house, MEXICO, worker="x:1:2", clock=world.clock)
    assert isinstance(handed, Handed)
    return handed.file


def taken(world: World, file: bytes) -> bytes:
    """Mexico's receipt for it."""
    return inbound.take(world.partners[MEXICO], file, bytes_max=BYTES_MAX, now=world.clock())


def bring(world: World, receipt: bytes) -> None:
    inbound.take_receipt(world.house, receipt, bytes_max=BYTES_MAX, now=world.clock())


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("n", range(1, 8))
def test_killed_at_any_commit_and_run_again_it_ends_the_same(
    held: World, monkeypatch: pytest.MonkeyPatch, n: int, *, after: bool
):
    monkeypatch.setattr(repair, "SLICE", 2)
    mexico = held.partners[MEXICO]
    stray = refs.new()
    forget(mexico, *(ref_of(held, account) for account in MANY[:3]))
    with mexico.database.write() as tx:
        row = tx.execute(select(foreign_members).limit(1)).one()._asdict()
        part = leaf(stray, 1, b"x" * 32)
        tx.execute(foreign_members.insert().values({**row, "ref": stray, "leaf": part}))
        tx.execute(update(foreign_rolls).values(size=foreign_rolls.c.size + 1))
        sums.change(tx, "us-ctpat", Side.THEIRS, add=[(stray, part)])
        tx.execute(delete(inbound_batches))
        tx.execute(delete(inbound_lanes))
    with monkeypatch.context() as patch:
        reaper = Reaper(patch, held.house, n, after=after)
        with pytest.raises(Dead):
            mend(held)
        assert reaper.fired
    held.clock.forward(minutes=5)  # the dead one's leases run out

    mend(held)
    held.deliver()

    assert agree(held)
    assert len(held.held(MEXICO)) == 20
    with held.house.database.read() as tx:
        assert ledger.verify(tx).broken_at is None
    assert mend(held).differs is False


@pytest.mark.slow
def test_another_partners_reference_is_never_touched(whole_world: World):
    """A partner claims to hold a life that is another's: not a word, not a change."""
    world = by_the_wall_clock(whole_world)
    world.push(member("10000001"))
    world.grant("10000001")
    world.deliver()
    with world.house.database.read() as tx:
        canadas = tx.execute(select(disclosures).where(disclosures.c.partner == "ca-pip")).one()
    with world.partners[MEXICO].database.write() as tx:
        part = leaf(canadas.ref, 9, b"x" * 32)
        row = tx.execute(select(foreign_members).limit(1)).one()._asdict()
        tx.execute(foreign_members.insert().values({**row, "ref": canadas.ref, "leaf": part}))
        tx.execute(update(foreign_rolls).values(size=foreign_rolls.c.size + 1))
        sums.change(tx, "us-ctpat", Side.THEIRS, add=[(canadas.ref, part)])

    report = mend(world)
    with world.house.database.write() as tx:
        none = repair.tell_again(tx, world.house, MEXICO, {canadas.ref: 9}, now=world.clock())
        assert none == []
        assert repair.end(tx, world.house, MEXICO, [canadas.ref], now=world.clock()) == []

    assert (report.told_again, report.withdrawn) == (0, 0)
    with world.house.database.read() as tx:
        life = tx.execute(select(disclosures).where(disclosures.c.ref == canadas.ref)).one()
        assert life == canadas
        assert tx.execute(select(pending)).all() == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"count":0,"digest":"x","buckets":[],"lanes":[]}', id="no buckets"),
        pytest.param(b'{"buckets":' + b"[" * 1000 + b"]" * 1000 + b"}", id="deep"),
        pytest.param(b"<html>", id="a page"),
    ],
)
def test_an_answer_of_another_shape_changes_nothing(held: World, answer: bytes):
    with pytest.raises(BadRequest) as refused:
        reconcile.reconcile(
            held.house,
            MEXICO,
            lambda _path, _query: answer,
            worker="test:1:0",
            by="test",
            clock=held.clock,
        )
    assert refused.value.code == "MRX-5019"
    with held.house.database.read() as tx:
        assert [row.leased_by for row in lanes.of(tx, MEXICO)] == [None, None]
        assert "reconciled" not in set(tx.scalars(select(ledger_.c.kind)))
