"""The word that lets an approver decide at the shell who signs in at an identity provider.

    console: a signed-in approver --> XXXX-XXXX-XXXX-XXXX-XXXX-XXXX --> shell: their yes or no

The provider's password is nobody's business here, and a shell has no browser. So the console, which
knows who it is, gives a word for one approval; when it was given and a MAC over approval and name,
under the servers' secret. Nothing is kept of it until it is used: it counts once, for ten minutes,
and while its owner is still signed in at the console.
"""

import hmac
from base64 import b32decode, b32encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import orjson

from gateway.identity import sessions, shared_secret, users
from gateway.identity.users import User
from outbox.house import House
from partners import nonces
from schemas.errors import BadRequest

LIFE: Final = timedelta(minutes=10)
_SPENT_BY: Final = "approval word"  # in the register of nonces
_TIME, _MAC = 4, 11  # bytes: 24 letters together


def made(home: Path, approval: str, name: str, *, now: datetime) -> str:
    """The word for this approval, and for nobody but `name`."""
    at = int(now.timestamp()).to_bytes(_TIME, "big")
    letters = b32encode(at + _mac(home, approval, name, at)).decode()
    return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))


def proved(house: House, name: str, text: str, approval: str, *, now: datetime) -> User | None:
    """The user who read this at the console, which uses it up; None if it is no word of theirs for
    this approval, and may be a password. Raises `BadRequest` MRX-7033: it counts no more.
    """
    at = _given_at(house.folder, name, text, approval)
    if at is None:
        return None
    assert LIFE < nonces.KEPT, "a word is remembered for as long as it could be believed"
    with house.database.write() as tx:
        user = users.named(tx, name)
        fresh = abs(now - at) <= LIFE and nonces.spend(tx, _SPENT_BY, _plain(text), now=now)
        if not fresh or user.disabled_at is not None or not sessions.count(tx, user, now=now):
            raise BadRequest("MRX-7033")
        return user


def _given_at(home: Path, name: str, text: str, approval: str) -> datetime | None:
    try:
        data = b32decode(_plain(text))
    except ValueError:
        return None
    at, mac = data[:_TIME], data[_TIME:]
    if not hmac.compare_digest(_mac(home, approval, name, at), mac):
        return None
    return datetime.fromtimestamp(int.from_bytes(at, "big"), UTC)


def _plain(text: str) -> str:
    return text.replace("-", "").strip().upper()


def _mac(home: Path, approval: str, name: str, at: bytes) -> bytes:
    facts = orjson.dumps([approval, name, at.hex()])
    secret = shared_secret.derived(home, "approval word")
    return hmac.digest(secret, facts, "sha256")[:_MAC]
