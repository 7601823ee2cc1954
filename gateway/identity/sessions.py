"""Sessions: who is signed in at the console. A row each; the cookie holds a random number.

begun --a request now and then--> seen ... --30 minutes without one--> over
   |                                '--12 hours after it began--> over
   '--signed out, here or everywhere; disabled; another password; five wrong ones--> gone
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from gateway.identity import users
from gateway.identity.users import User
from schemas.tables import sessions

IDLE: Final = timedelta(minutes=30)
LIFE: Final = timedelta(hours=12)
PROOF: Final = timedelta(minutes=10)
"""How long after showing who they are somebody may do what asks for that again."""

_SEEN_EVERY = timedelta(minutes=1)  # a page a second must not be a write a second
_FIND = select(sessions).where(sessions.c.digest == bindparam("one"))


@dataclass(frozen=True, slots=True)
class Session:
    digest: str
    user: User
    proved_at: datetime
    seen_at: datetime

    def fresh(self, now: datetime) -> bool:
        """Whether they showed only just now who they are."""
        return now - self.proved_at <= PROOF

    def due(self, now: datetime) -> bool:
        """Whether it is time to keep that they are still here: once a minute at most."""
        return now - self.seen_at > _SEEN_EVERY


def begin(tx: Connection, user: User, *, now: datetime) -> str:
    """Sign somebody in; returns what their cookie holds, for the only time."""
    held = secrets.token_urlsafe(32)
    tx.execute(
        insert(sessions).values(
            digest=_digest(held), user=user.id, began_at=now, seen_at=now, proved_at=now
        )
    )
    return held


def find(tx: Connection, held: str | None, *, now: datetime) -> Session | None:
    """The session of this cookie; None if there is none, it is over, or its user is disabled."""
    if not held:
        return None
    row = tx.execute(_FIND, {"one": _digest(held)}).one_or_none()
    if row is None or now - row.seen_at > IDLE or now - row.began_at > LIFE:
        return None
    user = users.get(tx, row.user)
    if user.disabled_at is not None:
        return None
    return Session(row.digest, user, row.proved_at, row.seen_at)


def seen(tx: Connection, session: Session, *, now: datetime) -> None:
    """Keep that they are still here. One that has ended meanwhile stays ended."""
    tx.execute(update(sessions).where(sessions.c.digest == session.digest).values(seen_at=now))


def prove(tx: Connection, session: Session, *, now: datetime) -> None:
    """They have shown again who they are."""
    tx.execute(update(sessions).where(sessions.c.digest == session.digest).values(proved_at=now))


def end(tx: Connection, held: str) -> None:
    """Sign out."""
    tx.execute(delete(sessions).where(sessions.c.digest == _digest(held)))


def end_this(tx: Connection, session: Session) -> None:
    """End a session that was found."""
    tx.execute(delete(sessions).where(sessions.c.digest == session.digest))


def end_all(tx: Connection, user: User) -> int:
    """Sign a user out everywhere; how many sessions that ended."""
    return tx.execute(delete(sessions).where(sessions.c.user == user.id)).rowcount


def count(tx: Connection, user: User, *, now: datetime) -> int:
    """In how many browsers a user is signed in."""
    theirs = select(func.count()).select_from(sessions).where(sessions.c.user == user.id)
    alive = (sessions.c.seen_at >= now - IDLE, sessions.c.began_at >= now - LIFE)
    return tx.scalar(theirs.where(*alive)) or 0


def forget(tx: Connection, *, now: datetime) -> None:
    """Drop those that are over."""
    over = or_(sessions.c.seen_at < now - IDLE, sessions.c.began_at < now - LIFE)
    tx.execute(delete(sessions).where(over))


def _digest(held: str) -> str:
    return hashlib.sha256(held.encode()).hexdigest()
