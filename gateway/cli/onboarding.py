"""`mrx onboarding`: a new partner's list, with its evidence, and going live."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.acts import golive
from gateway.acts import onboarding as acts
from gateway.cli import answer, approval, exits, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Partner, Reason, one_line
from gateway.identity.actor import at_the_shell
from gateway.views import onboarding as view
from gateway.views.onboarding import Task

COLUMNS = ("step", "done", "who", "evidence", "done_by", "done_at", "title")

Step = Annotated[str, typer.Argument(metavar="STEP", help="As `mrx onboarding show` gives it.")]

app = noun()


@app.command("list", epilog="Example: mrx onboarding list")
def list_(*, as_json: AsJson = False) -> None:
    """List the partners, and how much of each one's list is done."""
    now = datetime.now(UTC)
    with here.house() as house, house.database.read() as tx:
        found = [
            {
                "partner": one.partner,
                "live": one.live,
                "done": one.done,
                "of": len(one.tasks),
                "open_before_live": one.open_before,
            }
            for one in view.every(tx, house, now=now)
        ]
    answer.many(("partner", "live", "done", "of", "open_before_live"), found, json=as_json)


@app.command(epilog="Example: mrx onboarding show tw-aeo")
def show(code: Partner, *, as_json: AsJson = False) -> None:
    """Show one partner's list: what is done, and where one sees it. Exit 3 if something is open."""
    now = datetime.now(UTC)
    with here.house() as house, house.database.read() as tx:
        found = view.tasks(tx, house, code, now=now)
    answer.many(COLUMNS, [_facts(one) for one in found.tasks], json=as_json)
    if found.open_before:
        raise typer.Exit(exits.REJECTED)


@app.command(epilog="Example: mrx onboarding tick tw-aeo contacts --evidence 'letter of 2 October'")
def tick(
    code: Partner,
    step: Step,
    *,
    evidence: Annotated[
        str, typer.Option("--evidence", help="Where one can see that it is done; one line.")
    ],
) -> None:
    """Say that a step is done which only a person can know."""
    seen, actor = one_line(evidence), at_the_shell(here.who())
    with here.house() as house:
        acts.tick(house, actor, code, step, evidence=seen, now=datetime.now(UTC))
    answer.talk(f"{code}: {step} is done.")


@app.command(epilog="Example: mrx onboarding reopen tw-aeo contacts --reason 'they have moved'")
def reopen(code: Partner, step: Step, reason: Reason) -> None:
    """Say that a step is not done after all."""
    why, actor = one_line(reason), at_the_shell(here.who())
    with here.house() as house:
        acts.reopen(house, actor, code, step, reason=why, now=datetime.now(UTC))
    answer.talk(f"{code}: {step} is open.")


@app.command("go-live", epilog="Example: mrx onboarding go-live tw-aeo --reason 'all is tested'")
def go_live(code: Partner, reason: Reason, *, as_json: AsJson = False) -> None:
    """Ask that the exchange with a partner begins; a second person begins it (exit 6)."""
    why, actor = one_line(reason), at_the_shell(here.who())
    with here.house() as house:
        asked = golive.ask(house, actor, code, reason=why, now=datetime.now(UTC))
    approval.waits(asked, as_json=as_json)
    raise typer.Exit(exits.WAITS)


def _facts(one: Task) -> answer.Facts:
    return {
        "step": one.step.name,
        "title": one.step.title,
        "who": one.step.who,
        "by_hand": one.step.by_hand,
        "before_live": one.step.before,
        "done": one.done,
        "evidence": one.evidence,
        "done_at": one.done_at,
        "done_by": one.done_by,
    }
