"""The status of a member, and which status is worse than which.

    EXCEEDING > VALIDATED > CERTIFIED  |  SUSPENDED > WITHDRAWN > REMOVED
            good standing              |             bad news

The first three are benefit levels of one standing. A consent text that does not name tiers lets
`EXCEEDING` leave as `VALIDATED` (P2). The last three are announced as bad news, by the urgent
lane (P3).
"""

from enum import StrEnum


class Status(StrEnum):
    CERTIFIED = "CERTIFIED"
    VALIDATED = "VALIDATED"
    EXCEEDING = "EXCEEDING"
    SUSPENDED = "SUSPENDED"
    REMOVED = "REMOVED"
    WITHDRAWN = "WITHDRAWN"

    @property
    def rank(self) -> int:
        """Higher is better for the member."""
        return _ORDER.index(self)

    @property
    def bad(self) -> bool:
        return self in BAD

    def said(self, *, tiers: bool) -> "Status":
        """What a partner may be told of this status.

        >>> Status.EXCEEDING.said(tiers=False).value
        'VALIDATED'
        """
        return Status.VALIDATED if self is Status.EXCEEDING and not tiers else self


_ORDER = (
    Status.REMOVED,
    Status.WITHDRAWN,
    Status.SUSPENDED,
    Status.CERTIFIED,
    Status.VALIDATED,
    Status.EXCEEDING,
)
BAD = frozenset({Status.SUSPENDED, Status.REMOVED, Status.WITHDRAWN})
