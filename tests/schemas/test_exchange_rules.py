"""What the XSD of the exchange cannot say is refused all the same, and never written by us."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas import exchange
from schemas.errors import BadDocument, MrxError, Refused, Unsayable
from schemas.receipt import Erasure, Fate, Level, Refusal, Verdict
from tests.schemas.drawn import (
    BATCH,
    NS,
    OTHER_REF,
    RECEIPT,
    REF,
    REFUSED,
    RETAINED,
    header,
    outcome,
    receipt,
)


def refusal(read: Callable[[bytes], object], content: bytes) -> MrxError:
    with pytest.raises((BadDocument, Refused)) as refused:
        read(content)
    return refused.value


def test_a_ref_whose_check_character_fails_is_refused():
    wrong = REF[:-1] + "S"
    batch = exchange.write_batch(header(withdrawals=1), [wrong], None)
    refused = exchange.write_receipt(
        receipt(verdict=Verdict.REFUSALS, refused=(Refusal(ref=wrong, code="X"),))
    )
    erased = exchange.write_receipt(receipt(withdrawals=(Erasure(ref=wrong, fate=Fate.ERASED),)))
    for read, content in (
        (exchange.read_batch, batch),
        (exchange.read_receipt, refused),
        (exchange.read_receipt, erased),
    ):
        error = refusal(read, content)
        assert (error.code, error.facts["field"]) == ("MRX-2307", "Ref")
        assert wrong not in str(error)


@pytest.mark.parametrize("when", [b"2014-08-20T24:00:00Z", b"0000-01-01T00:00:00Z"])
def test_a_time_of_the_xsd_that_python_lacks_is_refused(when: bytes):
    batch = BATCH.replace(b"2014-08-20T12:00:00Z", when)
    answer = RECEIPT.replace(b"2014-08-20T12:00:00Z", when)

    assert refusal(exchange.read_batch, batch).code in ("MRX-2305", "MRX-2307")
    assert refusal(exchange.read_receipt, answer).code in ("MRX-2305", "MRX-2307")


def test_a_day_of_the_xsd_that_python_lacks_is_refused():
    answer = RECEIPT.replace(b"2031-01-01", b"0000-01-01")

    assert refusal(exchange.read_receipt, answer).code in ("MRX-2305", "MRX-2307")


def test_white_space_that_the_xsd_forgives_is_forgiven():
    batch = BATCH.replace(b"<Number>2", b"<Number>\n 2 ").replace(b"12:00:00Z<", b"12:00:00Z\t<")

    assert exchange.read_batch(batch).header == exchange.read_batch(BATCH).header


def test_a_ref_withdrawn_twice_is_refused():
    batch = exchange.write_batch(header(withdrawals=3), [REF, OTHER_REF, REF], None)

    assert refusal(exchange.read_batch, batch).code == "MRX-2308"


def test_a_receipt_that_speaks_of_a_ref_twice_is_refused():
    twice = (Refusal(ref=REF, code="A"), Refusal(ref=REF, code="B"))
    answer = exchange.write_receipt(receipt(verdict=Verdict.REFUSALS, refused=twice))
    assert refusal(exchange.read_receipt, answer).code == "MRX-2308"

    both = (RETAINED, Erasure(ref=REF, fate=Fate.ERASED))
    answer = exchange.write_receipt(receipt(withdrawals=both))
    assert refusal(exchange.read_receipt, answer).code == "MRX-2308"


@pytest.mark.parametrize("counted", [b"0", b"2"])
def test_withdrawals_counted_wrongly_are_refused(counted: bytes):
    batch = BATCH.replace(b"<Withdrawals>1<", b"<Withdrawals>" + counted + b"<")

    assert refusal(exchange.read_batch, batch).code == "MRX-4007"


def test_announcements_counted_without_a_document_are_refused():
    start, end = BATCH.index(b"<Document>"), BATCH.index(b"</Batch>")

    assert refusal(exchange.read_batch, BATCH[:start] + BATCH[end:]).code == "MRX-4007"


CONTRADICTIONS = {
    "applied without a verdict": (RECEIPT, b"<Verdict>refusals</Verdict>", b"", "Verdict"),
    "received with a verdict": (RECEIPT, b">applied<", b">received<", "Verdict"),
    "refused without a code": (REFUSED, b"<Code>XML-17</Code>", b"", "Code"),
    "a code though not refused": (RECEIPT, b"<Held>", b"<Code>X</Code><Held>", "Code"),
    "refusals though all applied": (RECEIPT, b">refusals<", b">all<", "Refusals"),
    "refusals without one": (REFUSED, b">refused</Verdict>\n<Code>XML-17</Code>",
                             b">refusals</Verdict>", "Refusals"),
    "retained under no law": (RECEIPT, b"<Law>Ley Aduanera, art. 59</Law>", b"", "Erasures"),
    "retained for ever": (RECEIPT, b"<Until>2031-01-01</Until>", b"", "Erasures"),
    "erased, but until a day": (RECEIPT, b"erased</Fate>", b"erased</Fate><Until>2031-01-01</Until>",
                                "Erasures"),
    "not held under a law": (RECEIPT, b">retained<", b">not-held<", "Erasures"),
}  # fmt: skip


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_a_receipt_that_contradicts_itself_is_refused(what: str):
    original, old, new, field = CONTRADICTIONS[what]
    assert old in original
    error = refusal(exchange.read_receipt, original.replace(old, new))

    assert (error.code, error.facts) == ("MRX-2307", {"field": field})


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": None},
        {"level": Level.RECEIVED},
        {"code": "X"},
        {"verdict": Verdict.REFUSALS},
        {"withdrawals": (Erasure(ref=REF, fate=Fate.RETAINED),)},
        {"at": datetime(2014, 8, 20, 12)},  # noqa: DTZ001 - the naive time is the mistake
        {"at": datetime(2014, 8, 20, 12, 0, 0, 1, tzinfo=UTC)},
    ],
)
def test_our_own_contradictions_are_never_written(wrong: dict[str, object]):
    with pytest.raises(AssertionError):
        exchange.write_receipt(receipt(**wrong))


def test_a_header_that_counts_wrongly_is_never_written():
    for head, withdrawals in ((header(withdrawals=1), []), (header(), [REF])):
        with pytest.raises(AssertionError):
            exchange.write_batch(head, withdrawals, None)
    with pytest.raises(AssertionError):
        exchange.write_batch(header(announcements=1), [], None)


def test_words_that_xml_cannot_say_are_not_written():
    with pytest.raises(Unsayable):
        exchange.write_batch(header(agreement="a\x00b"), [], None)
    with pytest.raises(Unsayable):
        exchange.write_receipt(receipt(withdrawals=(replace(RETAINED, law="\ud800"),)))


def test_a_batch_is_no_receipt_and_neither_is_anything_else():
    assert refusal(exchange.read_receipt, BATCH).code == "MRX-2305"
    assert refusal(exchange.read_batch, RECEIPT).code == "MRX-2305"
    for name in ("Withdrawal", "Erasure", "Refusal"):  # global in the XSD, and still no document
        element = f'<{name} xmlns="{NS[1:-1]}">{REF}</{name}>'.encode()
        assert refusal(exchange.read_batch, element).code == "MRX-2305"
        assert refusal(exchange.read_receipt, element).code == "MRX-2305"


def test_no_error_repeats_what_the_document_says():
    planted = b"PLANTED"
    for old in (
        REF.encode(),
        b"us-ctpat:mx-neec",
        b"mx-2014",
        b"routine",
        b"<Withdrawal>",
        b"1.0<",
    ):
        for new in (planted * 40, b"<" + planted + b"/>", b" " + planted + b" "):
            spoilt = BATCH.replace(old, new)
            refused = outcome(lambda spoilt=spoilt: exchange.read_batch(spoilt))
            assert "PLANTED" not in str(refused)
            assert refused is None or refused.__context__ is None
