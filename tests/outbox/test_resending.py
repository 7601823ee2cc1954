"""A partner asks to be told again: it compares by itself, and names the references."""

import orjson
import pytest
from sqlalchemy import Insert, Select, Update, event, select, update

from outbox import inventory, our_loss, outcomes, repair, resending
from outbox import lane as lanes
from partners import holdings as sums
from partners.holdings import Side
from schemas import ref as refs
from schemas.errors import BadRequest
from schemas.holdings import bucket_of, leaf
from schemas.tables import (
    foreign_members,
    foreign_rolls,
)
from tests.gateway.sender import tell
from tests.outbox.two_ends import (
    MANY,
    MEXICO,
    agree,
    ask_again,
    forget,
    forget_all,
    line,
    ref_of,
    refs_on_the_wire,
)
from tests.world import LOST_ANSWER, World, member


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


def test_one_they_have_buried_already_and_whose_consent_is_new_waits_for_nobody(held: World):
    """Their receipt for the withdrawal was lost. It comes again, and settles it."""
    account = MANY[0]
    held.revoke(account, of=MEXICO)
    held.wire.plan = [LOST_ANSWER]
    held.deliver(rounds=1)
    held.grant(account, to=[MEXICO])

    assert ask_again(held).withdrawn == 1
    held.deliver()

    assert held.waiting() == []
    assert len(held.held(MEXICO)) == len(MANY)
    assert agree(held)


def test_the_source_hears_of_one_that_they_have_buried_and_we_had_not(held: World):
    """It waits for a person, as if they had refused it."""
    mexico, ref = held.partners[MEXICO], ref_of(held, MANY[0])
    with mexico.database.write() as tx:
        tell(tx, "us-ctpat", withdrawn=[ref], now=held.clock())
    ask_again(held)
    held.deliver()

    with held.house.database.read() as tx:
        said = [(one.kind, one.account, one.code) for one in outcomes.after(tx, 0, limit=100)]
    assert ("blocked", MANY[0], "MRX-2210") in said
    assert held.waiting() == [("MRX-2210", "withdrawn")]


def test_what_is_taken_while_one_asks_is_no_lost_place(held: World):
    mexico = held.partners[MEXICO]
    ask = line(mexico, held.house)
    place = epoch_of(held)

    def busily(path: str, query: str = "") -> bytes:
        if path == inventory.EXPECTED:
            held.push(member(MANY[0], name="Invented Company Renamed"))
            held.deliver()
        return plain(path, query)

    plain = ask.get
    report = our_loss.ask_again(mexico, "us-ctpat", busily, ask.post)
    held.deliver()

    assert (report.lost_place, epoch_of(held)) == ((), place)
    assert agree(held)


def test_a_version_that_nobody_comes_to_is_not_believed_and_stops_no_comparison(held: World):
    ref = ref_of(held, MANY[0])
    asked = {"differing": [{"ref": ref, "version": repair.VERSION_MAX}]}
    ask = line(held.partners[MEXICO], held.house)
    for _ in range(3):
        ask.post(our_loss.RESEND, orjson.dumps(asked))
        held.deliver()
    forget(held.partners[MEXICO], ref)

    assert ask_again(held).missing == 1
    held.deliver()
    assert agree(held)


def test_an_inventory_without_end_is_refused(held: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inventory, "REFS_MAX", 20)
    number, asked = 7, []

    def endless(path: str, query: str) -> bytes:
        asked.append((path, query))
        ref = next(ref for ref in iter(refs.new, None) if bucket_of(ref) == number)
        item = {"ref": ref, "version": 1, "leaf": "0" * 64}
        return orjson.dumps({"items": [item], "next": "x"})

    with pytest.raises(BadRequest) as refused:
        inventory.bucket(endless, inventory.HELD, number)
    assert refused.value.code == "MRX-5019"
    assert len(asked) == 21


@pytest.mark.parametrize(
    "count", [b"-5", b"true", b'"7"', b"1.9", b"9223372036854775808", b"[]", b"null"]
)
def test_an_answer_that_counts_no_references_is_refused(held: World, count: bytes):
    end = held.partners[MEXICO]
    forget(end, ref_of(held, MANY[0]))
    ask = line(end, held.house)

    def answer(_path: str, _body: bytes) -> bytes:
        return b'{"told_again":' + count + b',"withdrawn":0}'

    with pytest.raises(BadRequest) as refused:
        our_loss.ask_again(end, held.house.programme, ask.get, answer)
    assert refused.value.code == "MRX-5019"


def test_a_lost_place_asked_for_twice_begins_one_epoch(held: World):
    place, ask = epoch_of(held), line(held.partners[MEXICO], held.house)
    body = orjson.dumps({"lost_place": ["routine"]})
    first = ask.post(our_loss.RESEND, body)
    begun = epoch_of(held)

    assert ask.post(our_loss.RESEND, body) == first
    assert epoch_of(held) == begun != place
    held.push(member(MANY[0], name="Invented Company Renamed"))
    held.deliver()
    ask.post(our_loss.RESEND, body)
    assert epoch_of(held) != begun, "it has been used since"


def test_the_lanes_are_locked_before_what_is_on_them(held: World):
    """As a delivery does: two that lock in different orders would wait for each other for ever."""
    locked: list[str] = []

    def note(_tx: object, clause: object, *_: object) -> None:
        if isinstance(clause, Update | Insert):
            locked.append(clause.table.name)
        elif isinstance(clause, Select) and clause._for_update_arg is not None:
            locked.extend(one.name for one in clause.get_final_froms())

    request = resending.Request(missing=[ref_of(held, MANY[0])])
    with held.house.database.write() as tx:
        event.listen(tx, "before_execute", note)
        resending.resend(tx, held.house, MEXICO, request, now=held.clock())

    assert {"lanes", "pending", "disclosures"} <= set(locked)
    assert locked.index("lanes") < min(locked.index("pending"), locked.index("disclosures"))
    assert "lanes" not in locked[locked.index("ledger_head") :]


def epoch_of(world: World) -> str:
    with world.house.database.read() as tx:
        return next(row.epoch for row in lanes.of(tx, MEXICO) if row.kind == "routine")
