"""A browser in which somebody has signed in before: no stranger, so no stranger holds them up there.

    cookie     <number>.<when>.<MAC>, one for each of the last few people, by ~

It lets nobody in. It says only that a wrong password here is theirs, and not some stranger's who
guesses at their name (OWASP, "Device cookies"). It names nobody: the MAC, under the servers'
secret, is over the name as well, which is typed into the form. Whoever steals it has five tries in
a quarter of an hour, as a stranger has.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import orjson

from gateway.identity import shared_secret

LIFE: Final = timedelta(days=180)
PEOPLE: Final = 4  # who share a browser, in a room that is never empty
_CHARS_MAX: Final = 1000


def known(home: Path, held: str | None, name: str, *, now: datetime) -> str | None:
    """The number of this browser if its cookie says that `name` has signed in there, else None."""
    secret = shared_secret.derived(home, "device")
    for entry in _entries(held):
        number, began, mac = entry
        same = hmac.compare_digest(_mac(secret, name, number, began).encode(), mac.encode())
        if same and timedelta(0) <= now - datetime.fromtimestamp(int(began), now.tzinfo) <= LIFE:
            return number
    return None


def remembered(home: Path, held: str | None, name: str, *, now: datetime) -> str:
    """What the cookie holds from now on: that `name` signed in there, and whoever else lately."""
    secret = shared_secret.derived(home, "device")
    number, began = secrets.token_hex(16), str(int(now.timestamp()))
    others = [
        one
        for one in _entries(held)
        if not hmac.compare_digest(_mac(secret, name, *one[:2]), one[2])
    ]
    entries = [(number, began, _mac(secret, name, number, began)), *others]
    return "~".join(".".join(one) for one in entries[:PEOPLE])


def _entries(held: str | None) -> list[tuple[str, str, str]]:
    """Its entries; what does not look like one is passed over."""
    if held is None or len(held) > _CHARS_MAX or not held.isascii():
        return []
    found = (entry.split(".") for entry in held.split("~"))
    return [
        (entry[0], entry[1], entry[2])
        for entry in found
        if len(entry) == 3 and entry[1].isdecimal()
    ][:PEOPLE]


def _mac(secret: bytes, name: str, number: str, began: str) -> str:
    facts = orjson.dumps([name, number, began])
    return urlsafe_b64encode(hmac.digest(secret, facts, "sha256")).rstrip(b"=").decode()
