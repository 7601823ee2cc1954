"""A partner has lost or mixed up what it held: only what differs is repaired, and all of it."""

from sqlalchemy import delete, select, update

from outbox import batch, ledger, revocations
from outbox import lane as lanes
from partners import holdings as sums
from partners.holdings import Side
from schemas.tables import (
    foreign_members,
    foreign_rolls,
    inbound_batches,
    inbound_lanes,
)
from tests.outbox.two_ends import (
    MANY,
    MEXICO,
    agree,
    forget,
    forget_all,
    line,
    mend,
    ref_of,
    refs_on_the_wire,
    verdict,
)
from tests.world import ONE, World, member


def test_two_ends_that_agree_ask_once_and_change_nothing(held: World):
    ask = line(held.house, held.partners[MEXICO])
    report = mend(held, ask=ask)

    assert (report.differs, report.buckets, report.compared) == (False, 0, 0)
    assert (report.ours, report.theirs) == (20, 20)
    assert ask.asked == ["/v1/partner/holdings"], "the list does not travel"
    held.deliver()
    assert held.wire.journal == []


def test_only_what_the_partner_forgot_travels(held: World):
    mexico = held.partners[MEXICO]
    gone = sorted(ref_of(held, account) for account in MANY[:3])
    forget(mexico, *gone)
    assert not agree(held)

    ask = line(held.house, mexico)
    report = mend(held, ask=ask)
    held.deliver()

    assert (report.told_again, report.withdrawn, report.epochs) == (3, 0, ())
    assert sorted(refs_on_the_wire(held)) == gone
    assert len(ask.asked) == 1 + report.buckets <= 4
    assert agree(held)
    assert verdict(held) is True
    assert len(held.held(MEXICO)) == 20


def test_a_dry_run_says_the_same_and_does_nothing(held: World):
    forget(held.partners[MEXICO], *(ref_of(held, account) for account in MANY[:3]))
    with held.house.database.read() as tx:
        before = ledger.verify(tx).head
    report = mend(held, dry_run=True)

    assert (report.told_again, report.differs, report.dry_run) == (3, True, True)
    with held.house.database.read() as tx:
        assert ledger.verify(tx).head == before
    held.deliver()
    assert held.wire.journal == []


def test_a_partner_that_lost_everything_is_told_everything_in_new_epochs(held: World):
    held.revoke(MANY[-1], of=MEXICO)
    held.deliver()
    forget_all(held.partners[MEXICO])
    held.wire.journal.clear()

    report = mend(held)
    held.deliver()

    assert (report.told_again, sorted(report.epochs)) == (19, ["routine", "urgent"])
    assert len(refs_on_the_wire(held)) == 19
    assert agree(held)
    assert mend(held).differs is False


def test_a_partner_that_lost_only_its_place_gets_a_new_epoch_and_nothing_else(held: World):
    with held.partners[MEXICO].database.write() as tx:
        tx.execute(delete(inbound_batches))
        tx.execute(delete(inbound_lanes))
    held.push(member(MANY[0], name="Invented Company Renamed"))
    held.deliver()
    assert held.states()[-1] == "unknown", "a number it does not expect is turned away"

    report = mend(held)
    assert (report.told_again, report.epochs) == (0, ("routine",))
    assert held.states()[-1] == "refused"
    held.deliver()

    assert len(set(refs_on_the_wire(held))) == 1
    assert agree(held)
    with held.house.database.read() as tx:
        sent = [(one.epoch, one.number) for one in batch.every(tx)]
    assert len(set(sent)) == len(sent)
    assert sent[-1][1] == 1


def test_a_partner_with_an_older_copy_of_a_member_is_told_the_newest(held: World):
    """Its backup has version 1; we told 2 since. Its version 1 may be better than the truth."""
    ref = ref_of(held, MANY[0])
    mexico = held.partners[MEXICO]
    with mexico.database.read() as tx:
        old = tx.execute(select(foreign_members).where(foreign_members.c.ref == ref)).one()
    held.push(member(MANY[0], status="SUSPENDED"))
    held.deliver()
    with mexico.database.write() as tx:
        now = tx.execute(select(foreign_members).where(foreign_members.c.ref == ref)).one()
        tx.execute(
            update(foreign_members)
            .where(foreign_members.c.ref == ref)
            .values(version=old.version, status=old.status, leaf=old.leaf)
        )
        sums.change(tx, "us-ctpat", Side.THEIRS, add=[(ref, old.leaf)], take=[(ref, now.leaf)])
    with held.house.database.write() as tx:
        lanes.pause(
            tx, MEXICO, by="test", reason="a pause does not hold bad news", now=held.clock()
        )

    report = mend(held)
    held.deliver()

    assert report.told_again == 1
    assert held.held(MEXICO)[ONE] == "SUSPENDED"
    assert agree(held)


def test_a_partner_that_lost_a_tombstone_is_asked_to_delete_again(held: World):
    """It takes an old announcement for news; the deletion that was confirmed is not so any more."""
    ref = ref_of(held, MANY[0])
    mexico = held.partners[MEXICO]
    with mexico.database.read() as tx:
        row = tx.execute(select(foreign_members).where(foreign_members.c.ref == ref)).one()
    number = held.revoke(MANY[0], of=MEXICO)
    held.deliver()
    with mexico.database.write() as tx:
        tx.execute(delete(foreign_members).where(foreign_members.c.ref == ref))
        tx.execute(foreign_members.insert().values(row._asdict()))
        tx.execute(update(foreign_rolls).values(size=foreign_rolls.c.size + 1))
        sums.change(tx, "us-ctpat", Side.THEIRS, add=[(ref, row.leaf)])
    held.push(member(MANY[1], name="Invented Company Renamed"))
    held.deliver()
    assert verdict(held) is False
    held.wire.journal.clear()

    report = mend(held)
    assert (report.told_again, report.withdrawn) == (0, 1)
    with held.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "withdrawal on its way"
    held.deliver()

    assert refs_on_the_wire(held) == [ref]
    assert agree(held)
    assert verdict(held) is True
    with held.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "deletion confirmed"


def test_who_may_not_be_told_any_more_is_not_told_again(held: World):
    """Consent is judged when a repair leaves, as always."""
    forget(held.partners[MEXICO], ref_of(held, MANY[0]))
    mend(held)
    held.revoke(MANY[0], of=MEXICO)
    held.wire.journal.clear()
    held.deliver()

    assert ONE not in held.held(MEXICO)
    assert agree(held)
