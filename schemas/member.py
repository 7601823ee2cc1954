"""A company in the home programme, as its source last described it."""

import re
from dataclasses import dataclass
from datetime import date

from schemas import name as names
from schemas.errors import BadRecord
from schemas.identifiers import Identifier
from schemas.status import Status

# Five digits in a public sample, eight on the portal's screens, nine on a mock-up
# (domain/ctpat.md section 3). Other lengths than eight are taken with a warning.
ACCOUNT = re.compile(r"[0-9]{5,9}")
BUSINESS_TYPE_LENGTH_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Valid by construction. The account and the business type never leave (P2)."""

    account: str
    name: str
    identifiers: tuple[Identifier, ...]
    status: Status
    member_since: date
    business_type: str | None = None

    def __post_init__(self) -> None:
        if ACCOUNT.fullmatch(self.account) is None:
            raise BadRecord("MRX-1101")
        if names.parse(self.name) != self.name:
            raise BadRecord("MRX-1102")
        if len(self.identifiers) > 1 and len(set(self.identifiers)) != len(self.identifiers):
            raise BadRecord("MRX-1107", doubled=True)
        kind = self.business_type
        if kind is not None and not 1 <= len(kind.strip()) <= len(kind) <= BUSINESS_TYPE_LENGTH_MAX:
            raise BadRecord("MRX-1114")
