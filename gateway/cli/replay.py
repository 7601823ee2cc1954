"""`mrx replay`: look first, then tell again what a partner turned down."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway import replaying
from gateway.acts import replays as acts
from gateway.cli import answer, exits, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, DryRun, Limit, OnlyPartner, Reason, one_line
from gateway.identity.actor import at_the_shell
from gateway.views import replays as view
from gateway.views.replays import Preview, Replay, State
from outbox.house import House

COLUMNS = ("id", "partner", "code", "state", "matched", "retold", "asked_by", "asked_at", "reason")
LISTED = 200

To = Annotated[str, typer.Option("--partner", metavar="CODE", help="To this partner.")]
Cause = Annotated[
    str | None,
    typer.Option("--code", metavar="MRX-nnnn", help="Of this cause; else of all, for two persons."),
]
ReplayId = Annotated[str, typer.Argument(metavar="ID", help="As `mrx replay list` gives it.")]

app = noun()


@app.command(epilog="Example: mrx replay preview --partner kr-aeo --code MRX-2210")
def preview(*, partner: To, code: Cause = None, as_json: AsJson = False) -> None:
    """Say what a replay would do now: how many would go, how many not, and why."""
    with here.house() as house, house.database.read() as tx:
        found = view.preview(tx, house, partner, code, now=datetime.now(UTC))
    answer.one(_previewed(found), json=as_json)


@app.command(
    epilog="Example: mrx replay start --partner kr-aeo --code MRX-2210 --reason 'repaired there'"
)
def start(
    *,
    partner: To,
    reason: Reason,
    code: Cause = None,
    paused: Annotated[
        bool, typer.Option("--paused", help="Pause announcements to the partner first.")
    ] = False,
    here_: Annotated[
        bool, typer.Option("--here", help="Work it here and now, not in the gateway that serves.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Tell a partner again what it turned down.

    It runs in the gateway that serves, or waits for a second person (exit 6): over 1,000 notices,
    or without a code.
    """
    why = one_line(reason)
    if dry_run:
        preview(partner=partner, code=code, as_json=as_json)
        return
    with here.house() as house:
        found = acts.start(
            house,
            at_the_shell(here.who()),
            partner,
            code,
            reason=why,
            now=datetime.now(UTC),
            paused=paused,
        )
        if here_ and found.state is State.RUNNING:
            found = _worked(house, found)
    answer.one(_facts(found), json=as_json)
    if found.state is State.WAITING:
        answer.talk("It waits for a second person: see `mrx approval list`.")
        raise typer.Exit(exits.WAITS)


@app.command("list", epilog="Example: mrx replay list --partner kr-aeo")
def list_(*, partner: OnlyPartner = None, limit: Limit = LISTED, as_json: AsJson = False) -> None:
    """List replays, the newest first."""
    with here.house() as house, house.database.read() as tx:
        found = view.every(tx, partner=partner, at_most=limit + 1)
    answer.many(COLUMNS, map(_facts, found[:limit]), json=as_json)
    if len(found) > limit:
        answer.talk("There are more: --limit shows more of them, the console all.")


@app.command(epilog="Example: mrx replay show 0123456789ab")
def show(replay: ReplayId, *, as_json: AsJson = False) -> None:
    """Show one replay: how far it has come, and what was skipped and why."""
    with here.house() as house, house.database.read() as tx:
        found = view.get(tx, replay)
    answer.one(_facts(found), json=as_json)


@app.command(epilog="Example: mrx replay cancel 0123456789ab --reason 'the wrong cause'")
def cancel(replay: ReplayId, reason: Reason, *, as_json: AsJson = False) -> None:
    """Cancel the rest of a replay: what is pending again stays so."""
    why = one_line(reason)
    with here.house() as house:
        actor = at_the_shell(here.who())
        found = acts.cancel(house, actor, replay, reason=why, now=datetime.now(UTC))
    answer.one(_facts(found), json=as_json)


def _worked(house: House, replay: Replay) -> Replay:
    while True:
        with house.database.read() as tx:
            found = view.get(tx, replay.id)
        if found.state is not State.RUNNING:
            return found
        replaying.go_on(house, now=datetime.now(UTC), only=replay.id)


def _previewed(found: Preview) -> answer.Facts:
    return {
        "partner": found.partner,
        "code": found.code,
        "matched": found.matched.n,
        "more": found.matched.more,
        "looked_at": found.looked_at,
        "goes": found.goes,
        "skipped": dict(found.skipped),
        "withdrawals": found.withdrawals.n,
        "gate": found.gate,
        "for_two": found.for_two,
    }


def _facts(replay: Replay) -> answer.Facts:
    return {
        "id": replay.id,
        "partner": replay.partner,
        "code": replay.code,
        "state": replay.state.value,
        "matched": replay.matched,
        "looked_at": replay.looked_at,
        "retold": replay.retold,
        "skipped": dict(replay.skipped),
        "reason": replay.reason,
        "asked_by": replay.asked_by,
        "asked_at": replay.asked_at,
        "ended_at": replay.ended_at,
        "ended_by": replay.ended_by,
    }
