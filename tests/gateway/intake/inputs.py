"""Inputs of one line or many, read whole."""

import io
from datetime import UTC, datetime

import orjson

from gateway.intake.events import read_event
from gateway.intake.members import read_member
from gateway.intake.reading import Rejected, Taken, Tally, read
from gateway.intake.shape import CONSENTS, MEMBERS

SCHEMES = frozenset({"SCAC", "ICR", "MID"})
NOW = datetime(2026, 1, 31, tzinfo=UTC)
HEADER = b"account,name,identifiers,status,member_since\n"


def line(account: str = "31614261", **changes: object) -> bytes:
    fields = {
        "account": account,
        "name": "A",
        "identifiers": [],
        "status": "CERTIFIED",
        "member_since": "2014-04-07",
    }
    return orjson.dumps({**fields, **changes}) + b"\n"


def row(account: str = "31614261", name: str = "A", status: str = "CERTIFIED") -> bytes:
    return f"{account},{name},,{status},2014-04-07\n".encode()


def members(data: bytes | object, form: str = "ndjson") -> tuple[list[Taken | Rejected], Tally]:
    tally = Tally()
    source = io.BytesIO(data) if isinstance(data, bytes) else data

    def take(fields):
        return read_member(fields, schemes=SCHEMES, today=NOW.date())

    return list(read(source, format=form, shape=MEMBERS, take=take, tally=tally)), tally


def consents(data: bytes, form: str = "ndjson") -> tuple[list[Taken | Rejected], Tally]:
    tally = Tally()

    def take(fields):
        return read_event(fields, partners={"mx-neec"}, texts={}, now=NOW), ()

    return list(read(io.BytesIO(data), format=form, shape=CONSENTS, take=take, tally=tally)), tally


def said(found: list[Taken | Rejected]) -> list[tuple[int, str]]:
    """Line and code of each outcome; a line that was taken has the code 'taken'."""
    return [(one.line, one.code if isinstance(one, Rejected) else "taken") for one in found]
