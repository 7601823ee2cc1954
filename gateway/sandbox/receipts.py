"""The honest receipt, rewritten: properly signed, and not true.

Each function takes what the honest end answered and gives what the bad partner says instead. What
is not signed at all, or by nobody's key, is made here too.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from gateway.sandbox.habits import Habit
from outbox.house import House
from schemas import exchange
from schemas import ref as refs
from schemas.receipt import Erasure, Fate, Level, Receipt, Verdict
from signing import keys
from signing.open import open_sealed
from signing.seal import seal

SKEW = timedelta(days=1)
STRANGER = Path("keys") / "stranger.key"
EXPIRED = Path("keys") / "expired.key"
# What this partner calls its refusal of a whole batch: a word of its own, as real ones have.
REFUSING_CODE = "NOT-TODAY"
DEPTH = 100_000


def read(house: House, sealed: bytes, *, now: datetime) -> Receipt:
    """A receipt of our own, as it was meant."""
    return exchange.read_receipt(_content(house, sealed, now=now))


def spoiled(house: House, habit: Habit, sealed: bytes, *, folder: Path, now: datetime) -> bytes:
    """The answer of this habit in place of the honest receipt; `folder` is the home folder."""
    if habit is Habit.UNSIGNED:
        return _content(house, sealed, now=now)
    if habit is Habit.STRANGER:
        key = _other_key(folder / STRANGER, "nobody's", now)
        return seal(_content(house, sealed, now=now), key, now)
    if habit is Habit.EXPIRED:
        then = now - keys.LIFE - SKEW
        key = _other_key(folder / EXPIRED, "yesterday's", then)
        return seal(_content(house, sealed, now=now), key, then)
    if habit is Habit.DEEP:
        return seal(b"<a>" * DEPTH + b"</a>" * DEPTH, house.key, now)
    receipt = _LIES[habit](read(house, sealed, now=now))
    if habit is Habit.HEARSAY:
        return exchange.write_receipt(receipt)
    return seal(exchange.write_receipt(receipt), house.key, now)


def _content(house: House, sealed: bytes, *, now: datetime) -> bytes:
    return open_sealed(sealed, [house.key.certificate], now).content


def _other_key(path: Path, name: str, at: datetime) -> keys.SigningKey:
    """A key that is not the partner's own, made once."""
    return keys.load(path) if path.exists() else keys.create(path, name, at, kind="p256")


def _other(digest: str) -> str:
    return hashlib.sha256(digest.encode()).hexdigest()


def _refused(receipt: Receipt) -> Receipt:
    return replace(
        receipt,
        verdict=Verdict.REFUSED,
        code=REFUSING_CODE,
        refused=(),
        withdrawals=(),
        matches=(),
    )


def _wrong_digest(receipt: Receipt) -> Receipt:
    return replace(receipt, digest=_other(receipt.digest))


def _wrong_number(receipt: Receipt) -> Receipt:
    return replace(receipt, number=receipt.number + 1)


def _miscounting(receipt: Receipt) -> Receipt:
    return replace(
        receipt, held=(receipt.held or 0) + 7, holdings=_other(receipt.holdings or receipt.digest)
    )


def _wishful(receipt: Receipt) -> Receipt:
    wish = Erasure(ref=refs.new(), fate=Fate.ERASED)
    return replace(receipt, withdrawals=(*receipt.withdrawals, wish))


def _received(receipt: Receipt) -> Receipt:
    return replace(
        receipt,
        level=Level.RECEIVED,
        verdict=None,
        code=None,
        refused=(),
        withdrawals=(),
        held=None,
        holdings=None,
        matches=(),
    )


def _skewed(receipt: Receipt) -> Receipt:
    # Ahead and behind in turn, so that both are met.
    return replace(receipt, at=receipt.at + (SKEW if receipt.number % 2 else -SKEW))


_LIES: Mapping[Habit, Callable[[Receipt], Receipt]] = {
    Habit.HEARSAY: _refused,
    Habit.WRONG_DIGEST: _wrong_digest,
    Habit.WRONG_NUMBER: _wrong_number,
    Habit.MISCOUNTING: _miscounting,
    Habit.WISHFUL: _wishful,
    Habit.RECEIVED: _received,
    Habit.SKEWED: _skewed,
}
REWRITTEN = frozenset({Habit.UNSIGNED, Habit.STRANGER, Habit.EXPIRED, Habit.DEEP, *_LIES})
