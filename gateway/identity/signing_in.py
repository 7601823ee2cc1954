"""Proving who one is with a password that is kept here.

    by anybody       five wrong in a row, and where they came from waits a quarter of an hour
    in a session     five wrong in a row end the session; nothing else is asked

Who holds up whom, and who does not: `tries`. A try is counted before its password is looked at, so
that a hundred at once are five tries and ninety-five refusals, at however many servers, and none
is free whoever crashes in between.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Row, bindparam, select, update

from gateway.identity import passwords, sessions, tries, users
from gateway.identity.sessions import Session
from gateway.identity.tries import FAILURES_MAX, Source
from gateway.identity.turns import Turns
from gateway.identity.users import User
from outbox import ledger
from outbox.house import House
from schemas.errors import BadRequest
from schemas.tables import users as users_

T = TypeVar("T")
_TURNS: Final = Turns(4)  # of 16 MiB each
_TURNS_KNOWN: Final = Turns(4)  # no stranger takes those
_BY_NAME = select(users_).where(users_.c.name == bindparam("called"))
_BY_ID = select(users_).where(users_.c.id == bindparam("which"))
_HERE = users_.c.id == bindparam("which")
# Only if it is still so: a reset, or the end of their access, may have come in between.
_CLEAR = (
    update(users_)
    .where(_HERE, users_.c.password == bindparam("looked_at"), users_.c.disabled_at.is_(None))
    .values(failures=0, locked_until=None)
)


def by_password(
    house: House,
    name: str,
    password: str,
    *,
    source: Source,
    now: datetime,
    before: str | None = None,
) -> str:
    """What the cookie of a new session holds; the one it held `before` ends. Raises `BadRequest`
    MRX-7019 for a wrong name or password and for one that has to wait, all alike: who exists shows
    in nothing. MRX-7032 while too many try. A wrong password stands in the ledger if the name
    exists.
    """

    def begin(tx: Connection, user: User) -> str:
        if before is not None:
            sessions.end(tx, before)
        ledger.add(tx, "signed in", {"by": user.name, "with": "password"}, now=now)
        return sessions.begin(tx, user, now=now)

    try:
        return _checked(house, name, password, begin, source=source, now=now)
    except BadRequest as refused:
        if refused.code == "MRX-7020":
            raise BadRequest("MRX-7019") from None
        raise


def proved(house: House, name: str, password: str, *, now: datetime) -> User:
    """The user whose password this is: for a terminal, where nobody is signed in.

    Raises as `by_password`; MRX-7020 while it has to wait, since who is at a terminal may list the
    users anyway; MRX-7025 while they have only a one-time password: whoever made it knows it too.
    """
    user = _checked(house, name, password, lambda _, user: user, source=tries.SHELL, now=now)
    if user.one_time:
        raise BadRequest("MRX-7025")
    return user


def again(house: House, session: Session, password: str, *, now: datetime) -> str:
    """What is kept of the password of somebody who is signed in, if this is it.

    Raises `BadRequest` MRX-7019 if it is not; MRX-7020 if that was the fifth time, and the session
    has ended; MRX-7032 while too many try.
    """
    source = tries.session(session.digest)
    with _TURNS_KNOWN.one():
        with house.database.write() as tx:
            number = tries.count_in_session(tx, session.user.id, source, now=now)
            row = tx.execute(_BY_ID, {"which": session.user.id}).one()
        # Outside any transaction, as below.
        right = number <= FAILURES_MAX and passwords.holds(password, row.password)
    if right:
        with house.database.write() as tx:
            tries.forget(tx, session.user.id, source)
        return str(row.password)
    over = number >= FAILURES_MAX
    with house.database.write() as tx:
        if over:
            sessions.end_this(tx, session)
        told = {"user": session.user.name, "locked": False, "signed_out": over}
        ledger.add(tx, "sign-in refused", told, now=now)
    raise BadRequest("MRX-7020" if over else "MRX-7019")


def _checked(
    house: House,
    name: str,
    password: str,
    then: Callable[[Connection, User], T],
    *,
    source: Source,
    now: datetime,
) -> T:
    """What `then` makes of the user, in the transaction that sees that the password still holds."""
    with (_TURNS if source.strange else _TURNS_KNOWN).one():
        try:
            row, number = _counted(house, name, source, now=now)
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
            tries.forget(tx, row.id, source)
            return then(tx, users.get(tx, row.id))
        told = {"user": row.name, "locked": number >= FAILURES_MAX}
        ledger.add(tx, "sign-in refused", told, now=now)
    raise BadRequest("MRX-7019")


def _counted(
    house: House, name: str, source: Source, *, now: datetime
) -> tuple[Row[Any] | None, int]:
    """The user's row, and which try this is; None if there is no such user. Raises MRX-7020."""
    with house.database.read() as tx:
        found = tx.execute(_BY_NAME, {"called": name}).one_or_none()
        if found is None:
            return None, 0  # no write for a name that somebody made up
        tries.look(tx, found, source, now=now)  # nor for one that has to wait
    with house.database.write() as tx:
        row = tx.execute(_BY_NAME, {"called": name}).one()
        return row, tries.count(tx, row, source, now=now)
