"""The operators' door: what waits for a person's decision."""

from fastapi import FastAPI

from gateway.api import door
from gateway.api.context import Context
from gateway.api.operators import (
    acting,
    approvals,
    batches,
    calendar,
    certificates,
    conformance,
    exposure,
    failures,
    inbound,
    keys,
    lanes,
    ledger,
    onboarding,
    overview,
    partners,
    pushes,
    replays,
    retention,
    revocations,
    system,
    told,
    users,
)

PATH = "/v1/ops"
ROUTERS = (
    overview.router,
    partners.router,
    calendar.router,
    conformance.router,
    lanes.router,
    inbound.router,
    certificates.router,
    approvals.router,
    keys.router,
    pushes.router,
    ledger.router,
    onboarding.router,
    batches.router,
    failures.router,
    replays.router,
    users.router,
    told.router,
    revocations.router,
    exposure.router,
    retention.router,
    system.router,
)


def build(context: Context | None) -> FastAPI:
    return door.build(
        context,
        title="mrx operators' door",
        description=(
            "For operators' tools. Credentials: a token with a scope named after a role, or with "
            "`operate` (viewer, operator, approver and security officer in one)."
        ),
        path=PATH,
        routers=ROUTERS,
        finish=acting.each_alone,
    )
