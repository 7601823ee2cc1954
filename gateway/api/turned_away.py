"""How many were turned away before anybody looked at what they asked, by the reason."""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Final, Literal

Why = Literal["token", "partner", "session", "address", "malformed", "slow", "full"]
WHY: Final[tuple[Why, ...]] = (
    *("token", "partner", "session"),  # asked too often with a credential of this kind
    "address",  # too many wrong credentials came from there
    "malformed",  # no request that can be read in one way only
    "slow",  # did not send what it began, or did not take its answer
    "full",  # one line too many
)


class TurnedAway:
    """Counts of one process since it started. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Why] = Counter()

    def add(self, why: Why) -> None:
        with self._lock:
            self._counts[why] += 1

    def counts(self) -> Mapping[str, int]:
        """Every reason, also those that never came up."""
        with self._lock:
            return {why: self._counts[why] for why in WHY}
