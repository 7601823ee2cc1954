"""Who may come in, and as what: acts of administrators, and those of anybody on their own account.

Nobody changes their own roles, and nobody ends their own access: so there is always an
administrator left. Whatever an administrator knows of another's password counts once.
"""

from collections.abc import Collection
from datetime import datetime

from gateway.acts import permission, reasons
from gateway.identity import passwords, sessions, signing_in, users
from gateway.identity.actor import Actor
from gateway.identity.roles import Right, Role
from gateway.identity.sessions import Session
from gateway.identity.users import User
from outbox import ledger
from outbox.house import House
from schemas.errors import BadRequest


def create(
    house: House,
    actor: Actor,
    name: str,
    roles: Collection[Role],
    *,
    now: datetime,
    issuer: str | None = None,
    subject: str | None = None,
) -> tuple[User, str | None]:
    """Make a user; their one-time password is answered this once, and kept nowhere. With `issuer`
    and `subject` there is none: they sign in there.
    """
    _demand(house, actor, "make a user", now=now)
    _some(roles)
    if (issuer is None) != (subject is None):
        raise BadRequest("MRX-7003", field="subject" if subject is None else "issuer")
    one_time = passwords.one_time() if issuer is None else None
    with house.database.write() as tx:
        user = users.create(
            tx,
            name,
            set(roles),
            by=actor.by,
            now=now,
            password=one_time,
            issuer=issuer,
            subject=subject,
        )
    return user, one_time


def set_roles(
    house: House, actor: Actor, name: str, roles: Collection[Role], *, reason: str, now: datetime
) -> User:
    """Give a user these roles instead of those they have. Raises `BadRequest` MRX-7029 for one's
    own, MRX-7031 where the identity provider says them.
    """
    act = "change roles"
    _demand(house, actor, act, now=now)
    _not_oneself(house, actor, name, act=act, now=now)
    _some(roles)
    why = reasons.given(reason)
    with house.database.write() as tx:
        user = users.named(tx, name)
        if user.provided:
            raise BadRequest("MRX-7031")
        if user.roles == set(roles):
            return user
        return users.set_roles(tx, user, set(roles), by=actor.by, reason=why, now=now)


def disable(house: House, actor: Actor, name: str, *, reason: str, now: datetime) -> User:
    """End a user's access at once, and their sessions. Raises `BadRequest` MRX-7029 for one's own."""
    act = "disable a user"
    _demand(house, actor, act, now=now)
    _not_oneself(house, actor, name, act=act, now=now)
    why = reasons.given(reason)
    with house.database.write() as tx:
        return users.disable(tx, name, by=actor.by, reason=why, now=now)


def enable(house: House, actor: Actor, name: str, *, reason: str, now: datetime) -> User:
    """Let a user in again."""
    _demand(house, actor, "enable a user", now=now)
    why = reasons.given(reason)
    with house.database.write() as tx:
        return users.enable(tx, name, by=actor.by, reason=why, now=now)


def reset(house: House, actor: Actor, name: str, *, reason: str, now: datetime) -> tuple[User, str]:
    """Give a user a one-time password in place of theirs; it is answered this once. Their sessions
    and a lock end. Raises `BadRequest` MRX-7031 where the identity provider keeps it.
    """
    _demand(house, actor, "reset a password", now=now)
    why = reasons.given(reason)
    one_time = passwords.one_time()
    kept = passwords.kept(one_time)  # before the transaction: it takes long on purpose
    with house.database.write() as tx:
        user = users.named(tx, name)
        if user.issuer is not None:
            raise BadRequest("MRX-7031")
        users.reset(tx, user, kept, by=actor.by, reason=why, now=now)
        return users.get(tx, user.id), one_time


def change_own_password(
    house: House, session: Session, old: str, new: str, again: str, *, now: datetime
) -> str:
    """Change the password of whoever is signed in: every session of theirs ends, and what the
    cookie of a new one holds is returned. Raises `BadRequest`: MRX-5067 (too short), MRX-5068 (the
    old one), MRX-5069 (not twice alike), MRX-7019 (the old one is wrong, or holds no more),
    MRX-7020 (it was wrong five times, and the session has ended), MRX-7031.
    """
    user = session.user
    if user.issuer is not None:
        raise BadRequest("MRX-7031")
    if not passwords.CHARS_MIN <= len(new) <= passwords.CHARS_MAX:
        raise BadRequest("MRX-5067")
    if new != again:
        raise BadRequest("MRX-5069")
    looked_at = signing_in.again(house, session, old, now=now)
    if new == old:
        raise BadRequest("MRX-5068")
    kept = passwords.kept(new)
    with house.database.write() as tx:
        users.set_password(tx, user, kept, now=now, instead_of=looked_at)
        return sessions.begin(tx, users.get(tx, user.id), now=now)


def sign_out_everywhere(house: House, user: User, *, now: datetime) -> None:
    """End all sessions of whoever is signed in, this one too."""
    with house.database.write() as tx:
        ended = sessions.end_all(tx, user)
        told = {"by": user.name, "sessions": ended}
        ledger.add(tx, "signed out everywhere", told, now=now)


def _demand(house: House, actor: Actor, act: str, *, now: datetime) -> None:
    permission.demand(house, actor, Right.ADMINISTER, act=act, now=now)


def _some(roles: Collection[Role]) -> None:
    if not roles:
        raise BadRequest("MRX-7003", field="roles")


def _not_oneself(house: House, actor: Actor, name: str, *, act: str, now: datetime) -> None:
    """Refuse, and let the ledger have it."""
    if actor.by != name:
        return
    with house.database.write() as tx:
        told = {"act": act, "by": actor.by, "because": "their own"}
        ledger.add(tx, "act refused", told, now=now)
    raise BadRequest("MRX-7029")
