"""Proving who one is with a password that is kept here.

    by anybody       five wrong in a row lock the name for a quarter of an hour
    in a session     five wrong in a row end the session; a lock of the name is not asked

A try is counted before its password is looked at, so that a hundred at once are five tries and
ninety-five refusals, and none is free whoever crashes in between. Strangers who lock a name keep
its owner from signing in for that while, but not from acting where they are in already.
"""

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Row, bindparam, select, update

from gateway.identity import passwords, sessions, users
from gateway.identity.sessions import Session
from gateway.identity.turns import Turns
from gateway.identity.users import User
from outbox import ledger
from outbox.house import House
from schemas.errors import BadRequest
from schemas.tables import users as users_

T = TypeVar("T")
_TURNS: Final = Turns(4)  # of 16 MiB each
_TURNS_AGAIN: Final = Turns(4)
_SESSIONS_MAX: Final = 10_000  # whose wrong passwords are remembered
_BY_NAME = select(users_).where(users_.c.name == bindparam("called"))
_BY_ID = select(users_).where(users_.c.id == bindparam("which"))
_HERE = users_.c.id == bindparam("which")
_COUNT = (
    update(users_).where(_HERE).values(failures=bindparam("n"), locked_until=bindparam("until"))
)
# Only if it is still so: a reset, or the end of their access, may have come in between.
_CLEAR = (
    update(users_)
    .where(_HERE, users_.c.password == bindparam("looked_at"), users_.c.disabled_at.is_(None))
    .values(failures=0, locked_until=None)
)


def by_password(
    house: House, name: str, password: str, *, now: datetime, before: str | None = None
) -> str:
    """What the cookie of a new session holds; the one it held `before` ends. Raises `BadRequest`
    MRX-7019 for a wrong name or password and for a name that is locked, all alike: who exists shows
    in nothing. MRX-7032 while too many try. A wrong password stands in the ledger if the name
    exists.
    """

    def begin(tx: Connection, user: User) -> str:
        if before is not None:
            sessions.end(tx, before)
        ledger.add(tx, "signed in", {"by": user.name, "with": "password"}, now=now)
        return sessions.begin(tx, user, now=now)

    try:
        return _checked(house, name, password, begin, now=now)
    except BadRequest as refused:
        if refused.code == "MRX-7020":
            raise BadRequest("MRX-7019") from None
        raise


def proved(house: House, name: str, password: str, *, now: datetime) -> User:
    """The user whose password this is: for a terminal, where nobody is signed in.

    Raises as `by_password`; MRX-7020 while the name is locked, since who is at a terminal may list
    the users anyway; MRX-7025 while they have only a one-time password: whoever made it knows it too.
    """
    user = _checked(house, name, password, lambda _tx, user: user, now=now)
    if user.one_time:
        raise BadRequest("MRX-7025")
    return user


def again(house: House, session: Session, password: str, *, now: datetime) -> str:
    """What is kept of the password of somebody who is signed in, if this is it.

    Raises `BadRequest` MRX-7019 if it is not; MRX-7020 if that was the fifth time, and the session
    has ended; MRX-7032 while too many try.
    """
    with _TURNS_AGAIN.one():
        number = _wrong.counted(session)
        with house.database.read() as tx:
            row = tx.execute(_BY_ID, {"which": session.user.id}).one()
        # Outside any transaction, as below.
        right = number <= users.FAILURES_MAX and passwords.holds(password, row.password)
    if right:
        _wrong.forget(session)
        return str(row.password)
    over = number >= users.FAILURES_MAX
    with house.database.write() as tx:
        if over:
            sessions.end_this(tx, session)
        told = {"user": session.user.name, "locked": False, "signed_out": over}
        ledger.add(tx, "sign-in refused", told, now=now)
    raise BadRequest("MRX-7020" if over else "MRX-7019")


class _Wrong:
    """Wrong passwords in a row, by session. In memory: who starts the server anew is no guesser."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, int] = {}

    def counted(self, session: Session) -> int:
        """Which try this is."""
        with self._lock:
            number = self._counts.pop(session.digest, 0) + 1
            self._counts[session.digest] = number  # the newest is the last
            if len(self._counts) > _SESSIONS_MAX:
                del self._counts[next(iter(self._counts))]
            return number

    def forget(self, session: Session) -> None:
        with self._lock:
            self._counts.pop(session.digest, None)


_wrong: Final = _Wrong()


def _checked(
    house: House, name: str, password: str, then: Callable[[Connection, User], T], *, now: datetime
) -> T:
    """What `then` makes of the user, in the transaction that sees that the password still holds."""
    with _TURNS.one():
        try:
            row = _counted(house, name, now=now)
        except BadRequest:
            passwords.holds(password, None)  # it takes as long as any other try
            raise
        # Outside any transaction: it takes long on purpose, also where there is no such user.
        right = passwords.holds(password, None if row is None else row.password)
    if row is None:
        raise BadRequest("MRX-7019")
    with house.database.write() as tx:
        looked_at = {"which": row.id, "looked_at": row.password}
        if right and tx.execute(_CLEAR, looked_at).rowcount:
            return then(tx, users.get(tx, row.id))
        locked = row.failures >= users.FAILURES_MAX
        ledger.add(tx, "sign-in refused", {"user": row.name, "locked": locked}, now=now)
    raise BadRequest("MRX-7019")


def _counted(house: House, name: str, *, now: datetime) -> Row[Any] | None:
    """The user's row with this try counted, or None if there is none. Raises MRX-7020."""
    with house.database.read() as tx:
        found = tx.execute(_BY_NAME, {"called": name}).one_or_none()
    if found is None:
        return None  # no write for a name that somebody made up
    _not_locked(found, now)  # nor for one that is locked
    with house.database.write() as tx:
        row = tx.execute(_BY_NAME, {"called": name}).one()
        _not_locked(row, now)
        failures = 1 if row.locked_until is not None else row.failures + 1
        until = now + users.LOCKED_FOR if failures >= users.FAILURES_MAX else None
        tx.execute(_COUNT, {"which": row.id, "n": failures, "until": until})
        return tx.execute(_BY_NAME, {"called": name}).one()


def _not_locked(row: Row[Any], now: datetime) -> None:
    if row.locked_until is not None and row.locked_until > now:
        raise BadRequest("MRX-7020")
