"""What a partner's receipt may say, and what happens when it lies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from gateway import inbound
from outbox import batch, lane, outcomes, revocations
from outbox.house import House
from schemas import exchange
from schemas.errors import Refused
from schemas.receipt import Erasure, Fate, Level, Match, Matching, Receipt, Refusal, Verdict
from schemas.tables import batch_notices, ledger, receipts
from signing import keys
from signing.open import open_sealed
from signing.seal import seal
from tests.carriers import CARRIED
from tests.world import BYTES_MAX, START, World, answering, honest, member


@CARRIED
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
    one.wire.answer = answering(lie)
    one.deliver(rounds=1)
    assert one.states() == ["unknown"]

    one.wire.answer = honest
    one.deliver()
    assert one.states() == ["settled"]


@CARRIED
def test_a_strangers_receipt_settles_nothing(one: World, key_files):
    stranger = keys.load(key_files["kr-aeo"])

    def answer(end: House, _file: bytes, receipt: bytes) -> bytes:
        content = open_sealed(receipt, [end.key.certificate], START).content
        return seal(content, stranger, START)

    one.wire.answer = answer
    one.deliver(rounds=1)

    assert one.states() == ["unknown"]


@CARRIED
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


@CARRIED
def test_a_withdrawal_the_receipt_says_nothing_of_is_told_again(one: World):
    one.deliver()
    number = one.revoke("10000001", of="mx-neec")
    one.wire.answer = answering(lambda r: replace(r, withdrawals=()))
    one.deliver(hurry=False)
    with one.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "withdrawal on its way"

    one.wire.answer = honest
    one.deliver()

    with one.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "deletion confirmed"


@CARRIED
def test_retained_unused_under_a_law_is_a_confirmation_that_says_so(one: World):
    one.deliver()
    number = one.revoke("10000001", of="mx-neec")
    one.wire.answer = answering(
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


@CARRIED
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

    one.wire.answer = answering(also)
    one.deliver()

    with one.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "deletion confirmed"
    assert one.held("mx-neec") == {"Invented Company 10000002": "VALIDATED"}
    one.wire.answer = honest
    second = one.revoke("10000002", of="mx-neec")
    with one.house.database.read() as tx:
        assert revocations.get(tx, second).answer == "withdrawal on its way"


@CARRIED
def test_received_stops_the_retries_and_the_lane_goes_on(one: World):
    applied: list[bytes] = []

    def later(end: House, _file: bytes, receipt: bytes) -> bytes:
        applied.append(receipt)
        return answering(lambda r: replace(r, level=Level.RECEIVED, verdict=None, held=None))(
            end, _file, receipt
        )

    one.wire.answer = later
    one.deliver()
    one.push(member("10000002"))
    one.grant("10000002")
    one.deliver()
    assert one.states() == ["received", "received"]
    assert len(one.wire.journal) == 2

    for receipt in applied:
        inbound.take_receipt(one.house, receipt, bytes_max=BYTES_MAX, now=one.clock())
        inbound.take_receipt(one.house, receipt, bytes_max=BYTES_MAX, now=one.clock())

    assert one.states() == ["settled", "settled"]
    assert one.waiting() == []


@CARRIED
def test_a_revocation_while_only_received_is_withdrawn(one: World):
    applied: list[bytes] = []

    def later(end: House, _file: bytes, receipt: bytes) -> bytes:
        applied.append(receipt)
        change = lambda r: replace(r, level=Level.RECEIVED, verdict=None, held=None)  # noqa: E731
        return answering(change)(end, _file, receipt)

    one.wire.answer = later
    one.deliver()
    one.wire.answer = honest
    number = one.revoke("10000001", of="mx-neec")
    one.deliver()

    with one.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "deletion confirmed"
    inbound.take_receipt(one.house, applied[0], bytes_max=BYTES_MAX, now=one.clock())
    assert one.held("mx-neec") == {}


@CARRIED
def test_a_receipt_that_comes_by_itself_settles_an_unknown_batch(one: World):
    kept: list[bytes] = []

    def lose(_end: House, _file: bytes, receipt: bytes) -> bytes:
        kept.append(receipt)
        return b""

    one.wire.answer = lose
    one.deliver(rounds=1)
    assert one.states() == ["unknown"]

    inbound.take_receipt(one.house, kept[0], bytes_max=BYTES_MAX, now=one.clock())

    assert one.states() == ["settled"]
    with one.house.database.read() as tx:
        assert [row.failures for row in lane.of(tx, "mx-neec")] == [0, 0]
        assert [row.last_digest is None for row in lane.of(tx, "mx-neec")] == [True, False]


@CARRIED
def test_a_receipt_brought_for_an_earlier_issue_is_filed(two_told: World):
    """It settles nothing, but it proves that issue 1 was heard, with the member left out since."""
    kept: list[bytes] = []

    def lose(_end: House, _file: bytes, receipt: bytes) -> bytes:
        kept.append(receipt)
        return b""

    two_told.push(member("10000001", name="Invented Renamed"))
    two_told.wire.answer = lose
    two_told.deliver(rounds=1)
    two_told.revoke("10000001", of="mx-neec")
    two_told.wire.answer = honest
    two_told.deliver()

    with pytest.raises(Refused, match="MRX-4010"):
        inbound.take_receipt(two_told.house, kept[0], bytes_max=BYTES_MAX, now=two_told.clock())

    with two_told.house.database.read() as tx:
        filed = tx.scalars(select(receipts.c.file).where(receipts.c.number == 2)).all()
    assert kept[0] in filed


@CARRIED
def test_a_receipt_that_refuses_what_was_not_said_settles_nothing(small_world: World):
    world = small_world
    world.push(member("10000001"))
    world.grant("10000001")

    def lie(receipt: Receipt) -> Receipt:
        return replace(
            receipt, verdict=Verdict.REFUSALS, refused=(Refusal(ref="0123456789AB", code="X-1"),)
        )

    world.wire.answer = answering(lie)
    world.deliver(rounds=1)

    assert world.states() == ["unknown"]
    world.wire.answer = honest
    world.deliver()
    assert world.states() == ["settled"]


def test_matches_may_come_later_and_a_contradiction_changes_nothing(small_world: World):
    world = small_world
    world.push(member("10000001"))
    world.grant("10000001")
    world.deliver()
    with world.house.database.read() as tx:
        ref = tx.scalar(select(batch_notices.c.ref))
        file = tx.scalar(select(receipts.c.file))
    mexico = world.partners["mx-neec"]
    first = exchange.read_receipt(open_sealed(file, [mexico.key.certificate], START).content)

    def sealed(**facts: object) -> bytes:
        return seal(exchange.write_receipt(replace(first, **facts)), mexico.key, world.clock())

    matches = (Match(ref=ref, matching=Matching.MATCHED, code="OK"),)
    again, later = [sealed(matches=matches, at=START) for _ in range(2)]
    assert again != later, "the partner's key is one whose signatures differ"
    for said in (later, later, again, sealed(verdict=Verdict.REFUSED, code="NO", matches=())):
        inbound.take_receipt(world.house, said, bytes_max=BYTES_MAX, now=world.clock())

    with world.house.database.read() as tx:
        kinds = [one.kind.value for one in outcomes.after(tx, 0, limit=10)]
        noted = tx.scalars(select(ledger.c.kind).where(ledger.c.kind.like("receipt c%")))
        assert kinds == ["held", "matched"]
        assert list(noted) == ["receipt contradicts"]
    assert world.states() == ["settled"]
