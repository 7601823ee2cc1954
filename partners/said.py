"""What the source says of one member, in the form in which the roll keeps it.

    name, identifiers, status, member_since, business_type  --digest-->  is it news?

A push makes one of these a line and no other object: a million lines are a million of them.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import orjson

from schemas.identifiers import Identifier
from schemas.member import Member
from schemas.status import Status


class Said(NamedTuple):
    """The first columns of a row of the roll, as the database stores them, and the identifiers
    once more as pairs of scheme and value. Every value is valid and in its one canonical form.
    """

    account: str
    name: str
    identifiers: str
    status: str
    member_since: str
    business_type: str | None
    digest: bytes
    pairs: Sequence[tuple[str, str]]

    @property
    def member(self) -> Member:
        return Member(
            account=self.account,
            name=self.name,
            identifiers=tuple(Identifier.kept(*pair) for pair in self.pairs),
            status=Status(self.status),
            member_since=date.fromisoformat(self.member_since),
            business_type=self.business_type,
        )


_new = tuple.__new__  # half the time of the class's own constructor, which is written in Python


def say(
    account: str,
    name: str,
    pairs: Sequence[tuple[str, str]],
    status: str,
    member_since: str,
    business_type: str | None,
) -> Said:
    """Put together what was judged before: nothing is looked at here."""
    identifiers = orjson.dumps(pairs).decode()
    seal = _digest(name, pairs, status, member_since, business_type)
    return _new(
        Said, (account, name, identifiers, status, member_since, business_type, seal, pairs)
    )


def said(member: Member) -> Said:
    """The same of a member."""
    return say(
        member.account,
        member.name,
        [(i.scheme, i.value) for i in member.identifiers],
        member.status.value,
        member.member_since.isoformat(),
        member.business_type,
    )


def digest(member: Member) -> bytes:
    """SHA-256 of everything the roll keeps of a member; the order of identifiers is no news."""
    return said(member).digest


def _digest(
    name: str,
    pairs: Sequence[tuple[str, str]],
    status: str,
    member_since: str,
    business_type: str | None,
) -> bytes:
    ordered = sorted(pairs) if len(pairs) > 1 else pairs
    return hashlib.sha256(
        orjson.dumps([name, ordered, status, member_since, business_type])
    ).digest()
