"""Lines of a push that a person, or a reader less strict than ours, would take for right ones.

They are `pushes` of their own: nearly JSON, letters that look like others, numbers that are nearly an
identifier, days that nearly are. Verdicts are given as there.
"""

from collections.abc import Mapping
from typing import Final

from tests.flaws.pushes import HEADER, PLANTED, SECOND, event, line, put, row


def _number(scheme: str, value: str) -> bytes:
    return line(identifiers=[{"scheme": scheme, "value": value}])


def _unknown(value: str) -> bytes:
    """With this in a field nobody knows."""
    return put(line(), '"name"', f'"x":{value},"name"')


def _escaped(value: str) -> bytes:
    return put(line(), PLANTED, f"PLANTED{value}")


MEMBERS: Final[Mapping[str, tuple[bytes, str]]] = {
    # -- nearly JSON
    **{
        f"the number {value}": (_unknown(value), "MRX-1002")
        for value in ("+1", ".5", "1.", "0x10", "1e", "--1", "1_000", "1,5", "-", "Infinity")
    },
    **{
        f"the word {value}": (_unknown(value), "MRX-1002")
        for value in ("True", "None", "undefined")
    },
    "an escape that JSON has not": (_escaped("\\x41"), "MRX-1002"),
    "an escape of three digits": (_escaped("\\u00e "), "MRX-1002"),
    "an escape in braces": (_escaped("\\u{41}"), "MRX-1002"),
    "an escape of full-width digits": (_escaped("\\u００４１"), "MRX-1002"),
    "a tab in a text": (_escaped("\t"), "MRX-1002"),
    "a line separator for a blank": (put(line(), ":", ":\u2028"), "MRX-1002"),
    "a no-break space for a blank": (line() + b"\xc2\xa0", "MRX-1002"),
    "a form feed for a blank": (b"\x0c" + line(), "MRX-1002"),
    "a record separator before it": (b"\x1e" + line(), "MRX-1002"),
    "a comment within": (put(line(), '"name"', '/* PLANTED */"name"'), "MRX-1002"),
    "curly quotes": (line().replace(b'"', "\u201d".encode()), "MRX-1002"),
    "no quotes around a key": (put(line(), '"name"', "name"), "MRX-1002"),
    "an equals sign for a colon": (put(line(), '"name":', '"name"='), "MRX-1002"),
    "a comma too few": (put(line(), ',"name"', ' "name"'), "MRX-1002"),
    "a comma behind it, as in a list": (line() + b",", "MRX-1002"),
    "UTF-8 cut off within a letter": (line() + b"\xe2\x82", "MRX-1001"),
    "a letter of five bytes": (_escaped("#").replace(b"#", b"\xf8\x88\x80\x80\x80"), "MRX-1001"),
    "an overlong solidus": (_escaped("#").replace(b"#", b"\xc0\xaf"), "MRX-1001"),
    # -- keys that are nearly ours
    "an account in capitals": (put(line(), '"account"', '"Account"'), "MRX-1101"),
    "an account with a Cyrillic letter": (put(line(), '"account"', '"\u0430ccount"'), "MRX-1101"),
    "a name behind a mark nobody sees": (put(line(), '"name"', '"\u200bname"'), "MRX-1102"),
    "a name behind a byte order mark": (put(line(), '"name"', '"\\ufeffname"'), "MRX-1102"),
    "a name that a byte of nothing ends": (put(line(), '"name"', '"name\\u0000"'), "MRX-1102"),
    "a status with a blank behind": (put(line(), '"status"', '"status "'), "MRX-1110"),
    "a day in camel's case": (put(line(), '"member_since"', '"memberSince"'), "MRX-1111"),
    # -- accounts
    "an account of four digits": (line(account="1234"), "MRX-1101"),
    "an account of ten digits": (line(account="1234567890"), "MRX-1101"),
    "an account with a letter for a nought": (line(account="1000O002"), "MRX-1101"),
    "an account with a sign": (line(account="-1000002"), "MRX-1101"),
    # -- identifiers
    "a SCAC in small letters": (_number("SCAC", "qxqq"), "MRX-1107"),
    "a SCAC with a Cyrillic letter": (_number("SCAC", "QXQ\u0405"), "MRX-1107"),
    "a SCAC with a mark nobody sees": (_number("SCAC", "QX\u200bQQ"), "MRX-1107"),
    "a SCAC with a mark on it": (_number("SCAC", "QXQQ\u0301"), "MRX-1107"),
    "a SCAC with a digit": (_number("SCAC", "1XQQ"), "MRX-1107"),
    "a SCAC of one letter": (_number("SCAC", "Q"), "MRX-1107"),
    "a SCAC of five": (_number("SCAC", "QXQQQ"), "MRX-1107"),
    "a scheme in small letters": (_number("scac", "QXQQ"), "MRX-1106"),
    "a scheme with a blank": (_number("SCAC ", "QXQQ"), "MRX-1106"),
    "a MID with a blank": (_number("MID", "FRLAVIE 243BRE"), "MRX-1107"),
    "a MID of sixteen": (_number("MID", "XO" + "A" * 14), "MRX-1107"),
    "a MID of two letters": (_number("MID", "XO"), "MRX-1107"),
    "a MID of Canada by its country": (_number("MID", "CAABCCOM123CIT"), "MRX-1109"),
    "a MID of a province there is not": (_number("MID", "XZABCCOM123CIT"), "MRX-1109"),
    "an ICR with an O for a nought": (_number("ICR", "00-1234567O1"), "MRX-1107"),
    "an ICR with an I for a one": (_number("ICR", "00-1234567I1"), "MRX-1107"),
    "an ICR without its suffix": (_number("ICR", "00-1234567"), "MRX-1107"),
    "an ICR with another dash": (_number("ICR", "149900\u201100001"), "MRX-1107"),
    "nine digits, which may be a person's": (_number("ICR", "000123456"), "MRX-1108"),
    "a person's number between blanks": (_number("ICR", "000 12 3456"), "MRX-1108"),
    "a person's number under the other word": (_number("IOR", "000-12-3456"), "MRX-1108"),
    # -- words and days
    "a status with a blank in it": (line(status="VALIDATED "), "MRX-1110"),
    "a status in full-width letters": (line(status="ＶＡＬＩＤＡＴＥＤ"), "MRX-1110"),
    "a status of a partner's": (line(status="autorizada"), "MRX-1110"),
    "the 29th of February of 1900": (line(member_since="1900-02-29"), "MRX-1111"),
    "the year nought": (line(member_since="0000-01-01"), "MRX-1111"),
    "a day without its noughts": (line(member_since="2014-4-7"), "MRX-1111"),
    "a day with an hour": (line(member_since="2014-04-07T00:00:00Z"), "MRX-1111"),
    "a day without dashes": (line(member_since="20140407"), "MRX-1111"),
    "a business type of blanks": (line(business_type=" \u3000"), "MRX-1114"),
}

CONSENTS: Final[Mapping[str, tuple[bytes, str]]] = {
    "the event twice, once by its letters' numbers": (
        put(event(), '"event"', '"\\u0065vent":"revoked","event"'),
        "MRX-1003",
    ),
    "a programme in capitals": (event(programme="MX-NEEC"), "MRX-1202"),
    "a programme with a Cyrillic letter": (event(programme="m\u0445-neec"), "MRX-1202"),
    "a programme with a byte of nothing": (event(programme="mx-neec\0"), "MRX-1202"),
    "an event with a Cyrillic letter": (event(event="gr\u0430nted"), "MRX-1203"),
    "an event with a blank": (event(event="revoked "), "MRX-1203"),
    "a time with a blank for its T": (event(at="2014-08-20 12:00:00Z"), "MRX-1204"),
    "a time without seconds": (event(at="2014-08-20T12:00Z"), "MRX-1204"),
    "a zone of a whole day": (event(at="2014-08-20T12:00:00+24:00"), "MRX-1204"),
    "a zone without its colon": (event(at="2014-08-20T12:00:00+0100"), "MRX-1204"),
    "a zone behind a true minus sign": (event(at="2014-08-20T12:00:00\u221201:00"), "MRX-1204"),
    "a fraction of ten digits": (event(at="2014-08-20T12:00:00.0000000001Z"), "MRX-1204"),
    "a fraction behind a comma": (event(at="2014-08-20T12:00:00,5Z"), "MRX-1204"),
    "a title in capitals": (event(officer={"TITLE": "Vice President"}), "MRX-1206"),
    "a title that is a list": (event(officer={"title": ["Vice President"]}), "MRX-1206"),
    "a text with a line end": (event(text_version="neec-2014\n"), "MRX-1207"),
    "a text in capitals": (event(text_version="NEEC-2014"), "MRX-1207"),
    "evidence of 63 digits": (event(evidence="a" * 63), "MRX-1210"),
}

ROWS: Final[Mapping[str, tuple[bytes, str]]] = {
    "identifiers with a tab between them": (
        row(SECOND).replace(b"SCAC:QXQQ", b"SCAC:QXQQ\tSCAC:QXQ"),
        "MRX-1107",
    ),
    "identifiers with a line end between them": (
        row(SECOND).replace(b"SCAC:QXQQ", b'"SCAC:QXQQ\nSCAC:QXQ"'),
        "MRX-1107",
    ),
    "an identifier with two colons": (row(SECOND).replace(b"SCAC:", b"SCAC:SCAC:"), "MRX-1107"),
    "a quote behind a blank": (row(SECOND, ' "Invented"'), "MRX-1006"),
    "a quote behind a backslash": (row(SECOND, '"Invented \\" PLANTED"'), "MRX-1006"),
    "an account in full width": (row("１０００００02"), "MRX-1101"),
}

TABLES: Final[Mapping[str, tuple[bytes, str]]] = {
    "a header in capitals": (HEADER.upper(), "MRX-1007"),
    "a header of semicolons": (HEADER.replace(b",", b";"), "MRX-1007"),
    "a header of tabs": (HEADER.replace(b",", b"\t"), "MRX-1007"),
    "a header with a Cyrillic letter": (HEADER.replace(b"a", "\u0430".encode(), 1), "MRX-1007"),
    "a header with a mark nobody sees": (HEADER.replace(b"na", "n\u200ba".encode()), "MRX-1007"),
    "a column twice": (HEADER.replace(b"name", b"name, name "), "MRX-1003"),
    "a header in UTF-16": (HEADER.decode().encode("utf-16"), "MRX-1001"),
    "a header whose quote never ends": (b'"' + HEADER, "MRX-1008"),
    "a header behind two marks": (b"\xef\xbb\xbf" * 2 + HEADER, "MRX-1007"),
    "a line before the header": (b"sep=,\n" + HEADER, "MRX-1007"),
    "no header": (row(SECOND) + b"\n", "MRX-1007"),
    "nothing": (b"", "MRX-1007"),
}
