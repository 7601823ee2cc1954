"""Batches whose smallest parts are nearly right: numbers, moments, words and days that another
program, or a kinder parser, would have taken.
"""

from collections.abc import Callable

from tests.flaws.batches import GONE, Said, in_second, refused_with, swapped

Change = Callable[[bytes, bytes, bytes], bytes]


def _entered(
    code: str, said: Said, change: Change, flaws: dict[str, tuple[bytes | str, bytes | str]]
) -> None:
    """Enter flaws that are one piece of text instead of another, by name."""
    for name, (old, new) in flaws.items():
        was, becomes = (one.encode() if isinstance(one, str) else one for one in (old, new))

        def make(content: bytes, was: bytes = was, becomes: bytes = becomes) -> bytes:
            return change(content, was, becomes)

        make.__doc__ = name
        refused_with(code, said)(make)


# -- no XML ----------------------------------------------------------------------------------------

_entered(
    "MRX-2302",
    Said.PROBLEM,
    swapped,
    {
        "An ampersand stands alone in a name.": ("Empresa", "R & D"),
        "The end of a CDATA section stands in a name.": ("Empresa", "x ]]> y"),
        "A comment holds two hyphens.": ("<Header>", "<!-- a -- b --><Header>"),
        "An instruction calls itself xml.": ("<Header>", "<?XML x?><Header>"),
        "U+0000 stands in a name, by its number.": ("Empresa", "&#0;"),
        "A number beyond Unicode stands in a name.": ("Empresa", "&#x110000;"),
        "A pair of surrogates stands in a name, by its numbers.": ("Empresa", "&#xD83D;&#xDE00;"),
        "Words follow the batch.": ("</Batch>", "</Batch>PLANTED"),
        "A CDATA section follows the batch.": ("</Batch>", "</Batch><![CDATA[ ]]>"),
        "The prefix xml means something else.": ("<operadores", '<operadores xmlns:xml="urn:x"'),
        "Another prefix means what xml means.": (
            "<operadores",
            '<operadores xmlns:k="http://www.w3.org/XML/1998/namespace"',
        ),
        "The prefix xmlns is declared.": ("<operadores", '<operadores xmlns:xmlns="urn:x"'),
        "A prefix means nothing.": ("<operadores", '<operadores xmlns:k=""'),
        "One attribute stands twice, by two prefixes.": (
            "<operador>",
            '<operador xmlns:a="urn:x" xmlns:b="urn:x" a:x="1" b:x="2">',
        ),
        "A name has two colons.": ("<version>", '<a:b:version xmlns:a="urn:x">'),
        "The XML declaration ends far away.": ('encoding="UTF-8"', 'encoding="UTF-8"' + " " * 300),
        "The XML declaration may or may not stand alone.": (
            '"UTF-8"',
            '"UTF-8" standalone="maybe"',
        ),
    },
)

# -- the header ------------------------------------------------------------------------------------

_NOON = "T12:00:00Z</Created>"
_entered(
    "MRX-2305",
    Said.PROBLEM,
    swapped,
    {
        "Its issue has a sign.": ("<Issue>1", "<Issue>+1"),
        "Its issue begins with a nought.": ("<Issue>1", "<Issue>01"),
        "Its issue has a fraction.": ("<Issue>1", "<Issue>1.0"),
        "It counts withdrawals below nought.": ("<Withdrawals>1", "<Withdrawals>-1"),
        "Its epoch is in capitals.": ("00000000000000aa", "00000000000000AA"),
        "A line end stands behind its epoch.": ("aa</Epoch>", "aa\n</Epoch>"),
        "It was created by a clock of another zone.": (_NOON, "T06:00:00-06:00</Created>"),
        "It was created in no zone.": (_NOON, "T12:00:00</Created>"),
        "It was created between two seconds.": (_NOON, "T12:00:00.5Z</Created>"),
        "It was created in a leap second.": (_NOON, "T23:59:60Z</Created>"),
        "It was created in the hour 25.": (_NOON, "T25:00:00Z</Created>"),
        "It was created on 30 February.": ("<Created>2026-01-05", "<Created>2024-02-30"),
        "It was created before Christ.": ("<Created>2026", "<Created>-2026"),
        "It was created in the year 0.": ("<Created>2026", "<Created>0000"),
        "It was created in the year 10000.": ("<Created>2026", "<Created>10000"),
        "It was created in digits of full width.": ("<Created>2026", "<Created>２０２６"),
        "A no-break space stands before its moment.": ("<Created>", "<Created>\u00a0"),
        "Its handling has a blank too many.": ("no onward", "no  onward"),
        "A tab stands in the name of its agreement.": ("<Agreement>", "<Agreement>a&#9;b"),
        "A consent text has no name.": (
            "<ConsentText>",
            "<ConsentText></ConsentText><ConsentText>",
        ),
        "It names more consent texts than a thousand.": (
            "<ConsentText>",
            "<ConsentText>x</ConsentText>" * 1_000 + "<ConsentText>",
        ),
        "Letters of its programme are of full width.": ("<From>mx", "<From>ｍx"),
        "The root says that it is a receipt.": (
            "<Batch ",
            '<Batch xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="Receipt" ',
        ),
        "The header has an attribute.": ("<Header>", '<Header version="1">'),
        "A no-break space stands between fields of the header.": ("<To>", "\u00a0<To>"),
    },
)

# -- the body --------------------------------------------------------------------------------------

_entered(
    "MRX-2305",
    Said.CLOSED,
    swapped,
    {
        "Its document is in no namespace.": ('xmlns="urn:mrx:mx-neec:1.0"', 'xmlns=""'),
        "Its document's namespace is in capitals.": ("urn:mrx:mx-neec:1.0", "URN:MRX:MX-NEEC:1.0"),
        "The home of its document has an attribute.": ("<Document>", '<Document x="1">'),
        "Words stand before its document.": ("<Document>", "<Document>PLANTED"),
        "There are two homes of withdrawals.": ("<Document>", "<Withdrawals/><Document>"),
        "Withdrawals stand behind the document.": ("</Batch>", "<Withdrawals/></Batch>"),
        "A no-break space stands between records.": ("</operador>", "</operador>\u00a0"),
        "A record of nobody's namespace stands between records.": (
            "</operador>",
            '</operador><operador xmlns="urn:x"/>',
        ),
    },
)


@refused_with("MRX-2308", Said.CLOSED)
def withdrawn_twice(content: bytes) -> bytes:
    """A reference is withdrawn twice."""
    one = b"<Withdrawal>" + GONE.encode() + b"</Withdrawal>\n"
    return swapped(swapped(content, b"<Withdrawals>1", b"<Withdrawals>2"), one, one + one)


_entered(
    "MRX-4007",
    Said.CLOSED,
    swapped,
    {"It counts two withdrawals, and has one.": ("<Withdrawals>1", "<Withdrawals>2")},
)

# -- one record ------------------------------------------------------------------------------------

_DAY = "05/01/2026"
_entered(
    "MRX-2306",
    Said.ALONE,
    in_second,
    {
        "A record says which language it is in.": ("<operador>", '<operador xml:lang="es">'),
        "A record is of a kind that the format has not.": ("<operador>", '<operador rubro="x">'),
        "A thousand elements of a record say the same namespace.": (
            "<version>",
            '<x xmlns="u"/>' * 1_000 + "<version>",
        ),
        "The kind of an identifier stands under a prefix.": (
            'clave="RFC"',
            'xmlns:n="urn:mrx:mx-neec:1.0" n:clave="RFC"',
        ),
        "The kind of an identifier has a blank behind it.": ('clave="RFC"', 'clave="RFC "'),
        "A record's version has a sign.": ("<version>", "<version>+"),
        "A record's version has nineteen digits.": ("<version>", "<version>" + "9" * 18),
        "A record's version is in Arabic-Indic digits.": ("<version>", "<version>١"),
        "A line end stands behind a record's version.": ("</version>", "\n</version>"),
        "A day is written as in a database.": (_DAY, "2014-04-07"),
        "A day has one digit where two belong.": (_DAY, "7/4/2014"),
        "A day is in Arabic-Indic digits.": (_DAY, "٠٧/٠٤/٢٠١٤"),
        "A day is in the year 10000.": (_DAY, "01/01/10000"),
        "A name is as long as a book of marks.": ("Empresa", "e" + "\u0301" * 100_000),
    },
)
_entered(
    "MRX-2307",
    Said.ALONE,
    in_second,
    {
        "The month of a day stands first.": (_DAY, "12/31/2014"),
        "A day is 29 February of a common year.": (_DAY, "29/02/1900"),
        "A day is in the year 0.": (_DAY, "01/01/0000"),
        "A status is in capitals.": ("<situacion>autorizada", "<situacion>AUTORIZADA"),
        "A status is in our own words.": ("<situacion>autorizada", "<situacion>CERTIFIED"),
        "A blank stands before a status.": ("<situacion>", "<situacion> "),
        "An identifier is of full width.": ("ZZZ140101AA1", "ＺZZ140101AA1"),
        "A name is too long only when it is composed.": ("Empresa", "\u0958" * 300),
    },
)
