"""The home programme's roll: every member as the source last described it.

A push carries `as_of`, the moment whose truth it tells. What is older than what the roll already
knows of a member changes nothing; what says the same changes nothing but that moment.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Integer,
    Row,
    bindparam,
    delete,
    func,
    select,
    type_coerce,
    update,
)

from partners.said import Said, digest
from schemas import bulk
from schemas.errors import BadRequest
from schemas.identifiers import Identifier
from schemas.member import Member
from schemas.status import Status
from schemas.tables import Big, home, is_set, member_identifiers, members, stored

_KEPT = Said._fields.index("pairs")  # what a row has of what was said

# Built once: to build a statement anew costs more than to carry it out.
_ACCOUNT, _SAID_AT, _FOUND = members.c.account, members.c.as_of, member_identifiers.c.account
_THESE = bulk.one_of(_ACCOUNT, "accounts")
_MOMENT = bindparam("moment", type_=_SAID_AT.type)
_NOW = bindparam("now", type_=_SAID_AT.type)
_KNOWN = select(
    _ACCOUNT,
    members.c.digest,
    members.c.version,
    type_coerce(_SAID_AT, Big),
    type_coerce(members.c.present, Integer),
    type_coerce(members.c.unknown_status, Integer),
).where(_THESE)
_NUMBERS = select(member_identifiers).where(bulk.one_of(_FOUND, "accounts"))
_FORGET = delete(member_identifiers).where(bulk.one_of(_FOUND, "accounts"))
_CONFIRM = update(members).where(_THESE, _SAID_AT < _MOMENT).values(as_of=_MOMENT)
_MINE = (bindparam("whose") == _ACCOUNT) & (_SAID_AT <= _MOMENT)
_AGAIN = update(members).where(_MINE, is_set(members.c.unknown_status)).values(as_of=_MOMENT)
_DOUBT = (
    update(members)
    .where(_MINE)
    .values(unknown_status=True, as_of=_MOMENT, version=members.c.version + 1, changed_at=_NOW)
)
_LEAVE = (
    update(members)
    .where(_THESE, is_set(members.c.present), _SAID_AT <= _MOMENT)
    .values(present=False, as_of=_MOMENT, version=members.c.version + 1, changed_at=_NOW)
    .returning(_ACCOUNT)
)
_PRESENT = (
    select(_ACCOUNT)
    .where(is_set(members.c.present), _SAID_AT <= _MOMENT, bindparam("after") < _ACCOUNT)
    .order_by(_ACCOUNT)
    .limit(bindparam("most"))
)
_SIZE = select(func.count()).select_from(members).where(is_set(members.c.present))
_STATUSES = select(_ACCOUNT, members.c.status).where(_THESE)
_GET = select(members).where(bindparam("whose") == _ACCOUNT)
_EXIST = select(_ACCOUNT).where(_THESE)
_HEARD = (
    update(home)
    .where((home.c.members_as_of.is_(None)) | (home.c.members_as_of < _MOMENT))
    .values(members_as_of=_MOMENT)
)
_AS_OF = select(home.c.members_as_of)


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


class Known(NamedTuple):
    """What must be known of a roll entry to tell whether a push is news, as the database keeps it."""

    account: str
    digest: bytes
    version: int
    as_of: int
    present: int
    unknown_status: int


@dataclass(frozen=True, slots=True)
class Sorted:
    """What many pushed members are to the roll, in the order in which they were pushed; of those
    that are older than what it knows, only how many.
    """

    new: list[Said]
    changed: list[Said]
    unchanged: list[Said]
    older: int

    @property
    def news(self) -> list[Said]:
        return self.new + self.changed


def known(tx: Connection, accounts: Collection[str]) -> dict[str, Known]:
    """What the roll knows of these accounts (at most some thousands)."""
    rows = tx.execute(_KNOWN, {"accounts": accounts})
    return {row[0]: tuple.__new__(Known, row) for row in rows}


def news(member: Member, before: Known | None, as_of: datetime) -> News:
    """Whether this member, as of that moment, is news to the roll."""
    if before is None:
        return News.NEW
    if stored(as_of) < before.as_of:
        return News.OLDER
    same = before.present and not before.unknown_status and before.digest == digest(member)
    return News.UNCHANGED if same else News.CHANGED


def sort(said: Iterable[Said], before: dict[str, Known], as_of: datetime) -> Sorted:
    """The same of many."""
    at = stored(as_of)
    new: list[Said] = []
    changed: list[Said] = []
    unchanged: list[Said] = []
    older = 0
    for one in said:
        was = before.get(one.account)
        if was is None:
            new.append(one)
        elif at < was.as_of:
            older += 1
        elif one.digest == was.digest and was.present and not was.unknown_status:
            unchanged.append(one)
        else:
            changed.append(one)
    return Sorted(new, changed, unchanged, older)


def put(
    tx: Connection, sorted_: Sorted, before: dict[str, Known], *, as_of: datetime, now: datetime
) -> None:
    """Write the new and changed members; their accounts are all different."""
    news = sorted_.news
    if not news:
        return
    present, unknown_status = 1, 0
    at, changed_at = stored(as_of), stored(now)
    rest = (1, at, present, unknown_status, changed_at)
    bulk.add(tx, members, [one[:_KEPT] + rest for one in sorted(sorted_.new)])
    bulk.change(
        tx,
        members,
        [
            (*one[:_KEPT], before[one.account].version + 1, *rest[1:])
            for one in sorted(sorted_.changed)
        ],
    )
    _find_by(tx, sorted_)


def _find_by(tx: Connection, sorted_: Sorted) -> None:
    """Keep the identifiers by which members are found as the roll now has them.

    Most news of a known member leaves them as they are, and then nothing is written.
    """
    other = sorted_.new
    if sorted_.changed:
        has: dict[str, list[tuple[str, str]]] = {}
        accounts = [one.account for one in sorted_.changed]
        for scheme, value, account in tx.execute(_NUMBERS, {"accounts": accounts}):
            has.setdefault(account, []).append((scheme, value))
        differ = [one for one in sorted_.changed if set(has.get(one.account, ())) != set(one.pairs)]
        stale = [one.account for one in differ if one.account in has]
        if stale:
            tx.execute(_FORGET, {"accounts": stale})
        other = other + differ
    rows = [(scheme, value, one.account) for one in other for scheme, value in one.pairs]
    rows.sort()
    bulk.add(tx, member_identifiers, rows)


def confirm(tx: Connection, accounts: Collection[str], *, as_of: datetime) -> None:
    """The source said the same again: only the moment moves on."""
    if accounts:
        tx.execute(_CONFIRM, {"accounts": accounts, "moment": as_of})


def doubt(tx: Connection, account: str, *, as_of: datetime, now: datetime) -> bool:
    """The source sent an unknown status word: announce nothing until a known one comes.

    Says whether that is new: the roll has this member, and had no doubt about it before.
    """
    if tx.execute(_AGAIN, {"whose": account, "moment": as_of}).rowcount:
        return False
    return tx.execute(_DOUBT, {"whose": account, "moment": as_of, "now": now}).rowcount == 1


def leave(
    tx: Connection, accounts: Collection[str], *, as_of: datetime, now: datetime
) -> list[str]:
    """A full list left these members out. Their status stays what the source last said (P3).

    Returns who has left: not whom a newer push has described since the list was read.
    """
    done = tx.execute(_LEAVE, {"accounts": accounts, "moment": as_of, "now": now})
    return sorted(done.scalars())


def present(tx: Connection, *, before: datetime, after: str, limit: int) -> list[str]:
    """The accounts on the roll that a full list as of that moment speaks about, in their order;
    a page of them, from behind `after`.
    """
    return list(tx.scalars(_PRESENT, {"moment": before, "after": after, "most": limit}))


def size(tx: Connection) -> int:
    return tx.scalar(_SIZE) or 0


def get(tx: Connection, account: str) -> Entry:
    """One entry, or `BadRequest` MRX-5002."""
    row = tx.execute(_GET, {"whose": account}).one_or_none()
    if row is None:
        raise BadRequest("MRX-5002")
    return _entry(row)


def statuses(tx: Connection, accounts: Collection[str]) -> dict[str, str]:
    """The status that the source last said, of those of these accounts that the roll has."""
    if not accounts:
        return {}
    return {row[0]: row[1] for row in tx.execute(_STATUSES, {"accounts": accounts})}


def exist(tx: Connection, accounts: Collection[str]) -> set[str]:
    """Which of these accounts the roll has."""
    return set(tx.scalars(_EXIST, {"accounts": accounts}))


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
    tx.execute(_HEARD, {"moment": moment})


def as_of(tx: Connection) -> datetime | None:
    """How fresh the feed of members is; None if it has never been heard."""
    found: datetime | None = tx.scalar(_AS_OF)
    return found
