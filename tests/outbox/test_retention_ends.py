"""After an erasure two ends compare, repair and tell again as if nothing had gone."""

from datetime import timedelta

from sqlalchemy import text

from outbox import epochs
from schemas.batch import Lane
from tests.outbox.long_ago import run
from tests.outbox.two_ends import MANY, MEXICO, agree, ask_again, forget, forget_all, mend, ref_of
from tests.world import World, member


def test_what_the_partner_lost_is_told_again_after_the_files_went(held: World):
    now = held.clock.now + timedelta(days=500)
    run(held.house, now=now)
    run(held.partners[MEXICO], now=now)
    assert agree(held)
    forget(held.partners[MEXICO], *(ref_of(held, account) for account in MANY[:3]))

    report = mend(held)
    held.deliver()

    assert (report.told_again, report.withdrawn) == (3, 0)
    assert agree(held)


def test_a_partner_that_lost_everything_is_told_everything(held: World):
    now = held.clock.now + timedelta(days=500)
    run(held.house, now=now)
    forget_all(held.partners[MEXICO])

    ask_again(held)
    mend(held)
    held.deliver()

    assert agree(held)
    assert len(held.held(MEXICO)) == 20


def test_a_new_epoch_a_change_and_a_revocation_go_as_before(held: World):
    now = held.clock.now + timedelta(days=500)
    run(held.house, now=now)
    run(held.partners[MEXICO], now=now)
    with held.house.database.write() as tx:
        epochs.open_new(tx, MEXICO, Lane.ROUTINE, why="a test", now=held.clock())
    held.push(member(MANY[0], name="Invented Company renamed"))
    held.revoke(MANY[1], of=MEXICO)
    held.deliver()

    assert agree(held)
    assert "Invented Company renamed" in held.held(MEXICO)
    assert len(held.held(MEXICO)) == 19
    with held.house.database.read() as tx:
        kept = tx.execute(text("SELECT count(*) FROM batch_files WHERE file IS NOT NULL")).scalar()
    assert kept == 2
