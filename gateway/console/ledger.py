"""Ledger: who did what, and is it whole?"""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Form, Path, Query, Response
from fastapi.responses import StreamingResponse

from gateway.acts import ledgers
from gateway.api import cursor
from gateway.api.cursor import After
from gateway.console.fields import OnlyPartner
from gateway.console.listing import A_PAGE
from gateway.console.page import SignedIn
from gateway.identity.roles import Right
from gateway.views import ledger as view
from gateway.views.ledger import Wanted
from partners import agreements

router = APIRouter(prefix="/ledger")

POSITION_MAX: Final = 1 << 53

Day = Annotated[str, Query(pattern=r"^$|^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


@router.get("")
def every(  # a parameter each
    page: SignedIn,
    *,
    kind: Annotated[str, Query(max_length=50)] = "",
    partner: OnlyPartner = "",
    by: Annotated[str, Query(max_length=100)] = "",
    since: Day = "",
    until: Day = "",
    after: After = None,
) -> Response:
    page.demand(Right.SEE, what="the ledger")
    key = cursor.read(after, int)
    first, last = _day(since), _day(until)
    wanted = Wanted(
        kind=kind or None,
        partner=partner or None,
        by=by.strip() or None,
        since=first,
        until=_end_of(last),  # the day itself is meant too
    )
    with page.house.database.read() as tx:
        before = None if key is None else int(key[0])
        found = view.page(tx, page.house, wanted, before=before, at_most=A_PAGE)
        standing = view.standing(tx)
        kinds = view.kinds(tx)
        partners = [one.agreement.partner for one in agreements.every(tx)]
    return page.show(
        "ledger.html",
        title="Ledger",
        found=found.found,
        next=None if found.before is None else cursor.written(found.before),
        first=after is None,
        reached=found.before,
        standing=standing,
        kinds=kinds,
        partners=partners,
        chosen={"kind": kind, "partner": partner, "by": by, "since": since, "until": until},
        whole=page.may(Right.AUDIT),
        walked_max=ledgers.WALKED_MAX,
    )


@router.get("/{position}")
def one(page: SignedIn, position: Annotated[int, Path(ge=1, le=POSITION_MAX)]) -> Response:
    page.demand(Right.AUDIT, what="an entry in full")
    with page.house.database.read() as tx:
        found = view.one(tx, position)
    text = orjson.dumps(dict(found.told), option=orjson.OPT_INDENT_2).decode()
    return page.show("ledger_entry.html", title=f"Entry {position}", entry=found, text=text)


@router.post("/verify")
def verify(page: SignedIn, anew: Annotated[str, Form(pattern="^$|^yes$")] = "") -> Response:
    found = ledgers.verify(page.house, page.actor, anew=anew == "yes", now=page.now)
    return page.go("/ledger", said="ledger-broken" if found.broken_at else "ledger-verified")


@router.post("/export")
def export(
    page: SignedIn,
    first: Annotated[int, Form(ge=1, le=POSITION_MAX)] = 1,
    last: Annotated[str, Form(pattern="^$|^[0-9]{1,15}$")] = "",
) -> Response:
    end = int(last) if last else None
    name, pieces = ledgers.export(page.house, page.actor, first=first, last=end, now=page.now)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type=ledgers.MEDIA_TYPE, headers=headers)


def _day(text: str) -> datetime | None:
    """Midnight, UTC; nothing for a text that is no day: the form shows that nothing was chosen."""
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        return None


def _end_of(day: datetime | None) -> datetime | None:
    """The midnight after it; none after the last day there is."""
    try:
        return None if day is None else day + timedelta(days=1)
    except OverflowError:
        return None
