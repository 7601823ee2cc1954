"""What bad lines and tables of a push cost, as a ratio to honest ones: as many bytes, or as many lines,
whichever is more.
"""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import count

import orjson
import pytest

from gateway.intake import plain_members
from gateway.intake.events import read_event
from gateway.intake.reading import Tally, read
from gateway.intake.shape import CONSENTS, MEMBERS
from tests.flaws.costs import SIZE, most_bytes, within
from tests.flaws.pushes import HEADER, event, line, row
from tests.gateway.intake.inputs import SCHEMES
from tests.gateway.intake.two_ways import TEXTS, member
from tests.world import member as honest_member

TODAY, NOW = date(2026, 1, 31), datetime(2026, 1, 31, tzinfo=UTC)


def lines_of(data: bytes, form: str = "ndjson") -> None:
    source, tally = io.BytesIO(data), Tally()
    plain = plain_members.reader(SCHEMES, TODAY)
    found = read(source, format=form, shape=MEMBERS, take=member, plain=plain, tally=tally)
    for _ in found:
        pass


def events_of(data: bytes) -> None:
    def take(fields):
        return read_event(fields, partners={"mx-neec"}, texts=TEXTS, now=NOW), ()

    for _ in read(io.BytesIO(data), format="ndjson", shape=CONSENTS, take=take, tally=Tally()):
        pass


def repeated(unit: bytes) -> bytes:
    """A fifth of the size: hundreds of thousands of lines would tell no more."""
    return (unit + b"\n") * (SIZE // 5 // (len(unit) + 1) + 1)


def numbers(make: Callable[[str], bytes]) -> bytes:
    """Lines of accounts of their own, a megabyte of them."""
    found: list[bytes] = []
    size = 0
    for n in count(10_000_000):
        found.append(make(str(n)))
        size += len(found[-1])
        if size > SIZE:
            return b"".join(found)
    raise AssertionError


HONEST_LINES = numbers(lambda account: orjson.dumps(honest_member(account)) + b"\n")
HONEST_ROWS = HEADER + numbers(lambda account: row(account) + b"\n")
MARKS = "a" + "\u0301\u0316" * 200_000
BAD_LINES: dict[str, bytes] = {
    "a name of marks": line(name=MARKS),
    "an identifier of marks": line(identifiers=[{"scheme": "MID", "value": MARKS}]),
    "a thousand lines of marks": repeated(line(name="a" + "\u0301\u0316" * 249)),
    "a name of escapes": line(name="\\" * 140_000),
    "a name by numbers": b'{"name":"' + b"\\u0041" * 48_000 + b'"}',
    "pairs by numbers": b'{"name":"' + b"\\ud83e\\udd8a" * 24_000 + b'"}',
    "brackets": b"[" * SIZE,
    "objects in each other": b'{"x":' * 60_000,
    "keys, each twice": b"{" + b'"a":1,' * 48_000 + b'"a":1}',
    "keys, each another": b"{" + b",".join(b'"%d":1' % n for n in range(27_000)) + b"}",
    "identifiers": line(identifiers=[{"scheme": "SCAC", "value": "QXQQ"}] * 8_000),
    "identifiers, each another": line(
        identifiers=[{"scheme": "MID", "value": f"MXINV{n:07}"} for n in range(6_000)]
    ),
    "a number of a million digits": b'{"x":' + b"9" * SIZE + b"}",
    "a fraction of a million digits": b'{"x":0.' + b"9" * SIZE + b"}",
    "an exponent of a million digits": b'{"x":1e' + b"9" * SIZE + b"}",
    "empty objects": repeated(b"{}"),
    "empty lines": b"\n" * SIZE,
    "brackets alone on lines": repeated(b"{"),
    "bytes that are no text": repeated(b"\xff"),
    "one account": repeated(line()),
}


def as_many(data: bytes, honest_: bytes) -> float:
    """How much larger it is: in bytes or in lines, whichever is more."""
    return max(len(data) / len(honest_), data.count(b"\n") / honest_.count(b"\n"))


@pytest.mark.slow
@pytest.mark.parametrize("flood", BAD_LINES)
def test_bad_lines_cost_no_more_than_a_few_times_as_many_good_ones(flood: str):
    data = BAD_LINES[flood]

    within(lambda: lines_of(data), lambda: lines_of(HONEST_LINES), 12 * as_many(data, HONEST_LINES))


QUOTES: dict[str, bytes] = {
    "quotes": b'"' * SIZE,
    "a quote a line": repeated(b'"'),
    "quotes in plain cells": repeated(b'a"'),
    "cells in quotes, misquoted": repeated(b'"a"b'),
    "an open quote before lines of two": b'"\n' + repeated(b'""'),
    "an open quote before every tenth line": (b'"a\n' + b"x,y\n" * 9) * (SIZE // 200),
    "an open quote before every thousandth line": (b'"a\n' + b'"x""y"\n' * 999) * (SIZE // 7_000),
    "commas": b"," * SIZE,
    "quoted commas": b'","' * (SIZE // 3),
    "doubled quotes without an end": b'"' + b'""' * (SIZE // 2),
    "returns": b"\r" * SIZE,
    "identifiers": row("10000001").replace(b"SCAC:QXQQ", b"SCAC:QXQQ " * 27_000),
    "colons": row("10000001").replace(b"SCAC:QXQQ", b": " * 120_000),
}


@pytest.mark.parametrize("flood", QUOTES)
def test_bad_tables_cost_no_more_than_three_times_as_many_good_rows(flood: str):
    data = HEADER + QUOTES[flood]

    ratio = 3 * as_many(data, HONEST_ROWS)
    within(lambda: lines_of(data, "csv"), lambda: lines_of(HONEST_ROWS, "csv"), ratio)


EVENTS = numbers(lambda account: event(account=account) + b"\n")
BAD_EVENTS: dict[str, bytes] = {
    "a title of marks": event(officer={"title": MARKS}),
    "a time of noughts": event(at="2014-08-20T12:00:00." + "0" * SIZE + "Z"),
    "titles": b"{" + b'"officer":{"title":"x"},' * 12_000 + b'"a":1}',
    "times, each another": numbers(lambda n: event(at=f"2014-08-20T12:00:00.{n}Z") + b"\n"),
}


@pytest.mark.parametrize("flood", BAD_EVENTS)
def test_bad_consents_cost_no_more_than_a_dozen_times_as_many_good_ones(flood: str):
    ratio = 12 * as_many(BAD_EVENTS[flood], EVENTS)
    within(lambda: events_of(BAD_EVENTS[flood]), lambda: events_of(EVENTS), ratio)


HELD = [
    ("a name of marks", BAD_LINES["a name of marks"], "ndjson"),
    ("keys, each another", BAD_LINES["keys, each another"], "ndjson"),
    ("identifiers, each another", BAD_LINES["identifiers, each another"], "ndjson"),
    ("objects in each other", BAD_LINES["objects in each other"], "ndjson"),
    ("commas", HEADER + QUOTES["commas"], "csv"),
    ("no end of a quote", HEADER + QUOTES["doubled quotes without an end"], "csv"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "form"), [pytest.param(data, form, id=name) for name, data, form in HELD]
)
def test_no_input_is_held_more_than_a_few_times(data: bytes, form: str):
    """A line may be a megabyte long, and its parts are objects for a moment; the input may not."""
    four = (data + b"\n") * 4

    assert most_bytes(lambda: lines_of(four, form)) < 60 * SIZE
