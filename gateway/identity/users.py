"""Users: the people who may sign in, their roles, and how they prove who they are.

            made by                 proved by                       roles kept by
local       an administrator        a password, kept here           administrators here
entered     an administrator        the identity provider           administrators here
provided    their first sign-in     the identity provider           the provider, at each sign-in
"""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from gateway.identity import passwords, tries
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from outbox import ledger
from schemas.errors import BadRequest
from schemas.tables import sessions, users

NAME: Final = r"^[a-z][a-z0-9._@-]{1,63}$"
_NAME = re.compile(NAME)
PROVIDED: Final = "the identity provider"
"""Who made a user that came with a first sign-in; no name of a user looks like it."""
_EVERY = select(users, tries.waiting_since(users.c.id).label("waiting_since"))
_BY_NAME = _EVERY.where(users.c.name == bindparam("called"))
_BY_ID = _EVERY.where(users.c.id == bindparam("which"))
_BY_SUBJECT = _EVERY.where(
    users.c.issuer == bindparam("there"), users.c.subject == bindparam("who")
)


class State(StrEnum):
    """How a user stands."""

    ACTIVE = "active"
    ONE_TIME = "one-time password"  # to be changed before anything else
    LOCKED = "locked"  # where wrong passwords came from, for a while; nowhere else
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user as they stand in the register; nothing of the password."""

    id: str
    name: str
    roles: frozenset[Role]
    one_time: bool
    issuer: str | None
    subject: str | None
    locked_until: datetime | None
    created_at: datetime
    created_by: str
    disabled_at: datetime | None
    disabled_by: str | None

    @property
    def actor(self) -> Actor:
        return Actor(self.name, rights(self.roles))

    @property
    def provided(self) -> bool:
        """Whether the identity provider says what their roles are."""
        return self.created_by == PROVIDED

    def state(self, now: datetime) -> State:
        """In one word how they stand."""
        if self.disabled_at is not None:
            return State.DISABLED
        if self.locked_until is not None and self.locked_until > now:
            return State.LOCKED
        return State.ONE_TIME if self.one_time else State.ACTIVE


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
    and `subject` they sign in there. Raises `BadRequest` MRX-5061 for a name or a subject that is
    taken, MRX-5062 for a name that is none.
    """
    if not _NAME.fullmatch(name):
        raise BadRequest("MRX-5062")
    if tx.execute(_BY_NAME, {"called": name}).one_or_none() is not None:
        raise BadRequest("MRX-5061")
    if issuer is not None and subject is not None and by_subject(tx, issuer, subject) is not None:
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
    told = {"user": name, "roles": sorted(roles), "by": by}
    ledger.add(tx, "user made", told | ({"issuer": issuer} if issuer else {}), now=now)
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
    return [_user(row) for row in tx.execute(_EVERY.order_by(users.c.name))]


def by_subject(tx: Connection, issuer: str, subject: str) -> User | None:
    """Whom an identity provider means, or None."""
    row = tx.execute(_BY_SUBJECT, {"there": issuer, "who": subject}).one_or_none()
    return None if row is None else _user(row)


def exist(tx: Connection) -> bool:
    """Whether there is any user."""
    return tx.scalar(select(users.c.id).limit(1)) is not None


def set_roles(
    tx: Connection, user: User, roles: Collection[Role], *, by: str, reason: str, now: datetime
) -> User:
    """Give a user these roles instead of theirs; it counts from their next page on."""
    _set(tx, user, roles=sorted(roles))
    told = {"user": user.name, "before": sorted(user.roles), "roles": sorted(roles)}
    ledger.add(tx, "roles changed", {**told, "by": by, "reason": reason}, now=now)
    return get(tx, user.id)


def set_password(
    tx: Connection, user: User, kept: str, *, now: datetime, instead_of: str | None = None
) -> None:
    """Keep the password that somebody chose, as `passwords.kept` made it; all their sessions end.

    With `instead_of`, what is kept must still be that, and the user not disabled: raises
    `BadRequest` MRX-7019 where another took its place meanwhile.
    """
    here = update(users).where(users.c.id == user.id)
    if instead_of is not None:
        here = here.where(users.c.password == instead_of, users.c.disabled_at.is_(None))
    if not tx.execute(here.values(password=kept, one_time=False)).rowcount:
        raise BadRequest("MRX-7019")
    _sign_out(tx, user)
    ledger.add(tx, "password changed", {"by": user.name}, now=now)


def reset(tx: Connection, user: User, kept: str, *, by: str, reason: str, now: datetime) -> None:
    """Give a user a one-time password, as `passwords.kept` made it; all their sessions end."""
    _set(tx, user, password=kept, one_time=True, failures=0, locked_until=None)
    tries.forget_all(tx, user.id)
    _sign_out(tx, user)
    ledger.add(tx, "password reset", {"user": user.name, "by": by, "reason": reason}, now=now)


def disable(tx: Connection, name: str, *, by: str, now: datetime, reason: str = "") -> User:
    """End a user's access, at once: their sessions end too. Again changes nothing."""
    user = named(tx, name)
    if user.disabled_at is None:
        _set(tx, user, disabled_at=now, disabled_by=by)
        _sign_out(tx, user)
        told = {"user": name, "by": by, "reason": reason}
        ledger.add(tx, "user disabled", told, now=now)
    return get(tx, user.id)


def enable(tx: Connection, name: str, *, by: str, now: datetime, reason: str = "") -> User:
    """Let a user in again, with the roles and the password they had. Again changes nothing."""
    user = named(tx, name)
    if user.disabled_at is not None:
        _set(tx, user, disabled_at=None, disabled_by=None, failures=0, locked_until=None)
        tries.forget_all(tx, user.id)
        ledger.add(tx, "user enabled", {"user": name, "by": by, "reason": reason}, now=now)
    return get(tx, user.id)


def _set(tx: Connection, user: User, **values: object) -> None:
    tx.execute(update(users).where(users.c.id == user.id).values(values))


def _sign_out(tx: Connection, user: User) -> None:
    tx.execute(delete(sessions).where(sessions.c.user == user.id))


def _user(row: Row[Any]) -> User:
    since = row.waiting_since
    waits = (row.locked_until, None if since is None else since + tries.WAITS)
    return User(
        id=row.id,
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles),
        one_time=row.one_time,
        issuer=row.issuer,
        subject=row.subject,
        locked_until=max((one for one in waits if one is not None), default=None),
        created_at=row.created_at,
        created_by=row.created_by,
        disabled_at=row.disabled_at,
        disabled_by=row.disabled_by,
    )
