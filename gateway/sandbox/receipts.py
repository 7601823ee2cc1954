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
from schemas.receipt import Erasure, Fate, Level, Receipt
from signing import keys
from signing.open import open_sealed
from signing.seal import seal

SKEW = timedelta(days=1)
STRANGER = Path("keys") / "stranger.key"


def read(house: House, sealed: bytes, *, now: datetime) -> Receipt:
    """A receipt of our own, as it was meant."""
    return exchange.read_receipt(_content(house, sealed, now=now))


def spoiled(house: House, habit: Habit, sealed: bytes, *, folder: Path, now: datetime) -> bytes:
    """The answer of this habit in place of the honest receipt; `folder` is the home folder."""
    if habit is Habit.UNSIGNED:
        return _content(house, sealed, now=now)
    if habit is Habit.STRANGER:
        return seal(_content(house, sealed, now=now), _stranger(folder, now), now)
    receipt = _LIES[habit](read(house, sealed, now=now))
    return seal(exchange.write_receipt(receipt), house.key, now)


def _content(house: House, sealed: bytes, *, now: datetime) -> bytes:
    return open_sealed(sealed, [house.key.certificate], now).content


def _stranger(folder: Path, now: datetime) -> keys.SigningKey:
    """A key that nobody has pinned, made once."""
    path = folder / STRANGER
    return keys.load(path) if path.exists() else keys.create(path, "nobody's", now, kind="p256")


def _other(digest: str) -> str:
    return hashlib.sha256(digest.encode()).hexdigest()


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
    Habit.WRONG_DIGEST: _wrong_digest,
    Habit.WRONG_NUMBER: _wrong_number,
    Habit.MISCOUNTING: _miscounting,
    Habit.WISHFUL: _wishful,
    Habit.RECEIVED: _received,
    Habit.SKEWED: _skewed,
}
REWRITTEN = frozenset({Habit.UNSIGNED, Habit.STRANGER, *_LIES})
