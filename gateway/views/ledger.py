"""Who did what, and whether the ledger is whole: entries by kind, partner, person and time.

A page looks at no more than some thousand entries, the newest first, and says how far it got: a
filter that finds little ends early and goes on with its cursor, however long the ledger is. Kind
and partner are found by an index; moments by their place, because entries are written in order.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, bindparam, case, func, select

from outbox import ledger
from outbox.house import House
from outbox.ledger import Head
from schemas.errors import BadRequest
from schemas.member import ACCOUNT
from schemas.tables import ledger as entries

LOOKED_AT_MAX: Final = 2_000
AT_ONCE: Final = 1_000
LARGE_CHARS: Final = 10_000
"""An entry that says more (of thousands of members at once) is shown on a page of its own."""

VERIFIED: Final = "ledger verified"
# What somebody writes about one company may name it.
OF_ONE_COMPANY: Final = frozenset(
    {"looked up", "statement issued", "revocation entered", "revoked", "name shown"}
)
# What an entry says of an act itself; the rest of it may name an account or a ref.
OF_THE_ACT: Final = frozenset(
    {"act", "right", "by", "reason", "code", "state", "lane", "batch", "epoch", "number", "issue"}
    | {"verdict", "step", "evidence", "approval", "asked_by", "approved_by", "push", "mode"}
    | {"read", "accepted", "rejected", "withdrawn", "unchanged", "user", "roles", "token", "scopes"}
)
_COLUMNS = ("position", "at", "kind", "partner", "subject", "entry", "previous", "digest")
_LISTED = (
    *(column for column in entries.c if column.name != "entry"),
    case((func.length(entries.c.entry) <= LARGE_CHARS, entries.c.entry)).label("entry"),
)
_NEXT_KIND = select(func.min(entries.c.kind)).where(entries.c.kind > bindparam("last"))
_LAST_VERIFIED = (
    select(entries).where(entries.c.kind == VERIFIED).order_by(entries.c.position.desc()).limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries to show; None: all. `since` and `until` are moments, the latter not included."""

    kind: str | None = None
    partner: str | None = None
    by: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. `by` is who did it, if anybody did; `told` is all that it says, and nothing of a
    `large` one in a list.
    """

    position: int
    at: datetime
    kind: str
    partner: str | None
    subject: str | None
    told: Mapping[str, Any]
    digest: str
    large: bool = False

    @property
    def by(self) -> str | None:
        return self.told.get("by")

    @property
    def of_the_act(self) -> dict[str, Any]:
        """What may be read by who may not see companies."""
        return {
            name: value
            for name, value in self.told.items()
            if name in OF_THE_ACT
            and (name in ledger.OF_NOBODY or not isinstance(value, list))
            and not (name == "reason" and self.of_one_company)
        }

    @property
    def of_one_company(self) -> bool:
        """Whether this tells of one company."""
        of_account = self.subject is not None and ACCOUNT.fullmatch(self.subject) is not None
        return of_account or self.kind in OF_ONE_COMPANY


@dataclass(frozen=True, slots=True)
class Entries:
    """A page; `before` leads on to older ones, None at the end."""

    found: list[Entry]
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The head as it is, and the last time somebody walked the chain: up to where, and what they
    found. `broken_at` is the first position that did not follow from the one before.
    """

    head: Head
    verified_at: datetime | None
    verified_by: str | None
    verified_to: int
    broken_at: int | None


def page(
    tx: Connection, _house: House, wanted: Wanted, *, before: int | None, at_most: int
) -> Entries:
    """The newest entries that are wanted, older than `before`."""
    query = select(*_LISTED).order_by(entries.c.position.desc()).limit(LOOKED_AT_MAX)
    if wanted.kind is not None:
        query = query.where(entries.c.kind == wanted.kind)
    elif wanted.partner is not None:
        query = query.where(entries.c.partner == wanted.partner)
    upper = ledger.head(tx).size + 1 if before is None else before
    if wanted.until is not None:
        upper = min(upper, ledger.first_at(tx, wanted.until))
    query = query.where(entries.c.position < upper)
    if wanted.since is not None:
        query = query.where(entries.c.position >= ledger.first_at(tx, wanted.since))
    found: list[Entry] = []
    looked, last = 0, None
    for row in tx.execute(query):
        looked, last = looked + 1, row.position
        if wanted.partner not in (None, row.partner):
            continue
        entry = _entry(row)
        if wanted.by in (None, entry.by):
            found.append(entry)
            if len(found) == at_most:
                break
    whole = looked < LOOKED_AT_MAX and len(found) < at_most
    return Entries(found, None if whole else last)


def one(tx: Connection, position: int) -> Entry:
    """The entry at a position, whole. Raises `BadRequest` MRX-7004 where there is none."""
    row = tx.execute(select(entries).where(entries.c.position == position)).one_or_none()
    if row is None:
        raise BadRequest("MRX-7004")
    return _entry(row)


def kinds(tx: Connection) -> list[str]:
    """Every kind of entry there is: a probe of the index each."""
    found: list[str] = []
    last: str | None = tx.scalar(_NEXT_KIND, {"last": ""})
    while last is not None:
        found.append(last)
        last = tx.scalar(_NEXT_KIND, {"last": last})
    return found


def standing(tx: Connection) -> Standing:
    """The head, and the last verification the ledger itself tells of."""
    row = tx.execute(_LAST_VERIFIED).one_or_none()
    told = {} if row is None else orjson.loads(row.entry)
    return Standing(
        head=ledger.head(tx),
        verified_at=None if row is None else row.at,
        verified_by=told.get("by"),
        verified_to=told.get("to", 0),
        broken_at=told.get("broken_at"),
    )


def pieces(house: House, first: int, last: int) -> Iterator[bytes]:
    """Entries as NDJSON, some thousand at a time: nothing is held open meanwhile."""
    for start in range(first, last + 1, AT_ONCE):
        with house.database.read() as tx:
            yield b"".join(lines(tx, first=start, last=min(start + AT_ONCE - 1, last)))


def lines(tx: Connection, *, first: int, last: int) -> Iterator[bytes]:
    """Entries as NDJSON, the oldest first. A digest is the SHA-256 of a JSON list of what stands
    here: [previous, position, at, kind, partner, subject, entry].
    """
    between = entries.c.position.between(first, last)
    return map(line, tx.execute(select(entries).where(between).order_by(entries.c.position)))


def line(row: Row[Any]) -> bytes:
    """An entry as a line of NDJSON: times without a Z for UTC, as the digest is made of them."""
    return orjson.dumps({name: getattr(row, name) for name in _COLUMNS}) + b"\n"


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        position=row.position,
        at=row.at,
        kind=row.kind,
        partner=row.partner,
        subject=row.subject,
        told={} if row.entry is None else orjson.loads(row.entry),
        digest=row.digest,
        large=row.entry is None,
    )
