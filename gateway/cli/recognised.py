"""`mrx recognised`: foreign members as targeting finds them, and MIDs attached to them by hand."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from gateway import mids
from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Partner
from partners import agreements, recognised
from partners.recognised import Recognised
from schemas.errors import BadIdentifier
from schemas.identifiers import identifier
from schemas.ref import parse as read_ref

COLUMNS = ("programme", "ref", "name", "status", "since", "usable", "why_not", "stale", "as_of")

Ref = Annotated[str, typer.Argument(metavar="REF", help="The member's reference.")]
Mid = Annotated[str, typer.Argument(metavar="MID", help="A manufacturer identification code.")]

app = noun()


@app.command(epilog="Example: mrx recognised lookup MID MXINVCOM123TIJ")
def lookup(
    scheme: Annotated[str, typer.Argument(metavar="SCHEME", help="Such as MID or MX-RFC.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The identifier itself.")],
    *,
    programme: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only members of this programme.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the recognised foreign members that carry an identifier today."""
    asked = identifier(scheme, value)
    with here.house() as house, house.database.read() as tx:
        if programme is not None:
            agreements.get(tx, programme)
        found = recognised.find(tx, [asked], now=datetime.now(UTC), programme=programme)
    answer.many(COLUMNS, [_facts(one) for one in found[asked]], json=as_json)


@app.command(epilog="Example: mrx recognised show mx-neec 7ZKQ3M9RTW4R")
def show(code: Partner, ref: Ref, *, as_json: AsJson = False) -> None:
    """Show one recognised member, with every number it has, had or will have."""
    with here.house() as house, house.database.read() as tx:
        agreements.get(tx, code)
        found = recognised.get(tx, code, _ref(ref), now=datetime.now(UTC))
    answer.one(_facts(found), json=as_json)


@app.command(epilog="Example: mrx recognised attach mx-neec 7ZKQ3M9RTW4R MXINVCOM123TIJ")
def attach(
    code: Partner,
    ref: Ref,
    mid: Mid,
    *,
    from_on: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="Its first day (today).")
    ] = None,
    until_on: Annotated[
        str | None, typer.Option("--until", metavar="DAY", help="The first day without it (open).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Attach a MID to a member by hand; again with other dates changes the dates."""
    begins, ends = _day("--from", from_on), _day("--until", until_on)
    if begins is not None and ends is not None and ends <= begins:
        raise typer.BadParameter("it would end before it begins", param_hint="--until")
    with here.house() as house:
        found = mids.attach(
            house,
            code,
            _ref(ref),
            mid,
            from_on=begins,
            until_on=ends,
            by=here.who(),
            now=datetime.now(UTC),
        )
    answer.one(_facts(found), json=as_json)


@app.command(epilog="Example: mrx recognised detach mx-neec 7ZKQ3M9RTW4R MXINVCOM123TIJ")
def detach(code: Partner, ref: Ref, mid: Mid, *, as_json: AsJson = False) -> None:
    """End a MID that was attached by hand: from today on it is not the member's."""
    with here.house() as house:
        found = mids.detach(house, code, _ref(ref), mid, by=here.who(), now=datetime.now(UTC))
    answer.one(_facts(found), json=as_json)


def _ref(text: str) -> str:
    try:
        return read_ref(text)
    except BadIdentifier:
        raise typer.BadParameter("this is no reference", param_hint="REF") from None


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:  # 30 February
        pass
    raise typer.BadParameter("give a day such as 2026-01-31", param_hint=option)


def _facts(found: Recognised) -> answer.Facts:
    return {
        "programme": found.roll.programme,
        "ref": found.ref,
        "name": found.name,
        "status": found.status.value,
        "since": found.member_since,
        "usable": not found.why_not,
        "why_not": [why.value for why in found.why_not],
        "stale": found.roll.stale,
        "as_of": found.roll.as_of,
        "identifiers": [
            {
                "scheme": one.scheme,
                "value": one.value,
                "source": one.source,
                "from": one.from_on,
                "until": one.until_on,
            }
            for one in found.identifiers
        ],
    }
