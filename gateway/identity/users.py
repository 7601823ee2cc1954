"""Users: the people who may sign in, their roles, and how they prove who they are."""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from gateway.identity import passwords
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from outbox import ledger
from schemas.errors import BadRequest
from schemas.tables import sessions, users

FAILURES_MAX: Final = 5
LOCKED_FOR: Final = timedelta(minutes=15)
NAME: Final = r"^[a-z][a-z0-9._@-]{1,63}$"
_NAME = re.compile(NAME)
_BY_NAME = select(users).where(users.c.name == bindparam("called"))
_BY_ID = select(users).where(users.c.id == bindparam("which"))


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user as they stand in the register; nothing of the password."""

    id: str
    name: str
    roles: frozenset[Role]
    one_time: bool
    issuer: str | None
    locked_until: datetime | None
    created_at: datetime
    created_by: str
    disabled_at: datetime | None

    @property
    def actor(self) -> Actor:
        return Actor(self.name, rights(self.roles))


def create(
    tx: Connection,
    name: str,
    roles: Collection[Role],
    *,
    by: str,
    now: datetime,
    password: str | None = None,
    issuer: str | None = None,
    subject: str | None = None,
) -> User:
    """Enter a user. With a password they sign in here, and change it the first time; with `issuer`
    and `subject` they sign in there. Raises `BadRequest` MRX-5061 for a name that is taken, MRX-5062
    for one that is none.
    """
    if not _NAME.fullmatch(name):
        raise BadRequest("MRX-5062")
    if tx.execute(_BY_NAME, {"called": name}).one_or_none() is not None:
        raise BadRequest("MRX-5061")
    user_id = secrets.token_hex(8)
    tx.execute(
        insert(users).values(
            id=user_id,
            name=name,
            roles=sorted(roles),
            password=None if password is None else passwords.kept(password),
            one_time=password is not None,
            issuer=issuer,
            subject=subject,
            failures=0,
            created_at=now,
            created_by=by,
        )
    )
    ledger.add(tx, "user made", {"user": name, "roles": sorted(roles), "by": by}, now=now)
    return get(tx, user_id)


def get(tx: Connection, user_id: str) -> User:
    """One user, or `BadRequest` MRX-5063."""
    row = tx.execute(_BY_ID, {"which": user_id}).one_or_none()
    if row is None:
        raise BadRequest("MRX-5063")
    return _user(row)


def named(tx: Connection, name: str) -> User:
    """The user of this name, or `BadRequest` MRX-5063."""
    row = tx.execute(_BY_NAME, {"called": name}).one_or_none()
    if row is None:
        raise BadRequest("MRX-5063")
    return _user(row)


def every(tx: Connection) -> list[User]:
    """All users by name, disabled ones too."""
    return [_user(row) for row in tx.execute(select(users).order_by(users.c.name))]


def disable(tx: Connection, name: str, *, by: str, now: datetime) -> None:
    """End a user's access, at once: their sessions end too. Again changes nothing."""
    user = named(tx, name)
    if user.disabled_at is None:
        tx.execute(
            update(users).where(users.c.id == user.id).values(disabled_at=now, disabled_by=by)
        )
        tx.execute(delete(sessions).where(sessions.c.user == user.id))
        ledger.add(tx, "user disabled", {"user": name, "by": by}, now=now)


def _user(row: Row[Any]) -> User:
    return User(
        id=row.id,
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles),
        one_time=row.one_time,
        issuer=row.issuer,
        locked_until=row.locked_until,
        created_at=row.created_at,
        created_by=row.created_by,
        disabled_at=row.disabled_at,
    )
