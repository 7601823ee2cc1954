"""The short way of a plain line ends where the long way ends, and every other line goes the long way."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake import plain_consents, plain_members
from gateway.intake.events import read_event
from gateway.intake.members import read_member
from gateway.intake.reading import Tally, read
from gateway.intake.shape import CONSENTS, MEMBERS, Shape
from partners.said import said
from schemas.consent import ConsentText
from schemas.identifiers import SCHEMES
from schemas.programme import PROGRAMMES

TODAY = date(2026, 1, 31)
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
AS_OF = datetime(2026, 1, 30, 12, tzinfo=UTC)
HOME = PROGRAMMES["us-ctpat"].schemes
EVERY = frozenset(SCHEMES)
PARTNERS = frozenset({"mx-neec", "ca-pip"})
TEXTS = {
    "neec-2014": ConsentText(
        id="neec-2014",
        valid_from=date(2014, 8, 1),
        programmes=frozenset({"mx-neec"}),
        schemes=frozenset({"MID"}),
    ),
    "2014-08": ConsentText(
        id="2014-08",
        valid_from=date(2014, 8, 1),
        programmes=PARTNERS | {"il-aeo"},
        schemes=HOME,
    ),
}
MEMBER: dict[str, Any] = {
    "account": "31614261",
    "name": "Invented Company, LLC",
    "identifiers": [{"scheme": "ICR", "value": "00-123456700"}],
    "status": "VALIDATED",
    "member_since": "2014-04-07",
    "business_type": "Importer",
}
GRANT: dict[str, Any] = {
    "account": "31614261",
    "programme": "mx-neec",
    "event": "granted",
    "at": "2014-08-20T12:00:00Z",
    "officer": {"title": "Vice President"},
    "text_version": "neec-2014",
}


def member(fields: Any, schemes: frozenset[str] = HOME) -> Any:
    found, warnings = read_member(fields, schemes=schemes, today=TODAY)
    return said(found), warnings


def grant(fields: Any) -> Any:
    return read_event(fields, partners=PARTNERS, texts=TEXTS, now=NOW, as_of=AS_OF), ()


PLAIN_MEMBER = plain_members.reader(HOME, TODAY)
PLAIN_OF_EVERY_SCHEME = plain_members.reader(EVERY, TODAY)
PLAIN_GRANT = plain_consents.reader(partners=PARTNERS, texts=TEXTS, now=NOW, as_of=AS_OF)


def ends(body: bytes, shape: Shape, take: Callable[..., Any], plain: Callable[..., Any]) -> None:
    """Read the same bytes both ways."""
    found = []
    for short in (plain, lambda _: None):
        tally = Tally()
        source = io.BytesIO(body)
        lines = read(source, format="ndjson", shape=shape, take=take, plain=short, tally=tally)
        found.append((list(lines), tally))
    assert found[0] == found[1]


# -- lines as they come --------------------------------------------------------------------------


ROW = {
    "plain": {},
    "no business type": {"business_type": ...},
    "no identifiers": {"identifiers": []},
    "two identifiers": {
        "identifiers": [
            {"scheme": "MID", "value": "MXINVCOM123TIJ"},
            {"scheme": "MID", "value": "MXINVCOM123MEX"},
        ]
    },
    "another script": {"name": "주식회사 가상"},
    "nine digits": {"account": "123456789"},
}


@pytest.mark.parametrize("changes", ROW.values(), ids=ROW)
def test_a_usual_member_goes_the_short_way(changes: dict[str, Any]) -> None:
    fields = {name: value for name, value in (MEMBER | changes).items() if value is not ...}
    for line in (orjson.dumps(fields), json.dumps(fields).encode()):
        assert PLAIN_MEMBER(line) == member(fields)


def test_a_usual_grant_goes_the_short_way() -> None:
    proven = GRANT | {"evidence": "AB" * 32}
    for fields in (GRANT, proven):
        for line in (orjson.dumps(fields), json.dumps(fields).encode()):
            assert PLAIN_GRANT(line) == grant(fields)


DOUBLED = [
    b'{"account":"31614261","account":"31614262",' + orjson.dumps(MEMBER)[23:],
    b'{"account":"31614261",' + orjson.dumps(MEMBER)[1:],
    orjson.dumps(MEMBER)[:-1] + b',"status":"VALIDATED"}',
    orjson.dumps(MEMBER)[:-1] + b',"status" : 5,"status":"VALIDATED"}',
    orjson.dumps(MEMBER)[:-1] + b',"st\\u0061tus":"REMOVED"}',
    orjson.dumps(MEMBER).replace(b'"scheme":"ICR"', b'"scheme":"ICR","scheme":"ICR"'),
]


@pytest.mark.parametrize("line", DOUBLED, ids=range(len(DOUBLED)))
def test_a_key_that_stands_twice_is_never_plain(line: bytes) -> None:
    assert PLAIN_MEMBER(line) is None
    ends(line, MEMBERS, member, PLAIN_MEMBER)


def test_a_key_of_a_grant_that_stands_twice_is_never_plain() -> None:
    line = orjson.dumps(GRANT)[:-1] + b',"event":"granted"}'
    inside = orjson.dumps(GRANT).replace(b'{"title":', b'{"title":"CEO","title":')
    for one in (line, inside):
        assert PLAIN_GRANT(one) is None
        ends(one, CONSENTS, grant, PLAIN_GRANT)


def test_an_account_that_stood_before_is_rejected_whichever_way_either_line_went() -> None:
    again = orjson.dumps(MEMBER | {"name": 'Invented "Again"'})
    for lines in ([MEMBER, MEMBER], [MEMBER | {"status": "?"}, MEMBER]):
        body = b"\n".join(orjson.dumps(line) for line in lines)
        ends(body + b"\n" + again, MEMBERS, member, PLAIN_MEMBER)


@pytest.mark.slow
def test_real_names_end_alike(shared: Path) -> None:
    lines = [
        orjson.dumps(MEMBER | {"account": str(10_000_000 + n), "name": name})
        for n, name in enumerate(_names(shared))
    ]
    assert len(lines) > 1_000
    ends(b"\n".join(lines), MEMBERS, member, PLAIN_MEMBER)


def _names(shared: Path) -> Iterator[str]:
    for file in sorted((shared / "data" / "names").rglob("*")):
        if file.is_file():
            for line in file.read_text(errors="replace").splitlines():
                yield line
                yield from next(csv.reader([line]), [])


# -- lines as nobody expects them ------------------------------------------------------------------

ODD: list[Any] = [
    None,
    True,
    0,
    1.5,
    "",
    " ",
    [],
    {},
    [{}],
    [[]],
    ["ICR"],
    {"title": 5},
    "\0",
    "é",
    "e\u0301",
]
ANY = st.one_of(st.sampled_from(ODD), st.text(max_size=8))
NUMBER = st.one_of(
    st.fixed_dictionaries(
        {
            "scheme": st.sampled_from([*sorted(EVERY), "IOR", "?"]),
            "value": st.sampled_from(
                [
                    "00-123456700",
                    "000-12-3456",
                    "QXQQ",
                    "QXQU",
                    "MXINVCOM123TIJ",
                    "999-81-99992",
                    "9998199993",
                    "OÑO120726RX3",
                    "ON\u0303O120726RX3",
                    "CACX7605101P9",
                    "999999998RM0001",
                ]
            ),
        },
        optional={"more": ANY},
    ),
    ANY,
)
LINE = st.fixed_dictionaries(
    {},
    optional={
        "account": st.one_of(st.sampled_from(["31614261", "12345", "1234", "3161426१"]), ANY),
        "name": st.one_of(
            st.sampled_from(["Invented", " Invented ", 'The "Best"', "a" * 501]), ANY
        ),
        "identifiers": st.one_of(st.lists(NUMBER, max_size=3), ANY),
        "status": st.one_of(st.sampled_from(["VALIDATED", "REMOVED", "validated"]), ANY),
        "member_since": st.one_of(
            st.sampled_from(["2014-04-07", "2026-01-31", "2026-02-01", "2014-02-30", "2014-W15-1"]),
            ANY,
        ),
        "business_type": st.one_of(st.just("Importer"), ANY),
        "more": ANY,
    },
).map(lambda changes: MEMBER | changes)
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "account": st.one_of(st.just("31614261"), ANY),
        "programme": st.one_of(st.sampled_from(["mx-neec", "ca-pip", "il-aeo", "us-ctpat"]), ANY),
        "event": st.one_of(st.sampled_from(["granted", "revoked"]), ANY),
        "at": st.one_of(
            st.sampled_from(
                [
                    "2014-08-20T12:00:00Z",
                    "2014-07-31t23:59:59z",
                    "2014-08-01T00:00:00+02:00",
                    "2026-01-30T12:00:00Z",
                    "2026-01-30T12:00:01Z",
                    "2026-01-31T12:00:01Z",
                    "2014-08-20",
                ]
            ),
            ANY,
        ),
        "officer": st.one_of(
            st.fixed_dictionaries(
                {"title": st.one_of(st.sampled_from(["CEO", " CEO "]), ANY)},
                optional={"name": ANY},
            ),
            ANY,
        ),
        "text_version": st.one_of(st.sampled_from(["neec-2014", "2014-08", "?"]), ANY),
        "evidence": st.one_of(st.sampled_from(["ab" * 32, "AB" * 32]), ANY),
        "more": ANY,
    },
).map(lambda changes: GRANT | changes)
WRITTEN = st.sampled_from(
    [orjson.dumps, lambda fields: json.dumps(fields).encode(), lambda f: b" " + orjson.dumps(f)]
)


@given(st.lists(LINE, max_size=3), WRITTEN)
def test_whatever_a_member_is_made_of_both_ways_end_alike(
    lines: list[dict[str, Any]], write: Callable[[Any], bytes]
) -> None:
    body = b"\n".join(write(line) for line in lines)
    ends(body, MEMBERS, lambda fields: member(fields, EVERY), PLAIN_OF_EVERY_SCHEME)
    ends(body, MEMBERS, member, PLAIN_MEMBER)


@given(st.lists(EVENT, max_size=3), WRITTEN)
def test_whatever_a_consent_is_made_of_both_ways_end_alike(
    lines: list[dict[str, Any]], write: Callable[[Any], bytes]
) -> None:
    ends(b"\n".join(write(line) for line in lines), CONSENTS, grant, PLAIN_GRANT)


@given(st.data())
def test_bytes_that_were_damaged_end_alike(data: st.DataObject) -> None:
    for fields, shape, take, plain in (
        (MEMBER, MEMBERS, member, PLAIN_MEMBER),
        (GRANT, CONSENTS, grant, PLAIN_GRANT),
    ):
        line = bytearray(orjson.dumps(fields))
        for _ in range(data.draw(st.integers(0, 3))):
            place = data.draw(st.integers(0, len(line) - 1))
            line[place] = data.draw(st.sampled_from(b'"\\,:{}[] \t\n\xffa0'))
        ends(bytes(line), shape, take, plain)


def test_what_the_roll_keeps_of_a_member_gives_the_member_back() -> None:
    found, _ = read_member(MEMBER, schemes=HOME, today=TODAY)
    assert said(found).member == found
    other = replace(found, identifiers=())
    assert said(other).digest != said(found).digest
