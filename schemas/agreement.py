"""What an arrangement between two programmes allows, and how far along it is.

The stages are the nine steps of the mutual-recognition process (domain/ctpat.md section 8.3):

    1 evaluation  2 benefits  3 comparison  4 observations  5 formalization
    6 negotiation  7 signature  8 IMPLEMENTATION  9 MAINTENANCE

Members are told only from step 8 on, and only once the exchange is enabled: signed is not live.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from schemas.status import Status


class Stage(IntEnum):
    EVALUATION = 1
    BENEFITS = 2
    COMPARISON = 3
    OBSERVATIONS = 4
    FORMALIZATION = 5
    NEGOTIATION = 6
    SIGNATURE = 7
    IMPLEMENTATION = 8
    MAINTENANCE = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The arrangement with one partner.

    `format` names the document of the pair, `programme/version`, in both directions.
    `business_types` is None where the arrangement covers all of them (the default).
    """

    partner: str
    format: str
    stage: Stage
    enabled: bool
    effective_on: date
    ended_on: date | None
    schemes: frozenset[str]
    statuses: frozenset[Status]
    business_types: frozenset[str] | None = None

    def obstacle(self, on: date) -> str | None:
        """The code of what stands in the way of any announcement on that day, or None."""
        if self.stage < Stage.IMPLEMENTATION:
            return "MRX-2201"
        if not self.enabled:
            return "MRX-2202"
        if on < self.effective_on or (self.ended_on is not None and on >= self.ended_on):
            return "MRX-2203"
        return None

    def ineligible(self, status: Status, business_type: str | None) -> str | None:
        """The code of why this member is outside the arrangement, or None."""
        if status not in self.statuses:
            return "MRX-2204"
        if self.business_types is None:
            return None
        if business_type is None:
            return "MRX-2205"
        return None if business_type in self.business_types else "MRX-2206"
