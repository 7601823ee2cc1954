"""Tokens: how CBP's systems and operators' tools prove who they are.

    mrx_<id>_<secret>     the id finds the row, the SHA-256 of the secret proves it

The secret has 256 random bits, so a plain digest is enough. It is shown once, when the token is
made, and kept nowhere.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from outbox import ledger
from schemas.errors import BadRequest
from schemas.tables import tokens


class Scope(StrEnum):
    """What a token may do."""

    PUSH = "push"  # members, consents, heartbeats; see its own pushes
    READ = "read"  # members, previews, disclosures, outcomes, revocations
    REVOKE = "revoke"  # take a consent back
    LOOKUP = "lookup"  # ask about recognised foreign members
    ATTACH = "attach"  # attach MIDs to them
    APPROVE = "approve"  # let a waiting full list in that another token pushed
    OPERATE = "operate"  # /v1/ops: operator, approver, security officer and viewer in one
    # /v1/ops, each with the rights of the role of its name (`gateway.identity.roles`).
    VIEWER = "viewer"
    OPERATOR = "operator"
    DISCLOSURE_OFFICER = "disclosure-officer"
    SECURITY_OFFICER = "security-officer"
    PARTNER_ENGINEER = "partner-engineer"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as it stands in the register; nothing of its secret."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


_SHAPE = re.compile(r"mrx_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


def create(
    tx: Connection,
    name: str,
    scopes: Collection[Scope],
    *,
    by: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> str:
    """Make a token and return it whole, for the only time."""
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    tx.execute(
        insert(tokens).values(
            id=token_id,
            name=name,
            digest=hashlib.sha256(secret.encode()).digest(),
            scopes=sorted(scopes),
            created_at=now,
            created_by=by,
            expires_at=expires_at,
        )
    )
    told = {"token": token_id, "name": name, "scopes": sorted(scopes), "by": by}
    ledger.add(tx, "token made", told, now=now)
    return f"mrx_{token_id}_{secret}"


def proved(tx: Connection, text: str, *, now: datetime) -> Token | None:
    """The token this text proves, or None: unknown, wrong, revoked and expired are all the same."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    row = tx.execute(select(tokens).where(tokens.c.id == found[1])).one_or_none()
    digest = hashlib.sha256(found[2].encode()).digest()
    if row is None or not hmac.compare_digest(row.digest, digest):
        return None
    over = row.expires_at is not None and row.expires_at <= now
    return None if over or row.revoked_at is not None else _token(row)


def every(tx: Connection) -> list[Token]:
    """All tokens, the oldest first, revoked ones too."""
    return [_token(row) for row in tx.execute(select(tokens).order_by(tokens.c.created_at))]


def revoke(tx: Connection, token_id: str, *, by: str, now: datetime) -> Token:
    """End a token for good; again changes nothing. Raises `BadRequest` MRX-5013."""
    here = tokens.c.id == token_id
    row = tx.execute(select(tokens).where(here)).one_or_none()
    if row is None:
        raise BadRequest("MRX-5013")
    if row.revoked_at is None:
        tx.execute(update(tokens).where(here).values(revoked_at=now, revoked_by=by))
        ledger.add(tx, "token revoked", {"token": token_id, "by": by}, now=now)
    return _token(tx.execute(select(tokens).where(here)).one())


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
    )
