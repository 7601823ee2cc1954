"""One sign-in at the identity provider, between our redirect to it and its redirect back.

    browser's cookie     a random key, when it began, where they wanted to go, and why
    state, nonce, and the PKCE verifier     each a MAC of all that, under the servers' secret

Nothing is kept here meanwhile: the cookie never leaves the browser and us, what the provider is
shown follows from it, and what it answers must follow from the same. Whoever changes the cookie
only spoils their own attempt, and nobody makes one up. That an answer counts once, the register of
nonces sees to. So an attempt that began at one server of a gateway ends at any, also at one that
was started in between.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import orjson
from sqlalchemy import Connection

from gateway.identity import shared_secret
from partners import nonces
from schemas.errors import BadRequest

LIFE: Final = timedelta(minutes=10)
APART: Final = timedelta(seconds=60)
"""How far the clocks of two servers may be."""

_SPENT_BY = "oidc"  # in the register of nonces, where partners stand with their fingerprints


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`proving` is by somebody who is signed in, to show again who they are."""

    key: str
    began_at: datetime
    to: str
    proving: bool
    secret: bytes = field(repr=False)

    @property
    def state(self) -> str:
        return self._following("state")

    @property
    def nonce(self) -> str:
        return self._following("nonce")

    @property
    def verifier(self) -> str:
        return self._following("verifier")

    def _following(self, what: str) -> str:
        facts = orjson.dumps([what, self.key, self.began_at.timestamp(), self.to, self.proving])
        return _text(hmac.digest(self.secret, facts, "sha256"))


def begin(home: Path, to: str, *, proving: bool, now: datetime) -> Attempt:
    """A new one, under the secret of this home folder's servers. Raises `NotReady` MRX-9004."""
    return Attempt(
        key=secrets.token_urlsafe(32),
        began_at=_whole(now),
        to=to,
        proving=proving,
        secret=_secret(home),
    )


def written(attempt: Attempt) -> str:
    """What the cookie holds."""
    began = int(attempt.began_at.timestamp())
    return _text(orjson.dumps([attempt.key, began, attempt.to, attempt.proving]))


def answered(home: Path, held: str | None, state: str, *, now: datetime) -> Attempt:
    """The attempt of this cookie, if this state is its own and it is not too old. Raises
    `BadRequest` MRX-7027, `NotReady` MRX-9004.
    """
    attempt = _read(held, _secret(home))
    if attempt is None or not hmac.compare_digest(attempt.state.encode(), state.encode()):
        raise BadRequest("MRX-7027", why="it is not of a sign-in begun in this browser")
    if not -APART <= _whole(now) - attempt.began_at <= LIFE:
        raise BadRequest("MRX-7027", why="the sign-in began too long ago")
    return attempt


def spend(tx: Connection, attempt: Attempt, *, now: datetime) -> bool:
    """Use the attempt up; False if it was already."""
    assert LIFE + 2 * APART < nonces.KEPT, (
        "an attempt is remembered for as long as it could be believed"
    )
    return nonces.spend(tx, _SPENT_BY, attempt.state, now=now)


def _read(held: str | None, secret: bytes) -> Attempt | None:
    try:
        text = urlsafe_b64decode((held or "") + "=" * (-len(held or "") % 4))
        key, began, to, proving = orjson.loads(text)
        whole = [type(part) for part in (key, began, to, proving)] == [str, int, str, bool]
        at = datetime.fromtimestamp(began, UTC) if whole else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    if at is None:
        return None
    return Attempt(key=key, began_at=at, to=to, proving=proving, secret=secret)


def _secret(home: Path) -> bytes:
    return shared_secret.derived(home, "attempt")


def _whole(now: datetime) -> datetime:
    return now.replace(microsecond=0)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
