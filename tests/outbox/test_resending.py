"""A partner asks to be told again: it compares by itself, and names the references."""

from sqlalchemy import select, update

from partners import holdings as sums
from partners.holdings import Side
from schemas import ref as refs
from schemas.holdings import leaf
from schemas.tables import (
    foreign_members,
    foreign_rolls,
)
from tests.outbox.two_ends import (
    MANY,
    MEXICO,
    agree,
    ask_again,
    forget,
    forget_all,
    ref_of,
    refs_on_the_wire,
)
from tests.world import World


def test_an_end_that_lost_its_database_has_it_told_again(held: World):
    forget_all(held.partners[MEXICO])

    dry = ask_again(held, dry_run=True)
    assert (dry.missing, dry.lost_place, dry.will_tell) == (20, ("routine",), 0)
    report = ask_again(held)
    held.deliver()

    assert (report.missing, report.will_tell) == (20, 20)
    assert agree(held)
    assert ask_again(held).differs is False


def test_an_end_that_lost_some_asks_for_these_alone(held: World):
    mexico = held.partners[MEXICO]
    gone = sorted(ref_of(held, account) for account in MANY[:2])
    forget(mexico, *gone)
    report = ask_again(held)
    ask_again(held)  # asked twice, it ends the same
    held.deliver()

    assert (report.missing, report.unknown, report.differing) == (2, 0, 0)
    assert sorted(refs_on_the_wire(held)) == gone
    assert agree(held)


def test_an_end_that_holds_too_much_has_it_withdrawn(held: World):
    mexico, stray = held.partners[MEXICO], refs.new()
    with mexico.database.write() as tx:
        row = tx.execute(select(foreign_members).limit(1)).one()._asdict()
        part = leaf(stray, 1, b"x" * 32)
        tx.execute(foreign_members.insert().values({**row, "ref": stray, "leaf": part}))
        tx.execute(update(foreign_rolls).values(size=foreign_rolls.c.size + 1))
        sums.change(tx, "us-ctpat", Side.THEIRS, add=[(stray, part)])
    report = ask_again(held)
    held.deliver()

    assert (report.unknown, report.will_withdraw) == (1, 1)
    assert refs_on_the_wire(held) == [stray]
    assert agree(held)
