"""What is foretold is what then happens: for a whole push, and for one member."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select

from gateway.intake.members import read_member
from mappers import MAPPERS
from outbox import preview
from outbox.house import House
from outbox.preview import NO_REF, NOTHING, Plan
from partners import agreements
from schemas import exchange
from schemas.errors import BadRequest
from schemas.identifiers import Identifier
from schemas.receipt import Refusal, Verdict
from schemas.record import Record
from schemas.tables import batch_notices, disclosures
from signing.open import open_sealed
from tests.world import START, World, answering, honest, member

NUMBERS = (
    {"scheme": "SCAC", "value": "QXQQ"},
    {"scheme": "ICR", "value": "12-3456789AB"},
    {"scheme": "MID", "value": "MXINVCOM123TIJ"},
)


def planned(world: World, *pushed: dict[str, object], **more: Any) -> dict[str, Plan]:
    schemes = frozenset({"SCAC", "ICR", "MID"})
    read = [read_member(one, schemes=schemes, today=START.date())[0] for one in pushed]
    with world.house.database.read() as tx:
        return preview.plan(tx, world.house, read, now=world.clock(), **more)


def previewed(world: World, partner: str, account: str = "10000001") -> preview.Preview:
    with world.house.database.read() as tx:
        return preview.preview(tx, world.house, account, partner, now=world.clock())


# -- a push ----------------------------------------------------------------------------------------


def lives(house: House) -> dict[tuple[str, str], tuple[str, int]]:
    with house.database.read() as tx:
        known = select(disclosures).where(disclosures.c.withdraw_since.is_(None))
        return {(row.partner, row.account): (row.ref, row.version) for row in tx.execute(known)}


def test_members_a_full_list_leaves_out_are_withdrawn_where_they_are_known(two_told: World):
    two_told.push(member("10000003"))

    plans = planned(two_told, member("10000001"), missing=["10000002", "10000003"])

    assert plans == {**plans, "mx-neec": Plan(unchanged=1, withdrawn=1)}
    two_told.push(member("10000001"), mode="snapshot")
    two_told.deliver()
    assert list(two_told.held("mx-neec")) == ["Invented Company 10000001"]


def test_what_is_in_flight_is_not_told_again_unless_there_is_news(one: World):
    one.wire.plan = ["lost answer"]
    one.deliver(rounds=1)

    assert planned(one, member("10000001"))["mx-neec"] == Plan(unchanged=1)
    assert planned(one, member("10000001", name="Invented New"))["mx-neec"] == Plan(changed=1)
    one.push(member("10000001"))
    one.deliver()
    assert lives(one.house).popitem()[1][1] == 1


def test_what_was_refused_stays_so_until_there_is_news(one: World):
    refuse_all(one)
    one.deliver()

    assert planned(one, member("10000001"))["mx-neec"] == Plan(blocked={"MRX-2210": 1})
    assert planned(one, member("10000001", name="Invented New"))["mx-neec"] == Plan(changed=1)


def test_plans_of_chunks_add_up():
    one = Plan(new=1, withdrawn=2, blocked={"MRX-2101": 1, "MRX-2204": 1})
    two = Plan(new=3, changed=1, unchanged=4, no_consent=5, blocked={"MRX-2101": 2})

    assert one + two == Plan(
        new=4,
        changed=1,
        withdrawn=2,
        unchanged=4,
        no_consent=5,
        blocked={"MRX-2101": 3, "MRX-2204": 1},
    )


def test_a_plan_asks_as_many_questions_for_many_members_as_for_few(one: World):
    asked: list[str] = []
    engine = one.house.database._reader
    listen = ("before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement))
    event.listen(engine, *listen)
    try:
        planned(one, member("10000001"))
        few = len(asked)
        planned(one, *(member(str(n)) for n in range(20000000, 20002000)))
    finally:
        event.remove(engine, *listen)

    assert len(asked) == 2 * few


def test_looking_tells_nobody_and_changes_nothing(one: World):
    planned(one, member("10000001", name="Invented New"))
    previewed(one, "mx-neec")

    assert lives(one.house) == {}
    assert one.wire.journal == []


# -- one member ------------------------------------------------------------------------------------


def sent(world: World, partner: str) -> tuple[bytes, Record]:
    """What the last batch to a partner says of its one member: the content, the record."""
    file = [file for to, file in world.wire.journal if to == partner][-1]
    content = open_sealed(file, [world.house.key.certificate], START).content
    document = exchange.read_batch(content).document
    (record,) = MAPPERS[partner].read(document)
    return content, record


@pytest.mark.slow
@pytest.mark.parametrize("partner", MAPPERS)
def test_a_preview_is_byte_for_byte_what_the_partner_then_gets(whole_world: World, partner: str):
    whole_world.push(member("10000001", identifiers=list(NUMBERS), status="EXCEEDING"))
    whole_world.grant("10000001")
    first = previewed(whole_world, partner)
    whole_world.deliver()
    content, record = sent(whole_world, partner)

    assert (first.decision, first.ref, first.lane) == ("tell", None, "routine")
    assert first.document.replace(NO_REF, record.ref).encode() in content
    assert first.record.items_digest == record.items_digest
    assert (first.record.version, record.version) == (1, 1)

    whole_world.push(member("10000001", status="SUSPENDED"))
    second = previewed(whole_world, partner)
    whole_world.deliver()
    content, told = sent(whole_world, partner)

    assert (second.record, second.ref, second.lane) == (told, record.ref, "urgent")
    assert second.document.encode() in content
    assert second.format == f"{partner}/1.0"


def test_a_preview_names_the_consent_it_stands_on(one: World):
    found = previewed(one, "mx-neec")

    assert (found.consent_id, found.text) == (1, "neec-2014")
    assert found.record.identifiers == (Identifier("SCAC", "QXQQ"),)


def test_without_a_reason_to_speak_the_preview_says_which(one: World):
    one.push(member("10000002"))
    assert previewed(one, "mx-neec", "10000002").why == NOTHING["no consent"]
    one.wire.plan = ["lost answer"]
    one.deliver(rounds=1)
    assert previewed(one, "mx-neec").why == NOTHING["in flight"]
    one.deliver()
    assert previewed(one, "mx-neec").why == NOTHING["no news"]
    one.push(member("10000002"), mode="snapshot")
    gone = previewed(one, "mx-neec")
    assert gone.why == NOTHING["absent"]
    assert (gone.decision, gone.record, gone.document, len(gone.withdrawals)) == (
        "nothing",
        None,
        None,
        1,
    )


def test_bad_news_that_may_not_be_said_is_previewed_as_a_withdrawal(one: World):
    one.deliver()
    ref = lives(one.house)["mx-neec", "10000001"][0]
    with one.house.database.write() as tx:
        agreements.change(tx, "mx-neec", statuses=["VALIDATED"])
    one.push(member("10000001", status="REMOVED"))

    found = previewed(one, "mx-neec")

    assert (found.decision, found.code, found.withdrawals) == ("blocked", "MRX-2204", (ref,))
    assert (found.record, found.document) == (None, None)


def refuse_all(world: World) -> None:
    def refuse(receipt: Any) -> Any:
        with world.house.database.read() as tx:
            refs = tx.scalars(select(batch_notices.c.ref)).all()
        refused = tuple(Refusal(ref=ref, code="NO-MATCH") for ref in refs)
        return replace(receipt, verdict=Verdict.REFUSALS, refused=refused)

    world.wire.answer = answering(refuse)


def test_a_refused_member_is_previewed_with_the_partners_word(one: World):
    refuse_all(one)
    one.deliver()

    found = previewed(one, "mx-neec")

    assert (found.decision, found.code, found.partner_code) == ("blocked", "MRX-2210", "NO-MATCH")
    one.wire.answer = honest
    one.push(member("10000001", name="Invented Corrected"))
    assert previewed(one, "mx-neec").decision == "tell"


def test_a_closed_gate_is_the_reason(one: World):
    one.clock.forward(days=4)

    assert previewed(one, "mx-neec").code == "MRX-2207"


@pytest.mark.parametrize(
    ("partner", "account", "code"),
    [
        pytest.param("mx-neec", "99999999", "MRX-5002", id="account"),
        pytest.param("us-ctpat", "10000001", "MRX-5001", id="partner"),
    ],
)
def test_whom_nobody_knows_is_not_previewed(one: World, partner: str, account: str, code: str):
    with pytest.raises(BadRequest, match=code):
        previewed(one, partner, account)


def test_a_member_that_is_held_is_shown_as_it_was_told(small_world: World):
    world = small_world
    world.push(member("10000001"))
    world.grant("10000001")
    world.deliver()

    with world.house.database.read() as tx:
        shown = preview.preview(tx, world.house, "10000001", "mx-neec", now=world.clock())

    assert shown.decision == "nothing"
    assert shown.record is not None
    assert shown.record.version == 1
    assert world.held("mx-neec") == {shown.record.name: shown.record.status}
    assert shown.ref in (shown.document or "")
