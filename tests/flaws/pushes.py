"""Lines and tables of a push with one thing wrong, each with the code of its rejection.

A flaw is the bytes of one line (or row) between two good ones; it costs those nothing. Of a line that
broke off at the end of an input, or an input that is no text at all, see `INPUTS`: what of it is
taken, and which lines are rejected.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from tests.world import member

PLANTED: Final = "PLANTED"
FIRST, SECOND, THIRD = (f"1000000{n}" for n in (1, 2, 3))


def line(**facts: object) -> bytes:
    """A member, the second of three, with these facts."""
    return orjson.dumps({**member(SECOND, name=f"Invented {PLANTED}"), **facts})


def event(**facts: object) -> bytes:
    """A grant of the first account, with these facts."""
    plain: dict[str, object] = {
        "account": FIRST,
        "programme": "mx-neec",
        "event": "granted",
        "at": "2014-08-20T12:00:00Z",
        "officer": {"title": "Vice President"},
        "text_version": "neec-2014",
    }
    return orjson.dumps({**plain, **facts})


def put(data: bytes, old: str, new: str) -> bytes:
    """With something else in it, whatever that makes of it."""
    assert old.encode() in data, old
    return data.replace(old.encode(), new.encode(), 1)


_ESCAPED: Final = put(line(), PLANTED, "PLANTED\\ud83d")
_NUMBER: Final = {"scheme": "SCAC", "value": "QXQQ"}

MEMBERS: Final[Mapping[str, tuple[bytes, str]]] = {
    # -- lines that are no one object
    "a key twice": (put(line(), '"name"', '"name":"x","name"'), "MRX-1003"),
    "the account twice": (put(line(), '"name"', '"account":"10000009","name"'), "MRX-1003"),
    "the account twice, once by its letters' numbers": (
        put(line(), '"name"', '"\\u0061ccount":"10000009","name"'),
        "MRX-1003",
    ),
    "a key twice in an identifier": (
        put(line(), '"scheme":"SCAC"', '"scheme":"MID","scheme":"SCAC"'),
        "MRX-1003",
    ),
    "a key twice in a field nobody knows": (
        put(line(), '"name"', '"x":{"y":[{"z":1,"z":1}]},"name"'),
        "MRX-1003",
    ),
    "half a pair": (_ESCAPED, "MRX-1004"),
    "the second half of a pair first": (put(_ESCAPED, "\\ud83d", "\\ude00\\ud83d"), "MRX-1004"),
    "half a pair in a field nobody knows": (
        put(line(), '"name"', '"x":"\\udc00","name"'),
        "MRX-1004",
    ),
    "half a pair as bytes": (line().replace(b"PLANTED", b"PLANTED\xed\xa0\x80"), "MRX-1004"),
    "a pair as two halves, which is CESU-8": (
        line().replace(b"PLANTED", b"PLANTED\xed\xa0\xbd\xed\xb8\x80"),
        "MRX-1001",
    ),
    "Latin-1": (line(name="Compañía PLANTED").decode().encode("latin-1"), "MRX-1001"),
    "a code page of Korea": (line(name="가상 PLANTED").decode().encode("cp949"), "MRX-1001"),
    "overlong UTF-8": (line().replace(b"PLANTED", b"PLANTED\xc0\x80"), "MRX-1001"),
    "beyond U+10FFFF": (line().replace(b"PLANTED", b"PLANTED\xf4\x90\x80\x80"), "MRX-1001"),
    "a byte of nothing": (line().replace(b"PLANTED", b"PLANTED\0"), "MRX-1002"),
    "a byte of nothing behind it": (line() + b"\0", "MRX-1002"),
    "a control character": (line().replace(b"PLANTED", b"PLANTED\x1b[2J"), "MRX-1002"),
    "a byte order mark in the middle of the input": (b"\xef\xbb\xbf" + line(), "MRX-1002"),
    "not a number": (put(line(), '"name"', '"x":NaN,"name"'), "MRX-1002"),
    "infinity": (put(line(), '"name"', '"x":-Infinity,"name"'), "MRX-1002"),
    "a number with a nought before it": (put(line(), '"name"', '"x":007,"name"'), "MRX-1002"),
    "a comment": (line() + b" // PLANTED", "MRX-1002"),
    "a comma too many": (line()[:-1] + b",}", "MRX-1002"),
    "single quotes": (line().replace(b'"', b"'"), "MRX-1002"),
    "two objects": (line() + line(), "MRX-1002"),
    "two objects between which only a carriage return stands": (
        line() + b"\r" + line(),
        "MRX-1002",
    ),
    "a list": (b"[" + line() + b"]", "MRX-1002"),
    "a word": (b'"PLANTED"', "MRX-1002"),
    "null": (b"null", "MRX-1002"),
    "XML": (b"<member>PLANTED</member>", "MRX-1002"),
    "a hundred thousand brackets": (b"[" * 100_000, "MRX-1002"),
    "a hundred thousand objects in each other": (
        put(line(), '"name"', '"x":' + '{"x":' * 50_000 + "1" + "}" * 50_000 + ',"name"'),
        "MRX-1002",
    ),
    "a megabyte and a half": (line(more="x" * 1_500_000), "MRX-1005"),
    # -- fields
    "no account": (put(line(), '"account":"10000002",', ""), "MRX-1101"),
    "an account that is a number": (line(account=10000002), "MRX-1101"),
    "an account in full-width digits": (line(account="１００００００２"), "MRX-1101"),
    "an account in Arabic-Indic digits": (line(account="١٠٠٠٠٠٠٢"), "MRX-1101"),
    "an account with a line end": (line(account="10000002\n"), "MRX-1101"),
    "an account that is a formula": (line(account="=10000002"), "MRX-1101"),
    "an account of another line": (line(account=FIRST), "MRX-1113"),
    "no name": (put(line(), '"name":', '"nome":'), "MRX-1102"),
    "a name that is null": (line(name=None), "MRX-1102"),
    "a name that is a list": (line(name=["PLANTED"]), "MRX-1102"),
    "a name of nothing one can see": (line(name="\u200b\u00a0\u3000\ufeff"), "MRX-1102"),
    "a name of 501 characters": (line(name="x" * 501), "MRX-1103"),
    "a name of a hundred thousand marks": (
        line(name="a" + "\u0301\u0316" * 50_000),
        "MRX-1103",
    ),
    "a name with a byte of nothing, by its number": (line(name="PLANTED\0"), "MRX-1104"),
    "a name with an escape, by its number": (line(name="PLANTED\x1b[2J"), "MRX-1104"),
    "a name with U+FFFF": (line(name="PLANTED\uffff"), "MRX-1104"),
    "no identifiers": (put(line(), '"identifiers":', '"ids":'), "MRX-1105"),
    "identifiers that are an object": (line(identifiers=_NUMBER), "MRX-1105"),
    "an identifier that is a word": (line(identifiers=["QXQQ"]), "MRX-1105"),
    "a scheme that nobody knows": (
        line(identifiers=[{"scheme": "PLANTED", "value": "1"}]),
        "MRX-1106",
    ),
    "a scheme of another programme": (
        line(identifiers=[{"scheme": "MX-RFC", "value": "ZZZ140101AA1"}]),
        "MRX-1106",
    ),
    "a scheme that is a list": (line(identifiers=[{"scheme": [], "value": "1"}]), "MRX-1106"),
    "an identifier that is a number": (
        line(identifiers=[{"scheme": "SCAC", "value": 5}]),
        "MRX-1107",
    ),
    "an identifier in full-width letters": (
        line(identifiers=[{"scheme": "SCAC", "value": "ＱＸＱＱ"}]),
        "MRX-1107",
    ),
    "an identifier with a line end": (
        line(identifiers=[{"scheme": "SCAC", "value": "QXQQ\n"}]),
        "MRX-1107",
    ),
    "an identifier of a hundred thousand marks": (
        line(identifiers=[{"scheme": "SCAC", "value": "Q" + "\u0301\u0316" * 50_000}]),
        "MRX-1107",
    ),
    "a social security number": (
        line(identifiers=[{"scheme": "ICR", "value": "000-12-3456"}]),
        "MRX-1108",
    ),
    "a MID of no country": (
        line(identifiers=[{"scheme": "MID", "value": "QQPLANTED1"}]),
        "MRX-1109",
    ),
    "a status that nobody knows": (line(status=PLANTED), "MRX-1110"),
    "a status in small letters": (line(status="validated"), "MRX-1110"),
    "a status that is an object": (line(status={}), "MRX-1110"),
    "a day that there is not": (line(member_since="2014-02-30"), "MRX-1111"),
    "a day in other digits": (line(member_since="２０１４-04-07"), "MRX-1111"),
    "a day with a line end": (line(member_since="2014-04-07\n"), "MRX-1111"),
    "a day of a week": (line(member_since="2014-W15-1"), "MRX-1111"),
    "a day that is a number": (line(member_since=20140407), "MRX-1111"),
    "a day that has not come": (line(member_since="9999-12-31"), "MRX-1112"),
    "a business type that is a number": (line(business_type=1e308), "MRX-1114"),
    "a business type of a megabyte": (line(business_type="x" * 900_000), "MRX-1114"),
}

CONSENTS: Final[Mapping[str, tuple[bytes, str]]] = {
    "the event twice": (put(event(), '"event"', '"event":"revoked","event"'), "MRX-1003"),
    "the programme twice": (put(event(), '"event"', '"programme":"ca-pip","event"'), "MRX-1003"),
    "the title twice": (put(event(), '"title"', '"title":"x","title"'), "MRX-1003"),
    "half a pair in a title": (put(event(), "Vice", "\\ud800"), "MRX-1004"),
    "Latin-1": (event().replace(b"Vice", b"Vic\xe9"), "MRX-1001"),
    "an account that is a number": (event(account=10000001), "MRX-1101"),
    "an account of nobody": (event(account="99999999"), "MRX-1201"),
    "a programme that is none": (event(programme=PLANTED), "MRX-1202"),
    "our own programme": (event(programme="us-ctpat"), "MRX-1202"),
    "a programme that is a list": (event(programme=["mx-neec"]), "MRX-1202"),
    "an event that is none": (event(event="Granted"), "MRX-1203"),
    "an event that is an object": (event(event={}), "MRX-1203"),
    "a time without a zone": (event(at="2014-08-20T12:00:00"), "MRX-1204"),
    "a time that is a number": (event(at=1408536000), "MRX-1204"),
    "the hour 24": (event(at="2014-08-20T24:00:00Z"), "MRX-1204"),
    "a second too many": (event(at="2016-12-31T23:59:60Z"), "MRX-1204"),
    "a zone that leads before the year 1": (event(at="0001-01-01T00:00:00+14:00"), "MRX-1204"),
    "a time in other digits": (event(at="２０１４-08-20T12:00:00Z"), "MRX-1204"),
    "a time with a line end": (event(at="2014-08-20T12:00:00Z\n"), "MRX-1204"),
    "a time of a megabyte": (event(at="2014-08-20T12:00:00." + "0" * 900_000 + "Z"), "MRX-1204"),
    "a time that has not come": (event(at="9999-12-31T23:59:59Z"), "MRX-1205"),
    "no officer": (put(event(), '"officer"', '"boss"'), "MRX-1206"),
    "an officer that is a list": (event(officer=["Vice President"]), "MRX-1206"),
    "a title that nobody sees": (event(officer={"title": "\u200b \u00a0"}), "MRX-1206"),
    "a title of 501 characters": (event(officer={"title": "x" * 501}), "MRX-1206"),
    "a title of a hundred thousand marks": (
        event(officer={"title": "a" + "\u0301\u0316" * 50_000}),
        "MRX-1206",
    ),
    "a title with an escape": (event(officer={"title": "\x1b[2J"}), "MRX-1206"),
    "a text that nobody signed": (event(text_version=PLANTED), "MRX-1207"),
    "a text that is a number": (event(text_version=2014), "MRX-1207"),
    "a text of another programme": (event(programme="ca-pip"), "MRX-1208"),
    "a text before there was one": (event(at="2001-01-01T00:00:00Z"), "MRX-1209"),
    "evidence that is none": (event(evidence="PLANTED"), "MRX-1210"),
    "evidence in other digits": (event(evidence="１" * 64), "MRX-1210"),
}

HEADER: Final = b"account,name,identifiers,status,member_since\n"


def row(account: str, name: str = "Invented PLANTED") -> bytes:
    return f"{account},{name},SCAC:QXQQ,VALIDATED,2014-04-07".encode()


ROWS: Final[Mapping[str, tuple[bytes, str]]] = {
    "a cell too few": (b"10000002,Invented PLANTED,,VALIDATED", "MRX-1006"),
    "a cell too many": (row(SECOND) + b",x", "MRX-1006"),
    "a quote in a plain cell": (row(SECOND, 'Invented "PLANTED"'), "MRX-1006"),
    "letters behind a quoted cell": (row(SECOND, '"Invented" PLANTED'), "MRX-1006"),
    "semicolons": (row(SECOND).replace(b",", b";"), "MRX-1006"),
    "tabs": (row(SECOND).replace(b",", b"\t"), "MRX-1006"),
    "JSON": (line(), "MRX-1006"),
    "Latin-1": (row(SECOND, "Compañía").decode().encode("latin-1"), "MRX-1001"),
    "half a pair as bytes": (row(SECOND).replace(b"PLANTED", b"\xed\xa0\x80"), "MRX-1004"),
    "a byte of nothing": (row(SECOND).replace(b"PLANTED", b"\0"), "MRX-1104"),
    "an account with a blank": (row(" 10000002"), "MRX-1101"),
    "an account that is a formula": (row('"=""10000002"""'), "MRX-1101"),
    "an account in a spreadsheet's own way": (row("1.0E+07"), "MRX-1101"),
    "an account of another row": (row(FIRST), "MRX-1113"),
    "no name": (row(SECOND, ""), "MRX-1102"),
    "an identifier without a scheme": (row(SECOND).replace(b"SCAC:", b""), "MRX-1106"),
    "a day as a spreadsheet writes it": (
        row(SECOND).replace(b"2014-04-07", b"4/7/2014"),
        "MRX-1111",
    ),
    "a megabyte and a half": (row(SECOND, "x" * 1_500_000), "MRX-1005"),
}


@dataclass(frozen=True, kw_only=True)
class Input:
    """A whole input: the accounts that are taken of it, and the lines rejected, by code."""

    data: bytes
    taken: frozenset[str]
    rejected: tuple[tuple[int, str], ...] = ()
    whole: bool = True


def _three(separator: bytes = b"\n", *, last: bytes = b"\n", **dumped: Any) -> bytes:
    some = [json.dumps(member(account), **dumped).encode() for account in (FIRST, SECOND, THIRD)]
    return separator.join(some) + last


ALL: Final = frozenset({FIRST, SECOND, THIRD})
INPUTS: Final[Mapping[str, Input]] = {
    "UTF-16 with its mark": Input(
        data=_three().decode().encode("utf-16"),
        taken=frozenset(),
        rejected=((1, "MRX-1001"), (2, "MRX-1002"), (3, "MRX-1002"), (4, "MRX-1002")),
    ),
    "two byte order marks": Input(
        data=b"\xef\xbb\xbf" * 2 + _three(),
        taken=frozenset({SECOND, THIRD}),
        rejected=((1, "MRX-1002"),),
    ),
    "cut off in the last line": Input(
        data=_three()[:-20], taken=frozenset({FIRST, SECOND}), rejected=((3, "MRX-1008"),)
    ),
    "one list over all lines": Input(
        data=b"[\n" + _three(b",\n") + b"]\n",
        taken=frozenset({THIRD}),
        rejected=((1, "MRX-1002"), (2, "MRX-1002"), (3, "MRX-1002"), (5, "MRX-1002")),
    ),
    "one object over many lines": Input(
        data=json.dumps(member(FIRST), indent=1).encode(),
        taken=frozenset(),
        rejected=tuple((n, "MRX-1002") for n in range(1, 13)),
    ),
    "carriage returns alone": Input(
        data=_three(b"\r", last=b"\r"), taken=frozenset(), rejected=((1, "MRX-1002"),)
    ),
    "nothing but brackets": Input(
        data=b"[" * 3_000_000, taken=frozenset(), rejected=((1, "MRX-1005"),)
    ),
}
