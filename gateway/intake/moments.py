"""A moment as RFC 3339 writes it, in our strict reading."""

import re
from datetime import UTC, datetime

# RFC 3339 section 5.6, in capitals or not; the seconds must stand, and no minute has a 61st
# second here. The hours are spelled out, since some Pythons take 24:00.
PATTERN = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_TIME = re.compile(PATTERN)


def moment(text: str) -> datetime | None:
    """The moment in UTC, to the microsecond; None for what is none.

    >>> moment("2014-08-20t14:00:00+02:00")
    datetime.datetime(2014, 8, 20, 12, 0, tzinfo=datetime.timezone.utc)
    >>> moment("2014-02-30T12:00:00Z")
    """
    if _TIME.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):  # 30 February; a zone that leads before year 1
        return None
