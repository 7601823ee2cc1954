"""`mrx report`: what a month was like, in figures, and signed."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.acts import statements
from gateway.cli import answer, files, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson
from gateway.identity.actor import at_the_shell
from gateway.views import exposure as view

COLUMNS = (
    *("partner", "members", "minutes", "longest_minutes", "open", "minutes_outside"),
    *("monthly_minutes", "time_zone"),
)

app = noun()


@app.callback()
def reports() -> None:
    """A group also while it has one verb."""


@app.command(epilog="Example: mrx report exposure --month 2026-10 --signed exposure.p7m")
def exposure(
    *,
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="Which month (the present one).")
    ] = None,
    signed: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write it as a signed file, too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say for how long members that had lost their benefits could still have had them.

    Minutes of every partner: from the moment the source told us of a bad status, or a consent was
    taken back, until the partner's receipt confirmed it; beside what one list a month would have
    left. Days off over there explain waiting, and stop no clock.
    """
    now = datetime.now(UTC)
    which = view.month_of(month, now=now)
    with here.house() as house:
        with house.database.read() as tx:
            found = view.exposure(tx, which, now=now)
        if signed is not None:
            actor = at_the_shell(here.who())
            made = statements.report(house, actor, which, now=now)
    if signed is not None:
        files.write(signed, made.file)
        answer.talk(f"Signed; SHA-256 {made.digest}.")
    if as_json:
        answer.one({"made_at": now, **statements.figures(found)}, json=True)
        return
    answer.many(COLUMNS, [asdict(one) for one in found.partners], json=False)
