"""All journeys: one file for each noun of the console.

A new act gets its journey in the file of its noun. What a journey needs beforehand stands beside
it, made by the product's own acts, so that it can be gone again and again on the same ground.
"""

from typing import Final

from tests.gateway.console.browser.journey import Journey
from tests.gateway.console.browser.journeys import (
    account,
    approvals,
    arriving,
    batches,
    certificates,
    companies,
    lanes,
    ledger,
    onboarding,
    retention,
    system,
    users,
)

JOURNEYS: Final[tuple[Journey, ...]] = (
    *account.JOURNEYS,
    *lanes.JOURNEYS,
    *batches.JOURNEYS,
    *users.JOURNEYS,
    *companies.JOURNEYS,
    *approvals.JOURNEYS,
    *arriving.JOURNEYS,
    *certificates.JOURNEYS,
    *ledger.JOURNEYS,
    *onboarding.JOURNEYS,
    *retention.JOURNEYS,
    *system.JOURNEYS,
)
