"""Documents: the parser, the envelope, and every programme's own."""

from collections.abc import Callable, Collection
from contextlib import suppress

from lxml import etree

from mappers import MAPPERS
from mappers.base import Mapper, Misread
from schemas import exchange
from schemas.errors import BadDocument, Refused, Unsayable
from schemas.parse import parse
from schemas.record import Record

_CODES = frozenset({"MRX-2301", "MRX-2302", "MRX-2303", "MRX-2304"})


def parsed(data: bytes) -> None:
    """A tree of elements alone, without a document type, or one of four codes."""
    roots: list[etree._Element] = []
    if _code(lambda: roots.append(parse(data)), _CODES):
        return
    (root,) = roots
    assert data.decode()
    assert root.getroottree().docinfo.internalDTD is None
    assert all(isinstance(element.tag, str) for element in root.iter())


def exchanged(data: bytes) -> None:
    """A batch, a receipt and an echo: what is read can be written, and is read again as it was."""
    try:
        batch = exchange.read_batch(data)
    except (BadDocument, Refused):
        pass
    else:
        document = None if batch.document is None else etree.tostring(batch.document)
        again = exchange.read_batch(_written(batch, document))
        assert (again.header, again.withdrawals) == (batch.header, batch.withdrawals)
    with suppress(BadDocument):
        exchange.read_header(data)
    with suppress(BadDocument):
        receipt = exchange.read_receipt(data)
        assert exchange.read_receipt(exchange.write_receipt(receipt)) == receipt
    with suppress(BadDocument):
        echo = exchange.read_echo(data)
        assert exchange.read_echo(exchange.write_echo(echo)) == echo


def _written(batch: exchange.ReadBatch, document: bytes | None) -> bytes:
    return exchange.write_batch(batch.header, batch.withdrawals, document)


def read(data: bytes) -> None:
    """By the programme whose document it is, or says it is; else by all of them."""
    try:
        root = parse(data)
    except BadDocument:
        return
    named = etree.QName(root).namespace
    for mapper in MAPPERS.values():
        if named == f"urn:mrx:{mapper.FORMAT.replace('/', ':')}":
            _read(mapper, root)
            return
    for mapper in MAPPERS.values():
        _read(mapper, root)


def _read(mapper: Mapper, root: etree._Element) -> None:
    before = etree.tostring(root)
    found: list[Record | Misread] = []
    if _code(lambda: found.extend(mapper.read(root)), {"MRX-2305"}):
        return
    mapper.categories(root)
    assert etree.tostring(root) == before
    records = [one for one in found if isinstance(one, Record)]
    assert all(one.code in {"MRX-2306", "MRX-2307"} for one in found if isinstance(one, Misread))
    assert len(found) == len(root)
    sayable = [one for one in records if mapper.unsayable(one) is None]
    try:
        written = mapper.write(sayable)
    except Unsayable as error:
        raise AssertionError("what could be said could not") from error
    assert list(mapper.read(parse(written))) == sayable


def _code(act: Callable[[], object], codes: Collection[str]) -> str | None:
    """The code a document is refused with, which is one of these; None where it is not."""
    try:
        act()
    except BadDocument as error:
        code = error.code
    else:
        return None
    assert code in codes
    return code
