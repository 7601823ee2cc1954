"""The feed of outcomes: each thing once, in its order, and nothing a company would want erased."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import orjson
import pytest
from sqlalchemy import event, select

from gateway import inbound
from outbox import outcomes
from outbox.outcomes import Outcome
from schemas.receipt import Erasure, Fate, Level, Match, Matching, Receipt, Refusal, Verdict
from schemas.tables import batch_notices
from schemas.tables import outcomes as rows
from tests.world import BYTES_MAX, World, answering, honest, member


def feed(world: World, after: int = 0, **more: object) -> list[Outcome]:
    with world.house.database.read() as tx:
        return outcomes.after(tx, after, **{"limit": 1_000, **more})


def kinds(world: World, after: int = 0) -> list[tuple[str, str, str | None, str | None]]:
    return [(o.kind.value, o.account, o.code, o.partner_code) for o in feed(world, after)]


def ref_of(world: World, account: str) -> str:
    with world.house.database.read() as tx:
        mine = select(batch_notices.c.ref).where(batch_notices.c.account == account)
        return str(tx.scalars(mine).first())


def refusing(world: World, *accounts: str) -> Callable[..., bytes]:
    def refuse(receipt: Receipt) -> Receipt:
        refused = tuple(Refusal(ref=ref_of(world, one), code="NO-WORD") for one in accounts)
        return replace(receipt, verdict=Verdict.REFUSALS, refused=refused)

    return answering(refuse)


def test_one_members_whole_life(one: World):
    one.deliver()
    one.push(member("10000001", name="Invented Renamed"))
    one.deliver()
    one.revoke("10000001", of="mx-neec")
    one.deliver()

    ref = ref_of(one, "10000001")
    assert [(o.position, o.kind, o.partner, o.ref, o.version, o.code) for o in feed(one)] == [
        (1, "held", "mx-neec", ref, 1, None),
        (2, "held", "mx-neec", ref, 2, None),
        (3, "withdrawn", "mx-neec", ref, None, "erased"),
    ]
    assert feed(one)[2].reason == "the partner has erased it"


def test_a_whole_batch_is_one_statement(one: World):
    some = [str(n) for n in range(20000000, 20000300)]
    one.push(*(member(account) for account in some))
    one.grant(*some)
    written: list[str] = []
    engine = one.house.database._writer

    def listen(_connection, _cursor, statement, *_):
        if "INTO outcomes" in statement:
            written.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    try:
        one.deliver()
    finally:
        event.remove(engine, "before_cursor_execute", listen)

    assert len(feed(one)) == 301
    assert [o.position for o in feed(one)] == list(range(1, 302))
    assert len(written) == len(one.wire.journal)


@pytest.mark.parametrize("matching", Matching)
def test_whom_the_partner_found_is_told_with_its_own_word(one: World, matching: Matching):
    one.wire.answer = answering(
        lambda r: replace(
            r, matches=(Match(ref=ref_of(one, "10000001"), matching=matching, code="SAAI-7"),)
        )
    )
    one.deliver()

    assert kinds(one) == [
        ("held", "10000001", None, None),
        (matching.value, "10000001", None, "SAAI-7"),
    ]


def test_matches_of_what_the_batch_did_not_announce_are_not_believed(one: World):
    one.deliver()
    one.push(member("10000002"))
    one.grant("10000002")
    other = ref_of(one, "10000001")
    one.wire.answer = answering(
        lambda r: replace(
            r,
            matches=tuple(Match(ref=ref, matching=Matching.MATCHED) for ref in (other, "0" * 12)),
        )
    )
    one.deliver()

    assert [kind for kind, *_ in kinds(one)] == ["held", "held"]


def test_a_refused_notice_has_our_code_and_the_partners(one: World):
    one.push(member("10000002"))
    one.grant("10000002")
    one.wire.answer = refusing(one, "10000001")
    one.deliver()

    assert sorted(kinds(one)) == [
        ("held", "10000002", None, None),
        ("refused", "10000001", "MRX-2210", "NO-WORD"),
    ]
    refused = next(o for o in feed(one) if o.kind == "refused")
    assert (refused.version, refused.repairer) == (1, "source")


def test_refused_with_its_whole_batch(one: World):
    one.wire.answer = answering(
        lambda r: replace(r, verdict=Verdict.REFUSED, code="X-1", held=None, holdings=None)
    )
    one.deliver(rounds=1)

    assert kinds(one) == [("refused", "10000001", "MRX-2211", "X-1")]
    assert feed(one)[0].repairer == "operator"


def test_a_receipt_that_comes_again_says_nothing_new(one: World):
    kept: list[bytes] = []

    def keep(_end: object, _file: bytes, receipt: bytes) -> bytes:
        kept.append(receipt)
        return receipt

    one.wire.answer = keep
    one.deliver()
    for _ in range(2):
        inbound.take_receipt(one.house, kept[0], bytes_max=BYTES_MAX, now=one.clock())

    assert len(feed(one)) == 1


def test_received_is_no_outcome_and_applied_is_one(one: World):
    kept: list[bytes] = []

    def later(end: object, file: bytes, receipt: bytes) -> bytes:
        kept.append(receipt)
        change = answering(
            lambda r: replace(r, level=Level.RECEIVED, verdict=None, held=None, holdings=None)
        )
        return change(end, file, receipt)

    one.wire.answer = later
    one.deliver()
    assert feed(one) == []

    inbound.take_receipt(one.house, kept[0], bytes_max=BYTES_MAX, now=one.clock())
    assert kinds(one) == [("held", "10000001", None, None)]


def test_a_lost_answer_is_no_outcome_until_it_is_found(one: World):
    one.wire.plan = ["lost answer"]
    one.deliver(rounds=1)
    assert feed(one) == []
    one.deliver()
    assert [kind for kind, *_ in kinds(one)] == ["held"]


@pytest.mark.parametrize("fate", Fate)
def test_a_withdrawal_is_told_with_its_fate(one: World, fate: Fate):
    one.deliver()
    one.revoke("10000001", of="mx-neec")
    kept = {"law": "Ley X", "until": date(2031, 1, 1)} if fate is Fate.RETAINED else {}
    one.wire.answer = answering(
        lambda r: replace(
            r, withdrawals=tuple(Erasure(ref=e.ref, fate=fate, **kept) for e in r.withdrawals)
        )
    )
    one.deliver()

    assert kinds(one, after=1) == [("withdrawn", "10000001", fate.value, None)]
    assert feed(one)[1].reason
    assert feed(one)[1].repairer is None


def test_a_withdrawal_nobody_confirmed_is_no_outcome_until_it_is(one: World):
    one.deliver()
    one.revoke("10000001", of="mx-neec")
    one.wire.answer = answering(lambda r: replace(r, withdrawals=()))
    one.deliver(hurry=False)
    assert kinds(one, after=1) == []

    one.wire.answer = honest  # it has erased it long since
    one.deliver()
    assert kinds(one, after=1) == [("withdrawn", "10000001", "not-held", None)]


# -- reading it ------------------------------------------------------------------------------------


def test_the_feed_goes_on_where_it_was_left(whole_world: World):
    whole_world.push(member("10000001"))
    whole_world.grant("10000001")
    whole_world.deliver()

    read, after = [], 0
    while page := feed(whole_world, after, limit=2):
        read += page
        after = page[-1].position
    assert read == feed(whole_world)
    assert {one.partner for one in read} == set(whole_world.partners)
    assert [o.partner for o in feed(whole_world, partner="ca-pip")] == ["ca-pip"]


def test_a_transaction_that_fails_leaves_no_outcome_and_no_gap(one: World):
    left = [outcomes.Blocked("10000001", "MRX-2101")]
    with one.house.database.write() as tx:
        outcomes.blocked(tx, "mx-neec", left, now=one.clock())
        tx.rollback()
    assert feed(one) == []

    one.deliver()
    assert [o.position for o in feed(one)] == [1]


def test_no_company_data_stands_in_the_feed(one: World):
    one.wire.answer = refusing(one, "10000001")
    one.deliver()
    with one.house.database.read() as tx:
        text = orjson.dumps([list(map(str, row)) for row in tx.execute(select(rows))]).decode()

    assert "10000001" in text
    assert "Invented" not in text
    assert "QXQQ" not in text
