"""The home programme's roll: every member as the source last described it.

A push carries `as_of`, the moment whose truth it tells. What is older than what the roll already
knows of a member changes nothing; what says the same changes nothing but that moment.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Connection, Row, delete, func, select, update

from schemas import bulk
from schemas.errors import BadRequest
from schemas.identifiers import Identifier
from schemas.member import Member
from schemas.status import Status
from schemas.tables import home, is_set, member_identifiers, members, stored


class News(StrEnum):
    """What a pushed member is to the roll."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    OLDER = "older"


@dataclass(frozen=True, slots=True)
class Entry:
    """A member on the roll. `present` is False once a full list left it out; `unknown_status` is
    True while the source's last word for its status was one nobody knows.
    """

    member: Member
    version: int
    as_of: datetime
    present: bool
    unknown_status: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What must be known of a roll entry to tell whether a push is news."""

    digest: bytes
    version: int
    as_of: datetime
    present: bool
    unknown_status: bool


def digest(member: Member) -> bytes:
    """SHA-256 of everything the roll keeps of a member; the order of identifiers is no news."""
    pairs = sorted((i.scheme, i.value) for i in member.identifiers)
    told = [member.name, pairs, member.status, member.member_since, member.business_type]
    return hashlib.sha256(orjson.dumps(told)).digest()


def known(tx: Connection, accounts: Collection[str]) -> dict[str, Known]:
    """What the roll knows of these accounts (at most some thousands)."""
    query = select(
        members.c.account,
        members.c.digest,
        members.c.version,
        members.c.as_of,
        members.c.present,
        members.c.unknown_status,
    ).where(bulk.among(tx, members.c.account, accounts))
    return {
        row.account: Known(row.digest, row.version, row.as_of, row.present, row.unknown_status)
        for row in tx.execute(query)
    }


def news(member: Member, before: Known | None, as_of: datetime) -> News:
    """Whether this member, as of that moment, is news to the roll."""
    if before is None:
        return News.NEW
    if as_of < before.as_of:
        return News.OLDER
    same = before.present and not before.unknown_status and before.digest == digest(member)
    return News.UNCHANGED if same else News.CHANGED


def put(
    tx: Connection,
    entries: Sequence[Member],
    before: dict[str, Known],
    *,
    as_of: datetime,
    now: datetime,
) -> None:
    """Write new and changed members; their accounts are all different."""
    if not entries:
        return
    some = sorted(entries, key=lambda member: member.account)
    at, changed_at = stored(as_of), stored(now)
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    for member in some:
        known_ = before.get(member.account)
        row = (
            member.account,
            member.name,
            orjson.dumps([[i.scheme, i.value] for i in member.identifiers]).decode(),
            member.status.value,
            member.member_since.isoformat(),
            member.business_type,
            digest(member),
            1 if known_ is None else known_.version + 1,
            at,
            1,  # present
            0,  # unknown_status
            changed_at,
        )
        (new if known_ is None else changed).append(row)
    bulk.add(tx, members, new)
    bulk.change(tx, members, changed)
    _find_by(tx, some, before)


def _find_by(tx: Connection, entries: Sequence[Member], before: Collection[str]) -> None:
    """Keep the identifiers by which members are found as the roll now has them.

    Most news leaves them as they are, and then nothing is written.
    """
    has: dict[str, set[tuple[str, str]]] = {}
    known = [member.account for member in entries if member.account in before]
    found = member_identifiers.c.account
    query = select(member_identifiers).where(bulk.among(tx, found, known))
    for row in tx.execute(query) if known else ():
        has.setdefault(row.account, set()).add((row.scheme, row.value))
    other = [
        member
        for member in entries
        if has.get(member.account, set()) != {(i.scheme, i.value) for i in member.identifiers}
    ]
    stale = [member.account for member in other if member.account in has]
    if stale:
        tx.execute(delete(member_identifiers).where(bulk.among(tx, found, stale)))
    bulk.add(
        tx,
        member_identifiers,
        sorted((i.scheme, i.value, member.account) for member in other for i in member.identifiers),
    )


def confirm(tx: Connection, accounts: Collection[str], *, as_of: datetime) -> None:
    """The source said the same again: only the moment moves on."""
    if accounts:
        tx.execute(
            update(members)
            .where(bulk.among(tx, members.c.account, accounts), members.c.as_of < as_of)
            .values(as_of=as_of)
        )


def doubt(tx: Connection, account: str, *, as_of: datetime, now: datetime) -> bool:
    """The source sent an unknown status word: announce nothing until a known one comes.

    Says whether that is new: the roll has this member, and had no doubt about it before.
    """
    mine = (members.c.account == account) & (members.c.as_of <= as_of)
    again = mine & is_set(members.c.unknown_status)
    if tx.execute(update(members).where(again).values(as_of=as_of)).rowcount:
        return False
    doubted = {"unknown_status": True, "as_of": as_of, "version": members.c.version + 1}
    done = tx.execute(update(members).where(mine).values(**doubted, changed_at=now))
    return done.rowcount == 1


def leave(
    tx: Connection, accounts: Collection[str], *, as_of: datetime, now: datetime
) -> list[str]:
    """A full list left these members out. Their status stays what the source last said (P3).

    Returns who has left: not whom a newer push has described since the list was read.
    """
    done = tx.execute(
        update(members)
        .where(
            bulk.among(tx, members.c.account, accounts),
            is_set(members.c.present),
            members.c.as_of <= as_of,
        )
        .values(present=False, as_of=as_of, version=members.c.version + 1, changed_at=now)
        .returning(members.c.account)
    )
    return sorted(done.scalars())


def present(tx: Connection, *, before: datetime, after: str, limit: int) -> list[str]:
    """The accounts on the roll that a full list as of that moment speaks about, in their order;
    a page of them, from behind `after`.
    """
    query = select(members.c.account).where(is_set(members.c.present), members.c.as_of <= before)
    page = query.where(members.c.account > after).order_by(members.c.account).limit(limit)
    return list(tx.scalars(page))


def size(tx: Connection) -> int:
    return (
        tx.scalar(select(func.count()).select_from(members).where(is_set(members.c.present))) or 0
    )


def get(tx: Connection, account: str) -> Entry:
    """One entry, or `BadRequest` MRX-5002."""
    row = tx.execute(select(members).where(members.c.account == account)).one_or_none()
    if row is None:
        raise BadRequest("MRX-5002")
    return _entry(row)


def exist(tx: Connection, accounts: Collection[str]) -> set[str]:
    """Which of these accounts the roll has."""
    return set(
        tx.scalars(select(members.c.account).where(bulk.among(tx, members.c.account, accounts)))
    )


def every(tx: Connection) -> Iterable[Entry]:
    """The whole roll, by account, row by row."""
    query = select(members).order_by(members.c.account)
    return (_entry(row) for row in tx.execute(query.execution_options(yield_per=1_000)))


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        member=Member(
            account=row.account,
            name=row.name,
            identifiers=tuple(Identifier(scheme, value) for scheme, value in row.identifiers),
            status=Status(row.status),
            member_since=row.member_since,
            business_type=row.business_type,
        ),
        version=row.version,
        as_of=row.as_of,
        present=row.present,
        unknown_status=row.unknown_status,
    )


def heard(tx: Connection, moment: datetime) -> None:
    """The feed of members spoke, describing the world as of that moment; never moves back."""
    tx.execute(
        update(home)
        .where((home.c.members_as_of.is_(None)) | (home.c.members_as_of < moment))
        .values(members_as_of=moment)
    )


def as_of(tx: Connection) -> datetime | None:
    """How fresh the feed of members is; None if it has never been heard."""
    found: datetime | None = tx.scalar(select(home.c.members_as_of))
    return found
