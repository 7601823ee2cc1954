"""Who the identity provider says it is, let in: found among the users, or made one of them.

    known by (issuer, subject)?  --yes--> entered by an administrator: in, with the roles they have here
             |                       '--> provided: in, with the roles the provider names now
             no --roles are named--> made a user, and in
             '----none is-----------> refused

A name alone never lets anybody in: a user of that name who is somebody else stays who they are.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.identity import sessions, users
from gateway.identity.provider import Client
from gateway.identity.roles import Role
from gateway.identity.users import PROVIDED, User
from outbox import ledger
from outbox.house import House
from schemas.errors import BadRequest


def admit(
    house: House,
    client: Client,
    claims: Mapping[str, Any],
    *,
    now: datetime,
    before: str | None = None,
) -> str:
    """What the cookie of a new session holds; the one it held `before` ends.

    Raises `BadRequest`: MRX-7028 (no role, or disabled), MRX-5061 (the name is another user's),
    MRX-5062 (it is none). A refusal stands in the ledger.
    """
    try:
        with house.database.write() as tx:
            user = _user(tx, client, claims, now=now)
            if before is not None:
                sessions.end(tx, before)
            ledger.add(tx, "signed in", {"by": user.name, "with": client.issuer}, now=now)
            return sessions.begin(tx, user, now=now)
    except BadRequest as refused:
        with house.database.write() as tx:
            known = users.by_subject(tx, client.issuer, claims["sub"])
            if known is not None:  # what they may no longer begin, they may not go on with
                sessions.end_all(tx, known)
            name = None if known is None else known.name
            told = {"user": name, "with": client.issuer, "code": refused.code}
            ledger.add(tx, "sign-in refused", told, now=now)
        raise


def roles_of(client: Client, claims: Mapping[str, Any]) -> frozenset[Role]:
    """The roles that an ID token names, in our words. What means nothing here is passed over.

    >>> plain = Client(issuer="", client_id="", secret=None, back="", scopes="", acr_values=None,
    ...                name_claim="", roles_claim="realm.roles", roles=())
    >>> sorted(roles_of(plain, {"realm": {"roles": ["viewer", "offline_access", "admin"]}}))
    [<Role.ADMIN: 'admin'>, <Role.VIEWER: 'viewer'>]
    """
    meant = dict(client.roles) or {role.value: role for role in Role}
    found = _inside(claims, client.roles_claim)
    words = found.replace(",", " ").split() if isinstance(found, str) else found
    if not isinstance(words, list):
        return frozenset()
    return frozenset(meant[word] for word in words if isinstance(word, str) and word in meant)


def _user(tx: Connection, client: Client, claims: Mapping[str, Any], *, now: datetime) -> User:
    roles = roles_of(client, claims)
    user = users.by_subject(tx, client.issuer, claims["sub"])
    if user is not None and user.disabled_at is not None:
        raise BadRequest("MRX-7028", because="disabled here")
    if user is not None and not user.provided:
        return user
    if not roles:
        raise BadRequest("MRX-7028")
    if user is None:
        name = _inside(claims, client.name_claim)
        return users.create(
            tx,
            name.lower() if isinstance(name, str) else "",
            roles,
            by=PROVIDED,
            now=now,
            issuer=client.issuer,
            subject=claims["sub"],
        )
    if user.roles == roles:
        return user
    reason = "named at the sign-in"
    return users.set_roles(tx, user, roles, by=PROVIDED, reason=reason, now=now)


def _inside(claims: Mapping[str, Any], name: str) -> object:
    """A claim by its name; by dots one inside another, unless its name has dots itself."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
