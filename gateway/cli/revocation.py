"""`mrx revocation`: a consent taken back, followed until deletion is confirmed."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.acts import revoking
from gateway.cli import answer, here
from gateway.cli.following import followed
from gateway.cli.nouns import noun
from gateway.cli.options import Account, AsJson, DryRun, Number, OnlyPartner, Reason, one_line
from gateway.identity.actor import at_the_shell
from gateway.views import revocations as view
from gateway.views.revocations import Show, Tracked
from outbox import revocations
from outbox.house import House

A_PAGE = 500
COLUMNS = ("id", "account", "partner", "answer", "overdue", "at", "due_at", "confirmed_at")

app = noun()


@app.command("list", epilog="Example: mrx revocation list --show overdue")
def list_(
    *,
    show: Annotated[
        Show, typer.Option("--show", help="Open and overdue: the soonest due first.")
    ] = Show.OPEN,
    partner: OnlyPartner = None,
    as_json: AsJson = False,
) -> None:
    """List the revocations that wait for a partner's receipt, or all of them, the newest first."""
    with here.house() as house:
        found = map(_line, _every(house, show, partner, now=datetime.now(UTC)))
        answer.many(COLUMNS, found, json=as_json)


@app.command(epilog="Example: mrx revocation enter 31614261 mx-neec --reason 'by letter of today'")
def enter(
    account: Account,
    partners: Annotated[list[str], typer.Argument(metavar="PARTNER...", help="For which.")],
    reason: Reason,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take a company's consent back: stop, remove what is queued, withdraw what may have been heard.

    It never waits for a second person.
    """
    now, why = datetime.now(UTC), one_line(reason)
    with here.house() as house:
        actor = at_the_shell(here.who())
        if dry_run:
            foreseen = revoking.foresee(house, actor, account, now=now)
            those = [asdict(one) for one in foreseen if one.partner in partners]
            answer.many(("partner", "consented", "answer"), those, json=as_json)
            return
        done = revoking.revoke(house, actor, account, partners, reason=why, now=now)
    answer.many(COLUMNS, map(_line, done), json=as_json)


@app.command(epilog="Example: mrx revocation show 12")
def show(number: Number, *, as_json: AsJson = False) -> None:
    """Show a revocation: what the partner may have heard, and whether it has deleted it.

    `overdue` says that the partner has not confirmed in time.
    """
    with here.house() as house, house.database.read() as tx:
        revocation = revocations.get(tx, number)
    waits = revocation.answer is revocations.Answer.ON_ITS_WAY
    facts = {
        "revocation": revocation.id,
        "account": revocation.account,
        "asked_by": revocation.asked_by,
        "at": revocation.at,
        "overdue": waits and revocation.due_at < datetime.now(UTC),
        "partners": [followed(revocation)],
    }
    answer.one(facts, json=as_json)


def _every(house: House, show: Show, partner: str | None, *, now: datetime) -> Iterator[Tracked]:
    """The whole list, page by page: no reading lasts as long as whoever reads us."""
    after = None
    while True:
        with house.database.read() as tx:
            page = view.every(tx, show, now=now, partner=partner, after=after, at_most=A_PAGE)
        yield from page
        if len(page) < A_PAGE:
            return
        after = view.key(page[-1], show)


def _line(one: Tracked) -> answer.Facts:
    took = None if one.took is None else int(one.took.total_seconds())
    ends = [asdict(end) for end in one.ends]
    facts = {name: getattr(one, name) for name in (*COLUMNS, "asked_by")}
    return {**facts, "took_seconds": took, "ends": ends}
