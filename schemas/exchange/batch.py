"""A batch as XML, `xsd/exchange/1.0.xsd`: written as text, read through the XSD.

`read_batch` takes all that `write_batch` makes. Writing asserts that its caller's facts agree and
checks what XML cannot say; it does not validate, because what is about to leave is read back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from schemas.batch import Header, Lane
from schemas.errors import Refused
from schemas.exchange.envelope import (
    DECLARATION,
    NAMESPACE,
    Fields,
    check_rest,
    each_once,
    header_alone,
    line,
    listed,
    moment,
    opened,
    parted,
    ref,
    tag,
    take_list,
    utc,
)
from schemas.parse import DOCUMENT_BYTES_MAX
from schemas.text import encoded

HANDLING = "no onward disclosure"


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """A batch whose envelope has been checked.

    The `document` has not: its mapper does that, and counts its records against
    `header.announcements`. It stands where it was in the batch.
    """

    header: Header
    withdrawals: tuple[str, ...]
    document: etree._Element | None


def write_batch(header: Header, withdrawals: Sequence[str], document: bytes | None) -> bytes:
    """The batch as UTF-8. The document, as its mapper wrote it, is embedded byte for byte.

    Raises `Unsayable` MRX-2105 if the header holds a character that XML cannot say.
    """
    assert header.withdrawals == len(withdrawals), "the header counts the withdrawals"
    assert document is not None or header.announcements == 0, "announcements stand in a document"
    head = encoded(
        f'{DECLARATION}<Batch xmlns="{NAMESPACE}">\n<Header>\n'
        + line("From", header.sender)
        + line("To", header.recipient)
        + line("Lane", header.lane)
        + line("Epoch", header.epoch)
        + line("Number", header.number)
        + line("Issue", header.issue)
        + line("Replaces", header.replaces)
        + line("Previous", header.previous)
        + line("Created", utc(header.created))
        + line("Format", header.format)
        + line("Agreement", header.agreement)
        + "".join([line("ConsentText", text) for text in header.texts])
        + line("Announcements", header.announcements)
        + line("Withdrawals", header.withdrawals)
        + line("Handling", HANDLING)
        + "</Header>\n"
        + listed("Withdrawals", [line("Withdrawal", withdrawn) for withdrawn in withdrawals])
    )
    body = () if document is None else (b"<Document>\n", document, b"\n</Document>\n")
    return b"".join([head, *body, b"</Batch>\n"])  # so that the document is copied once


def read_batch(content: bytes, *, bytes_max: int = DOCUMENT_BYTES_MAX) -> ReadBatch:
    """The batch, its envelope checked.

    Raises `BadDocument` (MRX-2301 to 2305; MRX-2307 a value that cannot be taken, MRX-2308 a
    reference withdrawn twice) and `Refused` MRX-4007 where the header counts other withdrawals, or
    announcements without a document. `read_header` may still tell which batch it was.
    """
    root = opened(content, "Batch", bytes_max=bytes_max)
    elements = take_list(root, "Withdrawals", "Withdrawal")
    rest, document = parted(root)
    header = _header(rest)
    withdrawals = tuple([ref(element) for element in elements])
    each_once(withdrawals)
    if header.withdrawals != len(withdrawals) or (header.announcements and document is None):
        raise Refused("MRX-4007")
    return ReadBatch(header, withdrawals, document)


def read_header(content: bytes, *, bytes_max: int = DOCUMENT_BYTES_MAX) -> Header:
    """The header alone, so that a batch refused by `read_batch` can be answered by its number.

    Raises `BadDocument` if not even the header matches the XSD.
    """
    root = opened(content, "Batch", bytes_max=bytes_max)
    return _header(header_alone(root))


def _header(root: etree._Element) -> Header:
    check_rest(root)
    head = Fields(root[0])
    texts = root[0].iterchildren(tag("ConsentText"))
    return Header(
        sender=head["From"],
        recipient=head["To"],
        lane=Lane(head["Lane"]),
        epoch=head["Epoch"],
        number=int(head["Number"]),
        issue=int(head["Issue"]),
        replaces=head.get("Replaces"),
        previous=head.get("Previous"),
        created=moment(head, "Created"),
        format=head["Format"],
        agreement=head["Agreement"],
        texts=tuple([text.text or "" for text in texts]),
        announcements=int(head["Announcements"]),
        withdrawals=int(head["Withdrawals"]),
    )
