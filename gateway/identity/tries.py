"""Wrong passwords, counted where every server of the gateway sees them: by where they come from.

    an address               five in a row: it waits a quarter of an hour, for this name only
    all addresses together   fifty in a row: of them one try in ten seconds is looked at
    a browser that is known  five in a row: it waits a quarter of an hour. Nobody else's count
    the shell                the same
    a session                five in a row: it ends

So whoever guesses a name from elsewhere holds up other strangers at the most, for ten seconds, and
never a browser in which its owner has signed in before (`device`). One who commands some twenty
addresses can take every ten seconds' turn, and keep a browser nobody knows out for as long.

A row of `tries` is a source of one user; what strangers did together stands with the user.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    bindparam,
    delete,
    func,
    select,
    update,
)

from schemas.database import once, upsert
from schemas.errors import BadRequest
from schemas.tables import tries, users

FAILURES_MAX: Final = 5
WAITS: Final = timedelta(minutes=15)
STRANGERS_MAX: Final = 50
STRANGERS_WAIT: Final = timedelta(seconds=10)
KEPT: Final = timedelta(hours=12)
"""As long as a session lives: its count must not begin again before it is over."""

_SESSION: Final = "session"
_ONE = select(tries).where(tries.c.user == bindparam("whose"), tries.c.source == bindparam("where"))
_COUNT = once(
    lambda tx: (
        upsert(tx, tries)
        .values(user=bindparam("whose"), source=bindparam("where"), failures=bindparam("n"))
        .values(at=bindparam("now"))
        .on_conflict_do_update(
            index_elements=["user", "source"],
            set_={"failures": bindparam("n"), "at": bindparam("now")},
        )
    )
)
_TOGETHER = (
    update(users)
    .where(users.c.id == bindparam("which"))
    .values(failures=bindparam("n"), locked_until=bindparam("until"))
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a try comes from. `strange`: anybody might sit there."""

    text: str
    strange: bool = False


SHELL: Final = Source("shell")
"""Whoever is there could read the keys: no stranger."""


def address(peer: str) -> Source:
    """Somebody at this address, in a browser that nobody knows."""
    return Source(f"address {peer}", strange=True)


def browser(number: str) -> Source:
    """A browser in which this very user has signed in before."""
    return Source(f"browser {number}")


def session(digest: str) -> Source:
    """Somebody who is signed in."""
    return Source(f"{_SESSION} {digest}")


def look(tx: Connection, user: Row[Any], source: Source, *, now: datetime) -> int:
    """How many wrong ones in a row came from there. Raises `BadRequest` MRX-7020 if its next try
    has to wait.
    """
    row = tx.execute(_ONE, {"whose": user.id, "where": source.text}).one_or_none()
    number = 0 if row is None or row.at <= now - WAITS else int(row.failures)
    together = source.strange and user.locked_until is not None and user.locked_until > now
    if number >= FAILURES_MAX or together:
        raise BadRequest("MRX-7020")
    return number


def count(tx: Connection, user: Row[Any], source: Source, *, now: datetime) -> int:
    """Count a try before it is looked at; which it is. Raises as `look`, and has not counted then."""
    number = look(tx, user, source, now=now) + 1
    _keep(tx, user.id, source, number, now)
    if source.strange:
        together = user.failures + 1
        until = now + STRANGERS_WAIT if together >= STRANGERS_MAX else None
        tx.execute(_TOGETHER, {"which": user.id, "n": together, "until": until})
    return number


def count_in_session(tx: Connection, user_id: str, source: Source, *, now: datetime) -> int:
    """The same where nothing waits: a session ends instead."""
    row = tx.execute(_ONE, {"whose": user_id, "where": source.text}).one_or_none()
    number = 1 if row is None else int(row.failures) + 1
    _keep(tx, user_id, source, number, now)
    return number


def forget(tx: Connection, user_id: str, source: Source) -> None:
    """A right one came from there."""
    tx.execute(delete(tries).where(tries.c.user == user_id, tries.c.source == source.text))


def forget_all(tx: Connection, user_id: str) -> None:
    """Somebody is given another password: nobody waits for having guessed at the last one."""
    tx.execute(delete(tries).where(tries.c.user == user_id))


def waiting_since(user_id: ColumnElement[str]) -> ScalarSelect[datetime]:
    """When the last of a user's sources began to wait, or NULL; `WAITS` ends it."""
    full = (tries.c.failures >= FAILURES_MAX, tries.c.source.not_like(f"{_SESSION} %"))
    return select(func.max(tries.c.at)).where(tries.c.user == user_id, *full).scalar_subquery()


def sweep(tx: Connection, *, now: datetime) -> None:
    """Drop what is old."""
    tx.execute(delete(tries).where(tries.c.at < now - KEPT))


def _keep(tx: Connection, user_id: str, source: Source, number: int, now: datetime) -> None:
    tx.execute(_COUNT(tx), {"whose": user_id, "where": source.text, "n": number, "now": now})
