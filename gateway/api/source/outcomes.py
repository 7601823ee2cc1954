"""What became of things, as a feed: read it, keep `next`, and go on from there for ever."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response

from gateway.api import cursor
from gateway.api.caller import Caller, holding
from gateway.api.context import Here
from gateway.api.cursor import After, Limit
from gateway.api.parameters import OnlyPartner
from gateway.api.problems import described
from gateway.api.source.member_wire import Wire
from gateway.tokens import Scope
from outbox import gate as gates
from outbox import outcomes
from outbox.outcomes import Outcome
from partners import agreements
from schemas.codes import CODES, Repairer

router = APIRouter(responses=described(401, 403, 404, 422))


class OutcomeShown(Wire):
    """One outcome. `ref` and `version` are null where the partner has not been told.

    `code` is a stable code with `blocked` and `refused`; with `withdrawn` it is `erased`,
    `retained` (unused, under a law) or `not-held`; `reason` says it in words. `partner_code` is
    the partner's own word. `repairer` is who can repair it, if anybody has to.
    """

    position: str
    at: datetime
    kind: Literal["held", "matched", "unmatched", "ambiguous", "refused", "blocked", "withdrawn"]
    partner: str
    account: str
    ref: str | None
    version: int | None
    code: str | None
    reason: str | None
    partner_code: str | None
    repairer: Repairer | None


class Closed(Wire):
    """A partner to which nothing may be announced now, whatever the member, and why. It passes
    by itself once the reason does, so it is no outcome of any member.
    """

    partner: str
    code: str
    reason: str
    repairer: Repairer | None


class OutcomeList(Wire):
    """`next` is always there: after the last page it says where the feed will go on. `closed` is
    how it stands at the moment of the answer.
    """

    items: list[OutcomeShown]
    next: str
    closed: list[Closed]


@router.get("/outcomes")
def what_became_of_things(
    request: Request,
    response: Response,
    here: Here,
    _caller: Annotated[Caller, holding(Scope.READ)],
    after: After = None,
    limit: Limit = 100,
    partner: OnlyPartner = None,
) -> OutcomeList:
    """Read what became of things, in the order in which it happened, after a cursor."""
    key: Any = cursor.read(after, int)
    start = 0 if key is None else key[0]
    with here.house.database.read() as tx:
        if partner is not None:
            agreements.get(tx, partner)
        found = outcomes.after(tx, start, limit=limit, partner=partner)
        closed = [
            Closed(
                partner=one,
                code=code,
                reason=CODES[code].title,
                repairer=CODES[code].repairer,
            )
            for one, code in gates.closed(tx, here.house, now=datetime.now(UTC)).items()
            if partner in (None, one)
        ]
    last = cursor.written(found[-1].position if found else start)
    response.headers.update(cursor.link(request, last))
    return OutcomeList(items=[_shown(one) for one in found], next=last, closed=closed)


def _shown(one: Outcome) -> OutcomeShown:
    return OutcomeShown(
        position=str(one.position),
        at=one.at,
        kind=one.kind.value,
        partner=one.partner,
        account=one.account,
        ref=one.ref,
        version=one.version,
        code=one.code,
        reason=one.reason,
        partner_code=one.partner_code,
        repairer=one.repairer,
    )
