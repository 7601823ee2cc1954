"""What may be needed still is not erased, and once the rest went everything goes on."""

import pytest
from sqlalchemy import select, text

from gateway import inbound
from outbox import receipts
from outbox.retention import ERASED
from partners import roll
from schemas.tables import disclosures, inbound_batches
from schemas.tables import receipts as receipts_
from tests.outbox.long_ago import GONE, LONG, PLANT, STAYS, THERE, VERY_LONG, counted, run, says
from tests.world import BUSY, LOST_ANSWER, World, member

# -- what stays ------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", [LOST_ANSWER, BUSY])
def test_a_batch_without_an_answer_keeps_its_file_for_ever(small_world: World, word: str):
    small_world.push(member(GONE))
    small_world.grant(GONE)
    small_world.wire.plan = [word]
    small_world.deliver(1)

    done = run(small_world.house, now=small_world.clock.now + VERY_LONG)

    assert done.rows == 0
    small_world.deliver()
    assert len(small_world.held("mx-neec")) == 1, "the same bytes went again"


def test_a_former_member_somebody_may_hold_stays(small_world: World):
    small_world.push(member(GONE), member(THERE), mode="snapshot")
    small_world.grant(GONE, THERE)
    small_world.deliver()
    small_world.wire.plan = [LOST_ANSWER] * 9
    small_world.push(member(THERE), mode="snapshot", approve=True)
    small_world.deliver(1)

    done = run(small_world.house, now=small_world.clock.now + LONG)

    assert set(done.erased) == {"batch files"}
    with small_world.house.database.read() as tx:
        assert roll.get(tx, GONE).member.name != ERASED


def test_a_member_that_comes_back_is_told_anew_under_another_reference(left: World):
    run(left.house, now=left.clock.now + LONG)
    left.clock.forward(days=501)
    left.push(member(THERE), member(GONE, name=f"{STAYS} again"))
    left.grant(GONE)
    left.deliver()

    assert left.held("mx-neec").keys() >= {f"{STAYS} again"}
    with left.house.database.read() as tx:
        refs = tx.scalars(select(disclosures.c.ref).where(disclosures.c.account == GONE)).all()
    assert len(refs) == 2


def test_numbers_stay_while_a_law_over_there_retains_the_record(left: World):
    with left.house.database.write() as tx:
        tx.execute(text("UPDATE disclosures SET retained_until = '2031-01-01'"))

    assert "told numbers" not in run(left.house, now=left.clock.now + LONG).erased
    assert "told numbers" in run(left.house, now=left.clock.now + VERY_LONG).erased


# -- afterwards everything goes on -----------------------------------------------------------------


def test_a_receipt_that_comes_again_after_its_file_went_changes_nothing(left: World):
    with left.house.database.read() as tx:
        file = bytes(tx.scalars(select(receipts_.c.file)).first() or b"")
    run(left.house, now=left.clock.now + VERY_LONG)
    before = counted(left, "SELECT size FROM ledger_head")

    believed = receipts.believe(left.house, "mx-neec", file, now=left.clock.now)
    with left.house.database.write() as tx:
        batch = receipts.answered(tx, believed, "mx-neec", now=left.clock.now)
        receipts.settle(tx, left.house, batch, believed, now=left.clock.now)

    assert counted(left, "SELECT size FROM ledger_head") == before
    assert counted(left, "SELECT count(*) FROM outcomes WHERE kind = 'held'") == 2


def test_a_repeated_batch_is_answered_with_the_stored_receipt(left: World):
    """At the other end, whose copy of what came was erased."""
    mexico = left.partners["mx-neec"]
    _, file = left.wire.journal[0]
    with mexico.database.read() as tx:
        before = tx.execute(select(inbound_batches).order_by(inbound_batches.c.number)).first()

    done = run(mexico, now=left.clock.now + LONG)

    assert "inbound files" in done.erased
    with mexico.database.read() as tx:
        assert says(tx, PLANT) == []
        row = tx.execute(select(inbound_batches).order_by(inbound_batches.c.number)).first()
    assert (row.file, row.receipt, row.digest) == (None, before.receipt, before.digest)
    again = inbound.take(mexico, file, bytes_max=32 << 20, now=left.clock.now)
    assert again == bytes(row.receipt)
