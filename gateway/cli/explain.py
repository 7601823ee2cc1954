"""`mrx explain` and `mrx openapi`: what an engineer on either side looks up."""

import sys
from typing import Annotated

import typer

from gateway import problems_page
from gateway.api import description
from gateway.api.problems import status_of
from gateway.cli import answer
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson
from schemas.codes import CODES, Code
from schemas.errors import BadRequest

COLUMNS = ("code", "title", "repair", "repairer", "http_status")

app = noun()


@app.command(epilog="Example: mrx explain MRX-4003")
def explain(
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="Such as MRX-4003; without it, all.")
    ] = None,
    *,
    page: Annotated[bool, typer.Option(help="All of them as docs/problems.md.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a code means, what to do about it, and who can."""
    if page:
        sys.stdout.write(problems_page.page())
    elif code is None:
        answer.many(COLUMNS, [_facts(one) for one in CODES.values()], json=as_json)
    else:
        answer.one(_facts(_found(code)), json=as_json)


@app.command(epilog="Example: mrx openapi partner > partner.json")
def openapi(
    door: Annotated[str, typer.Argument(help=f"One of {', '.join(description.DOORS)}.")],
) -> None:
    """Put a door's OpenAPI description on stdout."""
    if door not in description.DOORS:
        known = ", ".join(description.DOORS)
        raise typer.BadParameter(f"give one of {known}", param_hint="DOOR")
    sys.stdout.buffer.write(description.described(door))


def _found(text: str) -> Code:
    """The code, as people type it: in any case, also without its letters."""
    digits = text.strip().upper().removeprefix("MRX-")
    found = CODES.get(f"MRX-{digits}")
    if found is None:
        raise BadRequest("MRX-5018")
    return found


def _facts(code: Code) -> dict[str, object]:
    return {
        "code": code.code,
        "title": code.title,
        "repair": code.repair,
        "repairer": code.repairer,
        "http_status": status_of(code.code),
    }
