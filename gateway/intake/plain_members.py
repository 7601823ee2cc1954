"""Members with nothing unusual about them, judged in one go.

Nearly every line of a push: the usual fields and no other, each of its type and with nothing to
warn of. Such a line is turned into a row of the roll here, in a third of the time; what becomes of
it is exactly what `json_lines` and `members` make of it. Any other line gives None, also one that
is wrong, and is read again there.
"""

from collections.abc import Callable, Collection
from datetime import date
from functools import lru_cache
from typing import Any

import orjson

from gateway.intake.members import (
    ACCOUNT_LENGTH_USUAL,
    DATE_LENGTH,
    DAYS_KEPT,
    day,
    read_business_type,
)
from partners.said import Said, say
from schemas import name as names
from schemas.errors import BadRecord
from schemas.identifiers import SCHEMES
from schemas.identifiers.schemes import CHECKS, UNUSUAL
from schemas.member import ACCOUNT, BUSINESS_TYPE_LENGTH_MAX
from schemas.status import Status

Judged = tuple[Said, tuple[str, ...]]
_STATUSES = frozenset(status.value for status in Status)
_FIELDS = 5  # without the business type
_PARTS = 2  # of an identifier
_KINDS_KEPT = 1_024
_NO_WARNING: tuple[str, ...] = ()
_OF_ANOTHER_LENGTH = ("MRX-1901",)


def reader(schemes: Collection[str], today: date) -> Callable[[bytes], Judged | None]:
    """What turns a line into what the roll keeps, and the codes of its warnings.

    `schemes` are those of the home programme; `today` is the day in UTC.
    """
    parse = {scheme: SCHEMES[scheme].parse for scheme in schemes}
    check = {scheme: _sound(scheme) for scheme in CHECKS.keys() | UNUSUAL.keys()}
    is_account = ACCOUNT.fullmatch

    @lru_cache(DAYS_KEPT)
    def joined(since: str) -> bool:
        found = day(since)
        return found is not None and found <= today

    def read(line: bytes) -> Judged | None:
        try:
            fields: dict[str, Any] = orjson.loads(line)
            account, numbers = fields["account"], fields["identifiers"]
            status, since = fields["status"], fields["member_since"]
            kind = fields.get("business_type")
            count = _FIELDS + (kind is not None)
            if (
                len(fields) != count
                or type(numbers) is not list
                # Two quotes a word. More of them: a key stands twice, of which orjson keeps one
                # and says nothing, or a quote stands in a word.
                or line.count(b'"') != 4 * count - 2 + 8 * len(numbers)
                or is_account(account) is None
                or status not in _STATUSES
                or len(since) != DATE_LENGTH
                or not joined(since)
                or not (kind is None or (len(kind) <= BUSINESS_TYPE_LENGTH_MAX and _kept(kind)))
            ):
                return None
            name = names.parse(fields["name"])
            pairs = []
            for number in numbers:
                scheme, text = number["scheme"], number["value"]
                value = parse[scheme](text)
                if len(number) != _PARTS or not text.isascii():
                    return None
                if scheme in check and not check[scheme](value):
                    return None
                pairs.append((scheme, value))
        # No JSON, or a field is absent, of another type, or says what it must not.
        except (ValueError, KeyError, TypeError, AttributeError, BadRecord):
            return None
        if len(pairs) > 1 and len(set(pairs)) != len(pairs):
            return None
        warnings = _NO_WARNING if len(account) == ACCOUNT_LENGTH_USUAL else _OF_ANOTHER_LENGTH
        return say(account, name, pairs, status, since, kind), warnings

    return read


def _sound(scheme: str) -> Callable[[str], bool]:
    """What tells that there is nothing to warn of."""
    check, unusual = CHECKS.get(scheme), UNUSUAL.get(scheme)
    if check is None:
        return lambda value: unusual is None or not unusual(value)
    return check if unusual is None else lambda value: check(value) and not unusual(value)


@lru_cache(_KINDS_KEPT)
def _kept(kind: str) -> bool:
    """Whether this business type is kept as it stands."""
    return read_business_type(kind) == kind
