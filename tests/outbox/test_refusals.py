"""What a partner refuses: it waits for a person, and nothing is forgotten over it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from outbox import batch, revocations
from partners import agreements
from schemas.receipt import Receipt, Refusal, Verdict
from schemas.tables import batch_notices
from tests.carriers import CARRIED
from tests.gateway.cli.command import Mrx
from tests.world import ONE, World, answering, environment, honest, member

pytestmark = CARRIED


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

    one.wire.answer = answering(refuse)
    one.deliver()

    assert one.states() == ["settled"]
    assert one.waiting() == [("MRX-2210", "NO-MATCH")]
    one.wire.answer = honest
    one.push(member("10000001", name="Invented Corrected"))
    one.deliver()
    assert one.waiting() == []


def test_refused_bad_news_leaves_as_a_withdrawal(one: World):
    one.deliver()

    def refuse_suspension(receipt: Receipt) -> Receipt:
        if receipt.withdrawals:
            return receipt
        with one.house.database.read() as tx:
            ref = tx.scalar(select(batch_notices.c.ref))
        refusal = Refusal(ref=ref, code="NO-WORD")
        return replace(receipt, verdict=Verdict.REFUSALS, refused=(refusal,))

    one.wire.answer = answering(refuse_suspension)
    one.push(member("10000001", status="SUSPENDED"))
    one.deliver()

    assert one.held("mx-neec") == {}


def test_refused_as_a_whole_closes_the_number_and_the_lane_goes_on(one: World):
    refuse = answering(lambda r: replace(r, verdict=Verdict.REFUSED, code="X-1", held=None))
    one.wire.answer = refuse
    one.deliver(rounds=1)
    assert one.states() == ["refused"]
    assert one.waiting() == [("MRX-2211", "X-1")]

    one.wire.answer = honest
    one.push(member("10000002"))
    one.grant("10000002")
    one.deliver()

    assert one.states() == ["refused", "settled"]


def test_a_withdrawal_refused_with_its_batch_is_told_again_but_not_in_a_circle(one: World):
    one.deliver()
    number = one.revoke("10000001", of="mx-neec")
    refuse = answering(
        lambda r: replace(r, verdict=Verdict.REFUSED, code="X-1", withdrawals=(), held=None)
    )
    one.wire.answer = refuse
    one.deliver(hurry=False)
    assert one.states() == ["settled", "refused"], "one refusal, then it rests"

    one.wire.answer = honest
    one.deliver()

    with one.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "deletion confirmed"


def resume(mrx: Mrx, _certificate: Path) -> None:
    mrx("partner", "resume", "mx-neec", "--reason", "their format is repaired")


def connect(mrx: Mrx, certificate: Path) -> None:
    mrx("partner", "connect", "mx-neec", "--certificate", certificate)


@pytest.mark.parametrize("repaired", [resume, connect])
def test_a_batch_refused_as_a_whole_is_told_again_when_an_operator_says_so(
    one: World, tmp_path: Path, repaired: Callable[[Mrx, Path], None]
):
    """The cause lay at the partner's end, which expected another format and took nothing. The
    members are as they were: pushing them again is no news, so a command has to do it.
    """
    mexico = one.partners["mx-neec"]
    certificate = tmp_path / "mexico.crt"
    certificate.write_text(mexico.key.certificate.pem)
    with mexico.database.read() as tx:
        agreed = agreements.get(tx, "us-ctpat").agreement.format
    with mexico.database.write() as tx:
        agreements.change(tx, "us-ctpat", format="mx-neec/0.9")
    one.deliver()
    with mexico.database.write() as tx:
        agreements.change(tx, "us-ctpat", format=agreed)
    assert one.states() == ["refused"]
    assert one.waiting() == [("MRX-2211", "MRX-4008")]
    assert one.held("mx-neec") == {}

    assert one.push(member("10000001")).unchanged == 1
    one.deliver()
    assert one.waiting() == [("MRX-2211", "MRX-4008")]
    assert len(one.wire.journal) == 1, "nothing left"

    repaired(Mrx(tmp_path / "us-ctpat", environment(one.house)), certificate)
    assert one.waiting() == [(None, None)]
    one.deliver()

    with one.house.database.read() as tx:
        assert [(b.number, b.state) for b in batch.every(tx)] == [(1, "refused"), (2, "settled")]
    assert one.waiting() == []
    assert one.held("mx-neec") == {ONE: "VALIDATED"}
