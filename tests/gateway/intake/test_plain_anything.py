"""Whatever a line is made of, the short way and the long one end alike."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.members import read_member
from gateway.intake.shape import CONSENTS, MEMBERS
from partners.said import said
from tests.gateway.intake.two_ways import (
    EVERY,
    GRANT,
    HOME,
    MEMBER,
    PLAIN_GRANT,
    PLAIN_MEMBER,
    PLAIN_OF_EVERY_SCHEME,
    TODAY,
    ends,
    grant,
    member,
)

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
