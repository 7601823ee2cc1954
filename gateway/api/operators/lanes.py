"""Pausing and resuming the announcements to a partner."""

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from gateway.acts import lanes as acts
from gateway.api.context import Context, Here
from gateway.api.operators.acting import Runs
from gateway.api.operators.decision import Decision, Line
from gateway.api.operators.overview import Row
from gateway.api.parameters import Partner
from gateway.api.problems import described
from gateway.views import rows

router = APIRouter(prefix="/lanes", responses=described(401, 403, 422))


class Resumption(BaseModel):
    """Why, if there is anything to say."""

    model_config = ConfigDict(extra="forbid")

    reason: Line | None = Field(default=None, description="One line; kept in the ledger.")


class Resumed(Row):
    retold: int = Field(description="Notices the partner had turned down, that go again.")
    left: int = Field(description="Such notices, too many for one person: replay them.")


@router.post("/{partner}/pause", responses=described(404, 503))
def pause_announcements(partner: Partner, decision: Decision, here: Here, actor: Runs) -> Row:
    """Hold announcements to a partner back. Withdrawals and bad news still leave."""
    acts.pause(here.house, actor, partner, reason=decision.reason, now=datetime.now(UTC))
    return _now(here, partner)


@router.post("/{partner}/resume", responses=described(404, 503))
def resume_announcements(
    partner: Partner, decision: Resumption, here: Here, actor: Runs
) -> Resumed:
    """Let announcements to a partner leave again, and what it turned down with them."""
    now = datetime.now(UTC)
    resumed = acts.resume(here.house, actor, partner, reason=decision.reason or "", now=now)
    return Resumed(**dict(_now(here, partner)), retold=resumed.retold, left=resumed.left)


def _now(here: Context, partner: str) -> Row:
    with here.house.database.read() as tx:
        return Row.model_validate(rows.of(tx, here.house, partner, now=datetime.now(UTC)))
