"""What a partner's receipt may say, and what happens when it lies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from gateway import inbound
from outbox import batch, lane, revocations
from outbox.house import House
from schemas import exchange
from schemas.errors import Refused
from schemas.receipt import Erasure, Fate, Level, Receipt, Refusal, Verdict
from schemas.tables import batch_notices, pending
from signing import keys
from signing.open import open_sealed
from signing.seal import seal
from tests.world import BYTES_MAX, START, World, member

NAME = "Invented Company 10000001"


def said(change: Callable[[Receipt], Receipt]) -> Callable[[House, bytes, bytes], bytes]:
    """An answer that is the honest receipt with something else written in it, properly signed."""

    def answer(end: House, _file: bytes, receipt: bytes) -> bytes:
        honest = exchange.read_receipt(open_sealed(receipt, [end.key.certificate], START).content)
        return seal(exchange.write_receipt(change(honest)), end.key, START)

    return answer


def honest(_end: House, _file: bytes, receipt: bytes) -> bytes:
    return receipt


@pytest.fixture
def one(small_world: World) -> World:
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    return small_world


def states(world: World) -> list[str]:
    with world.house.database.read() as tx:
        return [b.state for b in batch.every(tx)]


def waiting(world: World) -> list[tuple[str | None, str | None]]:
    with world.house.database.read() as tx:
        rows = tx.execute(select(pending.c.blocked, pending.c.partner_code)).all()
        return [(row.blocked, row.partner_code) for row in rows]


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(lambda r: replace(r, digest="0" * 64), id="other digest"),
        pytest.param(lambda r: replace(r, number=r.number + 1), id="other number"),
        pytest.param(lambda r: replace(r, issue=r.issue + 1), id="an issue never sealed"),
        pytest.param(lambda r: replace(r, epoch="f" * 16), id="other epoch"),
        pytest.param(lambda r: replace(r, sender="ca-pip"), id="in somebody else's name"),
        pytest.param(lambda r: replace(r, recipient="ca-pip"), id="for somebody else"),
    ],
)
def test_a_receipt_that_does_not_answer_this_batch_settles_nothing(
    one: World, lie: Callable[[Receipt], Receipt]
):
    one.wire.answer = said(lie)
    one.deliver(rounds=1)
    assert states(one) == ["unknown"]

    one.wire.answer = honest
    one.deliver()
    assert states(one) == ["settled"]


def test_a_strangers_receipt_settles_nothing(one: World, key_files):
    stranger = keys.load(key_files["kr-aeo"])

    def answer(end: House, _file: bytes, receipt: bytes) -> bytes:
        content = open_sealed(receipt, [end.key.certificate], START).content
        return seal(content, stranger, START)

    one.wire.answer = answer
    one.deliver(rounds=1)

    assert states(one) == ["unknown"]


def test_a_receipt_of_an_earlier_issue_settles_nothing(one: World):
    one.push(member("10000002"))
    one.grant("10000002")
    kept: list[bytes] = []

    def keep_and_lose(_end: House, _file: bytes, receipt: bytes) -> bytes:
        kept.append(receipt)
        return b"lost"

    one.wire.answer = keep_and_lose
    one.deliver(rounds=1)
    one.revoke("10000002", of="mx-neec")
    one.wire.answer = lambda _end, _file, _receipt: kept[0]
    one.deliver(rounds=1, hurry=True)

    with one.house.database.read() as tx:
        routine = next(b for b in batch.every(tx) if b.lane == "routine")
    assert routine.state != "settled"
    with pytest.raises(Refused) as refused:
        _ask_again(one, kept[0])
    assert refused.value.code in {"MRX-4010", "MRX-4009"}


def _ask_again(world: World, receipt: bytes) -> None:
    world.wire.answer = honest
    world.deliver()
    inbound.take_receipt(world.house, receipt, bytes_max=BYTES_MAX, now=world.clock())


def test_a_refused_notice_waits_for_a_person_with_the_partners_code(one: World):
    one.push(member("10000002"))
    one.grant("10000002")

    def refuse(receipt: Receipt) -> Receipt:
        with one.house.database.read() as tx:
            ref = tx.scalar(
                select(batch_notices.c.ref).where(batch_notices.c.account == "10000001")
            )
        refusal = Refusal(ref=ref, code="NO-MATCH")
        return replace(receipt, verdict=Verdict.REFUSALS, refused=(refusal,))

    one.wire.answer = said(refuse)
    one.deliver()

    assert states(one) == ["settled"]
    assert waiting(one) == [("MRX-2210", "NO-MATCH")]
    one.wire.answer = honest
    one.push(member("10000001", name="Invented Corrected"))
    one.deliver()
    assert waiting(one) == []


def test_refused_bad_news_leaves_as_a_withdrawal(one: World):
    one.deliver()

    def refuse_suspension(receipt: Receipt) -> Receipt:
        if receipt.withdrawals:
            return receipt
        with one.house.database.read() as tx:
            ref = tx.scalar(select(batch_notices.c.ref))
        refusal = Refusal(ref=ref, code="NO-WORD")
        return replace(receipt, verdict=Verdict.REFUSALS, refused=(refusal,))

    one.wire.answer = said(refuse_suspension)
    one.push(member("10000001", status="SUSPENDED"))
    one.deliver()

    assert one.held("mx-neec") == {}


def test_refused_as_a_whole_closes_the_number_and_the_lane_goes_on(one: World):
    refuse = said(lambda r: replace(r, verdict=Verdict.REFUSED, code="X-1", held=None))
    one.wire.answer = refuse
    one.deliver(rounds=1)
    assert states(one) == ["refused"]
    assert waiting(one) == [("MRX-2211", "X-1")]

    one.wire.answer = honest
    one.push(member("10000002"))
    one.grant("10000002")
    one.deliver()

    assert states(one) == ["refused", "settled"]


def test_a_withdrawal_refused_with_its_batch_is_told_again_but_not_in_a_circle(one: World):
    one.deliver()
    number = one.revoke("10000001", of="mx-neec")
    refuse = said(
        lambda r: replace(r, verdict=Verdict.REFUSED, code="X-1", withdrawals=(), held=None)
    )
    one.wire.answer = refuse
    one.deliver(hurry=False)
    assert states(one) == ["settled", "refused"], "one refusal, then it rests"

    one.wire.answer = honest
    one.deliver()

    with one.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "deletion confirmed"


def test_a_withdrawal_the_receipt_says_nothing_of_is_told_again(one: World):
    one.deliver()
    number = one.revoke("10000001", of="mx-neec")
    one.wire.answer = said(lambda r: replace(r, withdrawals=()))
    one.deliver(hurry=False)
    with one.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "withdrawal on its way"

    one.wire.answer = honest
    one.deliver()

    with one.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "deletion confirmed"


def test_retained_unused_under_a_law_is_a_confirmation_that_says_so(one: World):
    one.deliver()
    number = one.revoke("10000001", of="mx-neec")
    one.wire.answer = said(
        lambda r: replace(
            r,
            withdrawals=tuple(
                Erasure(ref=e.ref, fate=Fate.RETAINED, law="Ley X", until=date(2031, 1, 1))
                for e in r.withdrawals
            ),
        )
    )
    one.deliver()

    with one.house.database.read() as tx:
        done = revocations.get(tx, number)
    assert done.answer == "deletion confirmed"
    assert [life[1:] for life in done.lives] == [("retained", "Ley X", date(2031, 1, 1))]


def test_deletions_nobody_asked_for_are_not_believed(one: World):
    one.push(member("10000002"))
    one.grant("10000002")
    one.deliver()
    number = one.revoke("10000001", of="mx-neec")

    def also(receipt: Receipt) -> Receipt:
        with one.house.database.read() as tx:
            refs = tx.scalars(select(batch_notices.c.ref).distinct()).all()
        return replace(
            receipt, withdrawals=tuple(Erasure(ref=ref, fate=Fate.ERASED) for ref in sorted(refs))
        )

    one.wire.answer = said(also)
    one.deliver()

    with one.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "deletion confirmed"
    assert one.held("mx-neec") == {"Invented Company 10000002": "VALIDATED"}
    one.wire.answer = honest
    second = one.revoke("10000002", of="mx-neec")
    with one.house.database.read() as tx:
        assert revocations.get(tx, second).answer == "withdrawal on its way"


def test_received_stops_the_retries_and_the_lane_goes_on(one: World):
    applied: list[bytes] = []

    def later(end: House, _file: bytes, receipt: bytes) -> bytes:
        applied.append(receipt)
        return said(lambda r: replace(r, level=Level.RECEIVED, verdict=None, held=None))(
            end, _file, receipt
        )

    one.wire.answer = later
    one.deliver()
    one.push(member("10000002"))
    one.grant("10000002")
    one.deliver()
    assert states(one) == ["received", "received"]
    assert len(one.wire.journal) == 2

    for receipt in applied:
        inbound.take_receipt(one.house, receipt, bytes_max=BYTES_MAX, now=one.clock())
        inbound.take_receipt(one.house, receipt, bytes_max=BYTES_MAX, now=one.clock())

    assert states(one) == ["settled", "settled"]
    assert waiting(one) == []


def test_a_revocation_while_only_received_is_withdrawn(one: World):
    applied: list[bytes] = []

    def later(end: House, _file: bytes, receipt: bytes) -> bytes:
        applied.append(receipt)
        change = lambda r: replace(r, level=Level.RECEIVED, verdict=None, held=None)  # noqa: E731
        return said(change)(end, _file, receipt)

    one.wire.answer = later
    one.deliver()
    one.wire.answer = honest
    number = one.revoke("10000001", of="mx-neec")
    one.deliver()

    with one.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "deletion confirmed"
    inbound.take_receipt(one.house, applied[0], bytes_max=BYTES_MAX, now=one.clock())
    assert one.held("mx-neec") == {}


def test_a_receipt_that_comes_by_itself_settles_an_unknown_batch(one: World):
    kept: list[bytes] = []

    def lose(_end: House, _file: bytes, receipt: bytes) -> bytes:
        kept.append(receipt)
        return b""

    one.wire.answer = lose
    one.deliver(rounds=1)
    assert states(one) == ["unknown"]

    inbound.take_receipt(one.house, kept[0], bytes_max=BYTES_MAX, now=one.clock())

    assert states(one) == ["settled"]
    with one.house.database.read() as tx:
        assert [row.failures for row in lane.of(tx, "mx-neec")] == [0, 0]
        assert [row.last_digest is None for row in lane.of(tx, "mx-neec")] == [True, False]
