"""Batches that are XML, and not what they should be: the header, the envelope, the document."""

from tests.flaws.batches import (
    GONE,
    INCLUDED,
    REFS,
    XSI,
    Said,
    in_second,
    numbered,
    refused_with,
    swapped,
)

_header = refused_with("MRX-2305", Said.PROBLEM)
_closed = refused_with("MRX-2305", Said.CLOSED)

# -- the header, without which nobody can be answered --------------------------------------------


@_header
def receipt(content: bytes) -> bytes:
    """Its root is a receipt."""
    return content.replace(b"Batch", b"Receipt")


@_header
def no_namespace(content: bytes) -> bytes:
    """Its root is in no namespace."""
    return swapped(content, b' xmlns="urn:mrx:exchange:1.0"', b"")


@_header
def other_namespace(content: bytes) -> bytes:
    """Its namespace is another version's."""
    return swapped(content, b"urn:mrx:exchange:1.0", b"urn:mrx:exchange:9.0")


@_header
def xml_space(content: bytes) -> bytes:
    """The root says what white space means."""
    return swapped(content, b"<Batch ", b'<Batch xml:space="preserve" ')


@_header
def xml_base(content: bytes) -> bytes:
    """The root says where its addresses begin."""
    return swapped(content, b"<Batch ", b'<Batch xml:base="file:///" ')


@_header
def xml_id(content: bytes) -> bytes:
    """The header has an id."""
    return swapped(content, b"<Header>", b'<Header xml:id="PLANTED">')


@_header
def nil_header(content: bytes) -> bytes:
    """The header says that it is nothing."""
    return swapped(content, b"<Header>", b"<Header " + XSI + b' xsi:nil="true">')


@_header
def typed_header(content: bytes) -> bytes:
    """The header names a type that nobody has."""
    return swapped(content, b"<Header>", b"<Header " + XSI + b' xsi:type="PLANTED">')


@_header
def included_header(content: bytes) -> bytes:
    """The header is included from a file of ours."""
    return swapped(content, b"<From>", INCLUDED + b"<From>")


@_header
def two_headers(content: bytes) -> bytes:
    """A header stands in the header."""
    return swapped(content, b"<Header>", b"<Header><Header/>")


@_header
def no_sender(content: bytes) -> bytes:
    """Nobody says who sends it."""
    return swapped(content, b"<From>mx-neec</From>", b"")


@_header
def two_numbers(content: bytes) -> bytes:
    """It has two numbers."""
    return swapped(content, b"<Number>", b"<Number>7</Number><Number>")


@_header
def other_order(content: bytes) -> bytes:
    """Its fields stand in another order."""
    sender, recipient = b"<From>mx-neec</From>\n", b"<To>us-ctpat</To>\n"
    return swapped(content, sender + recipient, recipient + sender)


@_header
def endless_number(content: bytes) -> bytes:
    """Its number has five thousand digits."""
    return swapped(content, b"<Number>", b"<Number>" + b"9" * 5_000)


@_header
def number_nought(content: bytes) -> bytes:
    """Its issue is nought."""
    return swapped(content, b"<Issue>1", b"<Issue>0")


@_header
def other_digits(content: bytes) -> bytes:
    """Its issue is written in Arabic-Indic digits."""
    return swapped(content, b"<Issue>1", "<Issue>١".encode())


@_header
def blank_around(content: bytes) -> bytes:
    """A blank stands before the name of its lane."""
    return swapped(content, b"<Lane>", b"<Lane> ")


@_header
def split_by_an_element(content: bytes) -> bytes:
    """An element stands in the name of its sender."""
    return swapped(content, b"<From>mx-", b"<From>mx-<x/>")


@_header
def other_handling(content: bytes) -> bytes:
    """It allows what no batch allows: to be passed on."""
    return swapped(content, b"no onward disclosure", b"PLANTED")


@_header
def words_in_the_batch(content: bytes) -> bytes:
    """Words stand behind its header."""
    return swapped(content, b"</Header>", b"</Header>PLANTED")


@refused_with("MRX-2307", Said.PROBLEM)
def hour_24(content: bytes) -> bytes:
    """It was created in the hour 24."""
    return swapped(content, b"T12:00:00Z", b"T24:00:00Z")


@refused_with("MRX-4001", Said.PROBLEM)
def for_another(content: bytes) -> bytes:
    """It is for somebody else."""
    return swapped(content, b"<To>us-ctpat", b"<To>ca-pip")


@refused_with("MRX-4002", Said.PROBLEM)
def from_another(content: bytes) -> bytes:
    """It says it is from somebody else."""
    return swapped(content, b"<From>mx-neec", b"<From>ca-pip")


# -- the body, refused whole ---------------------------------------------------------------------


@_closed
def stranger_in_the_batch(content: bytes) -> bytes:
    """An unknown element stands between its parts."""
    return swapped(content, b"<Document>", b"<x>PLANTED</x><Document>")


@_closed
def included_withdrawals(content: bytes) -> bytes:
    """Withdrawals are included from a file of ours."""
    return swapped(content, b"<Withdrawals>\n<W", b"<Withdrawals>" + INCLUDED + b"\n<W")


@_closed
def words_in_a_withdrawal(content: bytes) -> bytes:
    """A withdrawal says more than a reference."""
    return swapped(content, b"</Withdrawal>", b" PLANTED</Withdrawal>")


@_closed
def two_documents(content: bytes) -> bytes:
    """It has two documents."""
    return swapped(content, b"</Document>", b'<x xmlns="urn:other"/></Document>')


@_closed
def two_homes_of_documents(content: bytes) -> bytes:
    """It has two homes for a document."""
    start, end = content.index(b"<Document>"), content.index(b"</Batch>")
    return content[:end] + content[start:end] + content[end:]


@_closed
def other_document(content: bytes) -> bytes:
    """Its document is another programme's."""
    return content.replace(b"urn:mrx:mx-neec:1.0", b"urn:mrx:ca-pip:1.0")


@_closed
def attributes_of_the_document(content: bytes) -> bytes:
    """The root of its document has a hundred thousand attributes."""
    return swapped(content, b"<operadores ", b"<operadores " + numbered(100_000) + b" ")


@_closed
def space_of_the_document(content: bytes) -> bytes:
    """The root of its document says what white space means."""
    return swapped(content, b"<operadores ", b'<operadores xml:space="default" ')


@_closed
def words_between_records(content: bytes) -> bytes:
    """Words stand between its records."""
    return swapped(content, b"</operador>", b"</operador>PLANTED")


@_closed
def section_between_records(content: bytes) -> bytes:
    """A CDATA section stands between its records."""
    return swapped(content, b"</operador>", b"</operador><![CDATA[PLANTED]]>")


@_closed
def included_records(content: bytes) -> bytes:
    """Records are included from a file of ours."""
    return swapped(content, b"<operador>", INCLUDED + b"<operador>")


@_closed
def bad_records(content: bytes) -> bytes:
    """It has more bad records than anybody explains."""
    bad = b"<operador><referencia>" + REFS[2].encode() + b"</referencia></operador>"
    return swapped(content, b"<operador>", bad * 1_001 + b"<operador>")


@refused_with("MRX-2304", Said.CLOSED)
def overgrown_withdrawals(content: bytes) -> bytes:
    """A withdrawal has a hundred thousand attributes."""
    return swapped(content, b"<Withdrawal>", b"<Withdrawal " + numbered(100_000) + b">")


@refused_with("MRX-2306", Said.CLOSED)
def nameless(content: bytes) -> bytes:
    """A record does not say its reference: nobody could be told which one was refused."""
    return in_second(content, b"<referencia>" + REFS[1].encode() + b"</referencia>", b"")


@refused_with("MRX-2307", Said.CLOSED)
def mistyped(content: bytes) -> bytes:
    """The reference of a record was mistyped."""
    return content.replace(REFS[1].encode(), REFS[1][:-1].encode() + b"A")


@refused_with("MRX-2307", Said.CLOSED)
def mistyped_withdrawal(content: bytes) -> bytes:
    """The reference of a withdrawal was mistyped."""
    return content.replace(GONE.encode(), GONE[:-1].encode() + b"A")


@refused_with("MRX-2308", Said.CLOSED)
def twice(content: bytes) -> bytes:
    """Two records have one reference."""
    return content.replace(REFS[1].encode(), REFS[0].encode())


@refused_with("MRX-2308", Said.CLOSED)
def told_and_withdrawn(content: bytes) -> bytes:
    """A reference is told and withdrawn at once."""
    return content.replace(GONE.encode(), REFS[1].encode())


@refused_with("MRX-4007", Said.CLOSED)
def counted_wrong(content: bytes) -> bytes:
    """It counts four members, and has three."""
    return swapped(content, b"<Announcements>3", b"<Announcements>4")


@refused_with("MRX-4007", Said.CLOSED)
def no_document(content: bytes) -> bytes:
    """It counts members, and has no document."""
    start = content.index(b"<Document>")
    return content[:start] + b"</Batch>"


@refused_with("MRX-4008", Said.CLOSED)
def other_format(content: bytes) -> bytes:
    """Its format is not the one that was agreed."""
    return swapped(content, b"mx-neec/1.0", b"ca-pip/1.0")
