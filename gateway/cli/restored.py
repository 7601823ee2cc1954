"""`mrx restored`: a gateway that came from a backup, until it knows again what it may believe."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.acts import restoring as acts
from gateway.backup import restoring
from gateway.cli import answer, approval, exits, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Partner, Reason, moment, one_line
from gateway.cli.restore import KeepAccess
from gateway.identity.actor import at_the_shell
from outbox import restored

app = noun()


@app.command(epilog="Example: mrx restored show --json")
def show(*, as_json: AsJson = False) -> None:
    """Show what a restored gateway still waits for: partners' answers, the source's consents.

    Exits with 3 while anything is open.
    """
    with here.house() as house, house.database.read() as tx:
        found = restored.standing(tx)
    facts = {
        "restored_at": None if found is None else found.at,
        "shut": [] if found is None else list(found.shut),
        "unasked": [] if found is None else list(found.unasked),
        "consents_owed_since": None if found is None else found.consents_owed_since,
    }
    answer.one(facts, json=as_json)
    if found is not None and not found.over:
        raise typer.Exit(exits.REJECTED)


@app.command("open", epilog="Example: mrx restored open kr-aeo --reason 'has no such endpoint'")
def open_(code: Partner, reason: Reason, *, as_json: AsJson = False) -> None:
    """Ask that a partner's lanes open without its word; a second person makes it so (exit 6).

    For a partner that cannot be asked. What it was told since the backup stays unknown: it is told
    each member anew in a much higher version, and keeps whom only the lost database knew of.
    """
    why, actor = one_line(reason), at_the_shell(here.who())
    with here.house() as house:
        asked = acts.open_unasked(house, actor, code, reason=why, now=datetime.now(UTC))
    approval.waits(asked, as_json=as_json)
    raise typer.Exit(exits.WAITS)


@app.command(
    epilog="Example: mrx restored mark --made-at 2026-11-22T06:00Z --reason 'from the archive'"
)
def mark(
    *,
    made_at: Annotated[
        str,
        typer.Option("--made-at", metavar="TIME", help="The moment to which it was brought back."),
    ],
    reason: Reason,
    keep_access: KeepAccess = False,
    as_json: AsJson = False,
) -> None:
    """Say that the database was brought back by other means, before `mrx serve` is started.

    A server's archive, a snapshot of a disk: without this the gateway would go on as if nothing were
    lost, and use numbers twice.
    """
    now, why = datetime.now(UTC), one_line(reason)
    at = moment("--made-at", made_at, now=now)
    with here.house() as house, house.database.write() as tx:
        ended = restoring.brought_back(
            tx, made_at=at, keep_access=keep_access, by=here.who(), reason=why, now=now
        )
    answer.one({"restored": True, "backup_made_at": at, "ended": dict(ended)}, json=as_json)
