"""The short way of a plain line ends where the long way ends, and every other line goes the long way."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.intake.shape import CONSENTS, MEMBERS
from tests.gateway.intake.two_ways import (
    GRANT,
    MEMBER,
    PLAIN_GRANT,
    PLAIN_MEMBER,
    ends,
    grant,
    member,
)

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
