"""What every delivery needs to know: whose gateway this is, its database, its key, its terms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from outbox.bell import Bell
from outbox.retention import Retention
from schemas.consent import ConsentText
from schemas.database import Database
from signing.keeping import PLAIN, Keeping
from signing.keys import SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The bounds under which the outbox works; each is a setting of the gateway."""

    # Older than this, the consent feed is no ground to announce anything (P9).
    consents_fresh_for: timedelta = timedelta(hours=72)
    # One total deadline for a request, so that a slow drip does not hold a lane.
    request_deadline: timedelta = timedelta(seconds=30)
    # Longer than a request by enough to settle it.
    lease: timedelta = timedelta(seconds=60)
    # A withdrawal not confirmed by then is overdue.
    withdrawal_due: timedelta = timedelta(hours=24)
    receipt_bytes_max: int = 4 << 20
    # How long what nobody needs any more is kept.
    retention: Retention = field(default_factory=Retention)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """One gateway. `texts` are the consent texts its members may have signed, by id; `folder` is
    its home, where keys lie and pushes are spooled.
    """

    programme: str
    folder: Path
    database: Database
    key: SigningKey = field(repr=False)
    # How that key and those after it are kept.
    keeping: Keeping = field(default=PLAIN, repr=False)
    texts: Mapping[str, ConsentText]
    terms: Terms = Terms()
    # Rung after a commit that may have made a lane due.
    bell: Bell = field(default_factory=Bell, repr=False, compare=False)
