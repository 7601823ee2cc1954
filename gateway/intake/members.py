"""A member as the source describes it: the fields of one record, judged one after the other."""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from schemas import identifiers, name
from schemas.errors import BadRecord
from schemas.identifiers import Identifier
from schemas.identifiers.schemes import ALIASES
from schemas.member import ACCOUNT, BUSINESS_TYPE_LENGTH_MAX, Member
from schemas.status import Status

ACCOUNT_LENGTH_USUAL = 8
_STATUS: Mapping[object, Status] = {status.value: status for status in Status}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DATE_LENGTH = 10
DAYS_KEPT = 16_384  # a million members joined on some thousand days


def read_member(
    fields: Mapping[str, object], *, schemes: frozenset[str], today: date
) -> tuple[Member, tuple[str, ...]]:
    """Return the member and the codes of its warnings, each once; or raise `BadRecord`.

    `schemes` are those of the home programme; `today` is the day in UTC. Fields we do not know are
    not looked at. Judged in this order: account, so that a rejection can name it; status, so that
    an unknown word is never hidden behind another fault (MRX-1110 blocks announcements); name,
    identifiers, date, business type.
    """
    account = read_account(fields)
    status = _read_status(fields)
    company = _read_name(fields)
    numbers = _read_identifiers(fields, schemes)
    member = Member(
        account=account,
        name=company,
        identifiers=numbers,
        status=status,
        member_since=_read_date(fields, today),
        business_type=read_business_type(fields.get("business_type")),
    )
    warnings = ["MRX-1901"] if len(account) != ACCOUNT_LENGTH_USUAL else []
    for number in numbers:
        warnings += identifiers.warnings(number)
    return member, tuple(dict.fromkeys(warnings)) if warnings else ()


def read_account(fields: Mapping[str, object]) -> str:
    """Return the account, or raise `BadRecord` MRX-1101.

    It is a text of 5 to 9 ASCII digits; a JSON number would lose its leading zeros.
    """
    account = fields.get("account")
    if not isinstance(account, str) or ACCOUNT.fullmatch(account) is None:
        raise BadRecord("MRX-1101")
    return account


def _read_status(fields: Mapping[str, object]) -> Status:
    word = fields.get("status")
    status = _STATUS.get(word) if isinstance(word, str) else None
    if status is None:
        raise BadRecord("MRX-1110")
    return status


def _read_name(fields: Mapping[str, object]) -> str:
    text = fields.get("name")
    if not isinstance(text, str):
        raise BadRecord("MRX-1102")
    return name.parse(text)


def _read_identifiers(
    fields: Mapping[str, object], schemes: frozenset[str]
) -> tuple[Identifier, ...]:
    numbers = fields.get("identifiers")
    if not isinstance(numbers, list):
        raise BadRecord("MRX-1105")
    if len(numbers) == 1:
        return (_read_identifier(numbers[0], schemes),)
    # Doubled ones collapse to the first; a dict keeps the order.
    return tuple({_read_identifier(number, schemes): None for number in numbers})


def _read_identifier(number: object, schemes: frozenset[str]) -> Identifier:
    if not isinstance(number, dict):
        raise BadRecord("MRX-1105")
    scheme, value = number.get("scheme"), number.get("value")
    if not isinstance(scheme, str) or ALIASES.get(scheme, scheme) not in schemes:
        raise BadRecord("MRX-1106")
    if not isinstance(value, str):
        raise BadRecord("MRX-1107", scheme=ALIASES.get(scheme, scheme))
    return identifiers.identifier(scheme, value)


def _read_date(fields: Mapping[str, object], today: date) -> date:
    text = fields.get("member_since")
    joined = day(text) if isinstance(text, str) and len(text) == DATE_LENGTH else None
    if joined is None:
        raise BadRecord("MRX-1111")
    if joined > today:
        raise BadRecord("MRX-1112")
    return joined


@lru_cache(DAYS_KEPT)
def day(text: str) -> date | None:
    """The day a text of ten characters says; None if it says none."""
    # The shape comes first: `fromisoformat` also reads week dates and dates without dashes.
    if _DATE.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_business_type(kind: object) -> str | None:
    """Return the business type as it is kept, or raise `BadRecord` MRX-1114."""
    if kind is None:
        return None
    if not isinstance(kind, str) or name.NOT_XML.search(kind):
        raise BadRecord("MRX-1114")
    kind = kind.strip()
    if not 1 <= len(kind) <= BUSINESS_TYPE_LENGTH_MAX:
        raise BadRecord("MRX-1114")
    return kind
