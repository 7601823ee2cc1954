"""What a flawed batch costs behind the parser, as a ratio to an honest one of the same size.

What a sealed file costs is in tests/signing/test_cost.py; what the largest documents cost the parser,
under a limit on all memory, in tests/schemas/test_parse_cost.py.
"""

from collections.abc import Callable

import pytest
from lxml import etree

from mappers import MAPPERS
from schemas import exchange
from schemas.errors import BadDocument, Refused
from tests.flaws.batches import honest, in_second, numbered, record, swapped, written
from tests.flaws.costs import SIZE, within
from tests.mappers.material import named


def taken(content: bytes) -> None:
    """Everything that is done with a batch before the database is asked."""
    try:
        batch = exchange.read_batch(content)
    except (BadDocument, Refused):
        try:
            exchange.read_header(content)
        except BadDocument:
            return
        return
    try:
        if batch.document is not None:
            list(MAPPERS["mx-neec"].read(batch.document))
    except BadDocument:
        return


@pytest.fixture(scope="module")
def large() -> bytes:
    """An honest batch of a megabyte and a little."""
    some = [record(0, ref=one.ref) for one in named([f"Inventada {n}" for n in range(900)])]
    content = written(*some)
    assert 0.9 * SIZE < len(content) < 1.2 * SIZE
    return content


def filled(old: bytes, unit: bytes, behind: bytes | None = None) -> Callable[[], bytes]:
    """The honest batch with a megabyte of one thing in the second record, or where `old` is."""
    new = unit * (SIZE // len(unit))
    return lambda: in_second(honest(), old, new + (old if behind is None else behind))


ATTRIBUTES = numbered(30_000)
FLOODS: dict[str, Callable[[], bytes]] = {
    "attributes of the batch": lambda: swapped(honest(), b"<Batch", b"<Batch " + ATTRIBUTES),
    "attributes of the header": lambda: swapped(honest(), b"<Header", b"<Header " + ATTRIBUTES),
    "attributes of the withdrawals": lambda: swapped(
        honest(), b"<Withdrawals>\n<Withdrawal", b"<Withdrawals " + ATTRIBUTES + b">\n<Withdrawal"
    ),
    "attributes of a withdrawal": lambda: swapped(
        honest(), b"<Withdrawal>", b"<Withdrawal " + ATTRIBUTES + b">"
    ),
    "attributes of the document": lambda: swapped(
        honest(), b"<operadores", b"<operadores " + ATTRIBUTES
    ),
    "attributes of a record": lambda: in_second(
        honest(), b"<operador>", b"<operador " + ATTRIBUTES + b">"
    ),
    "attributes of a name": lambda: in_second(
        honest(), b"<razonSocial>", b"<razonSocial " + ATTRIBUTES + b">"
    ),
    "attributes below a name": lambda: in_second(
        honest(), b"<razonSocial>", b"<razonSocial><x " + ATTRIBUTES + b"/>"
    ),
    "attributes two below a name": lambda: in_second(
        honest(), b"<razonSocial>", b"<razonSocial><x><x " + ATTRIBUTES + b"/></x>"
    ),
    "elements in a header": lambda: swapped(honest(), b"<From>", b"<x/>" * 75_000 + b"<From>"),
    "texts in a header": lambda: swapped(
        honest(), b"<ConsentText>", b"<ConsentText>x</ConsentText>" * 12_000 + b"<ConsentText>"
    ),
    "bad withdrawals": lambda: swapped(
        honest(), b"<Withdrawal>", b"<Withdrawal>x</Withdrawal>" * 12_000 + b"<Withdrawal>"
    ),
    "words between withdrawals": lambda: swapped(
        honest(), b"<Withdrawal>", b"x<Withdrawal/>" * 21_000 + b"<Withdrawal>"
    ),
    "elements in a record": filled(b"<version>", b"<x/>"),
    "versions in a record": filled(b"<version>", b"<version>1</version>"),
    "bad identifiers in a record": filled(b"<situacion>", b'<identificador clave="x"/>'),
    "good identifiers in a record": filled(
        b"<situacion>", b'<identificador clave="SCAC">QXQQ</identificador>'
    ),
    "elements deep in a record": lambda: in_second(
        honest(), b"<version>", (b"<x>" * 150 + b"</x>" * 150) * 290 + b"<version>"
    ),
    "comments in a name": filled(b"Empresa", b"x<!---->"),
    "sections in a name": filled(b"Empresa", b"x<![CDATA[y]]>"),
    "references in a name": filled(b"Empresa", b"&#65;&#x10FFFD;&amp;"),
    "letters in a name": filled(b"Empresa", b"x"),
    "marks in a name": filled(b"Empresa", "\u0301\u0316".encode()),
    "empty records": lambda: swapped(honest(), b"<operador>", b"<operador/>" * 27_000 + b"<operador>"),
    "strangers between records": lambda: swapped(honest(), b"<operador>", b"<x/>" * 75_000 + b"<operador>"),
    "words between records": lambda: swapped(
        honest(), b"<operador>", b"x<operador/>" * 24_000 + b"<operador>"
    ),
}  # fmt: skip


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_costs_no_more_than_four_honest_batches_of_its_size(large: bytes, flood: str):
    content = FLOODS[flood]()
    assert len(content) > 0.9 * SIZE

    within(lambda: taken(content), lambda: taken(large), 4)


def test_names_full_of_marks_cost_some_times_what_others_do(large: bytes):
    """Five hundred marks of one letter, in the order that takes longest to sort."""
    marks = ("x" + "\u0301\u0316" * 249).encode()
    names = b"<razonSocial>" + marks + b"</razonSocial>"
    plain = b"<razonSocial>Empresa Inventada 0 PLANTED &amp; Hijos</razonSocial>"
    content = large.replace(plain, names)

    within(lambda: taken(content), lambda: taken(large), 15 * len(content) / len(large))


def test_the_tree_of_a_flood_is_let_go(large: bytes):
    for make in FLOODS.values():
        taken(make())
    assert etree.tostring(exchange.read_batch(large).document)
