"""A receipt as XML, `xsd/exchange/1.0.xsd`: written as text, read through the XSD.

`read_receipt` takes all that `write_receipt` makes. What the XSD cannot say is checked here, both
ways: which parts go with which level, verdict and fate (`schemas.receipt`).
"""

from lxml import etree

from schemas.batch import Lane
from schemas.errors import BadDocument
from schemas.exchange.envelope import (
    DECLARATION,
    NAMESPACE,
    Fields,
    check_rest,
    day,
    each_once,
    line,
    listed,
    moment,
    opened,
    ref,
    take_list,
    utc,
)
from schemas.parse import DOCUMENT_BYTES_MAX
from schemas.receipt import Erasure, Fate, Level, Match, Matching, Receipt, Refusal, Verdict
from schemas.text import encoded, escape


def write_receipt(receipt: Receipt) -> bytes:
    """The receipt as UTF-8; raises `Unsayable` MRX-2105 for a law that XML cannot say."""
    assert _contradiction(receipt) is None, "a receipt agrees with itself"
    return encoded(
        f'{DECLARATION}<Receipt xmlns="{NAMESPACE}">\n'
        + line("From", receipt.sender)
        + line("To", receipt.recipient)
        + line("Lane", receipt.lane)
        + line("Epoch", receipt.epoch)
        + line("Number", receipt.number)
        + line("Issue", receipt.issue)
        + line("Digest", receipt.digest)
        + line("At", utc(receipt.at))
        + line("Level", receipt.level)
        + line("Verdict", receipt.verdict)
        + line("Code", receipt.code)
        + line("Held", receipt.held)
        + line("Holdings", receipt.holdings)
        + listed("Refusals", [_refusal(refusal) for refusal in receipt.refused])
        + listed("Erasures", [_erasure(erasure) for erasure in receipt.withdrawals])
        + listed("Matches", [_match(match) for match in receipt.matches])
        + "</Receipt>\n"
    )


def read_receipt(content: bytes, *, bytes_max: int = DOCUMENT_BYTES_MAX) -> Receipt:
    """The receipt.

    Raises `BadDocument`: MRX-2301 to 2305, MRX-2307 where it contradicts itself or a value cannot
    be taken, MRX-2308 where one of its lists names a reference twice.
    """
    root = opened(content, "Receipt", bytes_max=bytes_max)
    refusals = take_list(root, "Refusals", "Refusal")
    erasures = take_list(root, "Erasures", "Erasure")
    matches = take_list(root, "Matches", "Match")
    check_rest(root)
    said = Fields(root)
    verdict = said.get("Verdict")
    held = said.get("Held")
    receipt = Receipt(
        sender=said["From"],
        recipient=said["To"],
        lane=Lane(said["Lane"]),
        epoch=said["Epoch"],
        number=int(said["Number"]),
        issue=int(said["Issue"]),
        digest=said["Digest"],
        level=Level(said["Level"]),
        at=moment(said, "At"),
        verdict=None if verdict is None else Verdict(verdict),
        code=said.get("Code"),
        refused=tuple([Refusal(ref=ref(e[0]), code=e[1].text or "") for e in refusals]),
        withdrawals=tuple([_read_erasure(element) for element in erasures]),
        held=None if held is None else int(held),
        holdings=said.get("Holdings"),
        matches=tuple([_read_match(element) for element in matches]),
    )
    if field := _contradiction(receipt):
        raise BadDocument("MRX-2307", field=field)
    each_once([refusal.ref for refusal in receipt.refused])
    each_once([erasure.ref for erasure in receipt.withdrawals])
    each_once([match.ref for match in receipt.matches])
    return receipt


def _refusal(refusal: Refusal) -> str:
    return f"<Refusal><Ref>{refusal.ref}</Ref><Code>{escape(refusal.code)}</Code></Refusal>\n"


def _erasure(erasure: Erasure) -> str:
    law = "" if erasure.law is None else f"<Law>{escape(erasure.law)}</Law>"
    until = "" if erasure.until is None else f"<Until>{erasure.until}</Until>"
    return f"<Erasure><Ref>{erasure.ref}</Ref><Fate>{erasure.fate}</Fate>{law}{until}</Erasure>\n"


def _read_erasure(element: etree._Element) -> Erasure:
    said = Fields(element)
    return Erasure(
        ref=ref(element[0]),
        fate=Fate(said["Fate"]),
        law=said.get("Law"),
        until=day(said, "Until"),
    )


def _match(match: Match) -> str:
    code = "" if match.code is None else f"<Code>{escape(match.code)}</Code>"
    return f"<Match><Ref>{match.ref}</Ref><Matching>{match.matching}</Matching>{code}</Match>\n"


def _read_match(element: etree._Element) -> Match:
    said = Fields(element)
    return Match(
        ref=ref(element[0]),
        matching=Matching(said["Matching"]),
        code=said.get("Code"),
    )


def _contradiction(receipt: Receipt) -> str | None:
    """The field that may not stand, or not be absent, beside the others; see `schemas.receipt`."""
    if (receipt.verdict is None) != (receipt.level is Level.RECEIVED):
        return "Verdict"
    if (receipt.code is None) != (receipt.verdict is not Verdict.REFUSED):
        return "Code"
    if bool(receipt.refused) != (receipt.verdict is Verdict.REFUSALS):
        return "Refusals"
    if receipt.matches and receipt.level is Level.RECEIVED:
        return "Matches"
    for erasure in receipt.withdrawals:
        retained = erasure.fate is Fate.RETAINED
        if (erasure.law is not None, erasure.until is not None) != (retained, retained):
            return "Erasures"
    return None
