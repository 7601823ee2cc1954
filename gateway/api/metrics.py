"""`/metrics`: counts and states for Prometheus.

They hold nothing of any company, but say how each partner is doing: so not everybody reads them.
Who may: a token with a role that sees (`viewer` is enough), or whoever connects from
MRX_METRICS_ADDRESSES. The loopback is nobody special: where a proxy stands in front on the same
host, the whole world comes from there. A refusal is no entry of the ledger: a collector that is
set up wrongly asks four times a minute, for years.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials

from gateway.api import peer
from gateway.api.caller import bearer, known
from gateway.api.context import Context, Here
from gateway.api.operators.acting import ROLES
from gateway.identity.roles import Right, Role, rights
from gateway.metrics.exporter import Exporter
from schemas.errors import BadRequest

router = APIRouter()


@router.get("/metrics")
def metrics(
    request: Request,
    here: Here,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Response:
    """All metrics as text: Prometheus' own, or OpenMetrics where the caller asks for it."""
    if not _listed(request, here):
        _demand(request, here, given)
    exporter: Exporter = request.app.state.metrics
    text, media_type = exporter.text(request.headers.get("accept"), now=datetime.now(UTC))
    return Response(text, headers={"Content-Type": media_type, "Cache-Control": "no-store"})


def _listed(request: Request, here: Context) -> bool:
    settings = here.settings
    if peer.within(request, settings.proxy_addresses):
        return False  # whoever it speaks for, we do not know
    return peer.within(request, settings.metrics_addresses)


def _demand(request: Request, here: Context, given: HTTPAuthorizationCredentials | None) -> None:
    token = known(request, here, given)
    roles = frozenset[Role]().union(*(ROLES.get(scope, ()) for scope in token.scopes))
    if Right.SEE not in rights(roles):
        raise BadRequest("MRX-7002", scope=Role.VIEWER.value)
