"""Proving who one is with a password that is kept here.

    tried --> counted before it is looked at --right--> the count begins again
                 '--five wrong in a row--> locked for a quarter of an hour

A try is counted before its password is, so that a hundred at once are five tries and ninety-five
refusals, and none is free whoever crashes in between.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import BoundedSemaphore
from typing import Final

from sqlalchemy import Row, bindparam, select, update

from gateway.identity import passwords, sessions, users
from gateway.identity.users import User
from outbox import ledger
from outbox.house import House
from schemas.errors import BadRequest
from schemas.tables import users as users_

_TURNS: Final = BoundedSemaphore(4)  # of 16 MiB each
_TURN_SECONDS: Final = 0.3
_BY_NAME = select(users_).where(users_.c.name == bindparam("called"))
_HERE = users_.c.id == bindparam("which")
_COUNT = (
    update(users_).where(_HERE).values(failures=bindparam("n"), locked_until=bindparam("until"))
)
_CLEAR = update(users_).where(_HERE).values(failures=0, locked_until=None)


def by_password(
    house: House, name: str, password: str, *, now: datetime, before: str | None = None
) -> str:
    """What the cookie of a new session holds; the one it held `before` ends. Raises `BadRequest`
    MRX-7019 for a wrong name or password, MRX-7020 after five wrong ones, MRX-7032 while too many
    try; a wrong password stands in the ledger if the name exists.
    """
    user = _checked(house, name, password, now=now)
    with house.database.write() as tx:
        if before is not None:
            sessions.end(tx, before)
        ledger.add(tx, "signed in", {"by": user.name, "with": "password"}, now=now)
        return sessions.begin(tx, users.get(tx, user.id), now=now)


def proved(house: House, name: str, password: str, *, now: datetime) -> User:
    """The user whose password this is: for a terminal, where nobody is signed in.

    Raises as `by_password`, and MRX-7025 while they have only a one-time password: whoever made it
    knows it too.
    """
    user = _checked(house, name, password, now=now)
    if user.one_time:
        raise BadRequest("MRX-7025")
    return user


def again(house: House, user: User, password: str, *, now: datetime) -> None:
    """Return if this is the password of somebody who is signed in; raises as `by_password`."""
    _checked(house, user.name, password, now=now)


def _checked(house: House, name: str, password: str, *, now: datetime) -> User:
    with _turn():
        row = _counted(house, name, now=now)
        # Outside any transaction: it takes long on purpose, also where there is no such user.
        right = passwords.holds(password, None if row is None else row.password)
    if row is None:
        raise BadRequest("MRX-7019")
    with house.database.write() as tx:
        # Read again: it may have been disabled, or given another password, meanwhile.
        found = tx.execute(_BY_NAME, {"called": row.name}).one_or_none()
        if right and found is not None and _same(found, row):
            tx.execute(_CLEAR, {"which": row.id})
            return users.get(tx, row.id)
        locked = row.failures >= users.FAILURES_MAX
        ledger.add(tx, "sign-in refused", {"user": row.name, "locked": locked}, now=now)
    raise BadRequest("MRX-7019")


@contextmanager
def _turn() -> Iterator[None]:
    """A few are looked at at a time: a flood of guesses takes neither the memory nor the threads of
    the partners' door. Raises MRX-7032, before the try counts.
    """
    if not _TURNS.acquire(timeout=_TURN_SECONDS):
        raise BadRequest("MRX-7032")
    try:
        yield
    finally:
        _TURNS.release()


def _counted(house: House, name: str, *, now: datetime) -> Row[tuple[object, ...]] | None:
    """The user's row with this try counted, or None if there is none. Raises MRX-7020."""
    with house.database.read() as tx:
        if tx.execute(_BY_NAME, {"called": name}).one_or_none() is None:
            return None  # no write for a name that somebody made up
    with house.database.write() as tx:
        row = tx.execute(_BY_NAME, {"called": name}).one()
        if row.locked_until is not None and row.locked_until > now:
            raise BadRequest("MRX-7020")
        failures = 1 if row.locked_until is not None else row.failures + 1
        until = now + users.LOCKED_FOR if failures >= users.FAILURES_MAX else None
        tx.execute(_COUNT, {"which": row.id, "n": failures, "until": until})
        return tx.execute(_BY_NAME, {"called": name}).one()


def _same(found: Row[tuple[object, ...]], tried: Row[tuple[object, ...]]) -> bool:
    return found.disabled_at is None and found.password == tried.password
