"""`mrx retention`: what is kept how long, what is over its term, and erasing it."""

import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway import retention_page
from gateway.acts import retention as acts
from gateway.cli import answer, exits, here, progress
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, DryRun, one_line
from gateway.identity.actor import at_the_shell
from gateway.views import retention as view
from gateway.views.retention import Due, Page
from outbox import retention_run
from outbox.house import House
from outbox.retention import RULES
from outbox.retention_run import Run
from schemas.errors import BadRequest

COLUMNS = ("rule", "term", "rows", "bytes", "oldest", "state")
PAUSE_SECONDS = 0.05
"""After each chunk, for those who write meanwhile."""

Why = Annotated[
    str | None, typer.Option("--reason", help="Why it is done by hand; kept in the ledger.")
]

app = noun()


@app.command(epilog="Example: mrx retention show --json")
def show(
    *,
    page: Annotated[bool, typer.Option(help="The whole table, as docs/retention.md.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what would be erased now: of each rule how much, and since when. Erases nothing."""
    if page:
        sys.stdout.write(retention_page.page())
        return
    with here.house() as house:
        found = _due(house)
    _answer(found, as_json=as_json)
    if found.running is not None:
        answer.talk(f"A run is on its way: {found.running.rows:,} rows so far.")


@app.command(epilog="Example: mrx retention apply --reason 'the yearly clearing'")
def apply(*, reason: Why = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Erase what is over its term, here and now, in small steps beside all other work.

    A run that was killed, or that was begun elsewhere, is gone on with. In production a new one is
    for two persons: it is asked for (exit 6), and the gateway that serves works it after the yes.
    What is erased does not come back; backups made before still have it.
    """
    if dry_run:
        show(page=False, as_json=as_json)
        return
    production = here.settings().environment == "production"
    with here.house() as house:
        with house.database.read() as tx:
            running = retention_run.open_run(tx)
        if running is None:
            if reason is None:
                raise typer.BadParameter("say why", param_hint="--reason")
            actor, why, now = at_the_shell(here.who()), one_line(reason), datetime.now(UTC)
            if production:
                asked = acts.ask(house, actor, reason=why, now=now)
                answer.one({"approval": asked.id, "state": asked.state.value}, json=as_json)
                answer.talk("It waits for a second person: see `mrx approval list`.")
                raise typer.Exit(exits.WAITS)
            running = acts.begin(house, actor, reason=why, now=now)
        done = _worked(house, running)
    answer.one(_run(done), json=as_json)


@app.command(epilog="Example: mrx retention rewrite")
def rewrite(*, as_json: AsJson = False) -> None:
    """Write the database's files anew, so that nothing that was ever erased is left in them.

    Everybody waits meanwhile, a minute for some gigabytes, and the disk must hold them twice. Once
    after an upgrade from a version that did not overwrite what it deleted; on PostgreSQL after each
    run whose traces must not wait to be overwritten.
    """
    tables = sorted({table for rule in RULES for table in rule.tables})
    with here.house() as house:
        began = time.monotonic()
        house.database.wipe(tables, whole=True)
    facts = {"rewritten": tables, "seconds": round(time.monotonic() - began, 1)}
    answer.one(facts, json=as_json)


def _due(house: House) -> Page:
    with house.database.read() as tx:
        return view.retention(tx, house, now=datetime.now(UTC), most=view.EVERY)


def _worked(house: House, run: Run) -> Run:
    """Work until it has ended; a bar shows how far it is of what was due when we began."""
    total = _due(house).rows
    with progress.bar("erasing", total=total or None) as shown:
        while retention_run.go_on(house, now=datetime.now(UTC)):
            with house.database.read() as tx:
                now_so = retention_run.one(tx, run.id)
            shown(now_so.rows - run.rows, now_so.rule or "wiping the files")
            time.sleep(PAUSE_SECONDS)
    with house.database.read() as tx:
        done = retention_run.one(tx, run.id)
    if done.ended_at is None:
        raise BadRequest("MRX-7015", state=done.state.value)
    return done


def _answer(found: Page, *, as_json: bool) -> None:
    rules = [_rule(one) for one in found.rules]
    if not as_json:
        answer.many(COLUMNS, rules, json=False)
        answer.talk(f"{found.rows:,} rows are over their term, {found.bytes:,} bytes.")
        return
    facts = {
        "daily": found.daily,
        "rules": rules,
        "running": None if found.running is None else _run(found.running),
        "last": None if found.last is None else _run(found.last),
    }
    answer.one(facts, json=True)


def _rule(one: Due) -> answer.Facts:
    return {
        "rule": one.rule.name,
        "table": one.rule.table,
        "term": one.term_in_words,
        "before": one.before,
        "rows": one.due.rows,
        "bytes": one.due.bytes,
        "oldest": one.due.oldest,
        "newest": one.due.newest,
        "goes": one.rule.goes,
        "state": one.rule.state,
        "stays": one.rule.stays,
    }


def _run(run: Run) -> answer.Facts:
    return {
        "run": run.id,
        "state": run.state.value,
        "began_at": run.began_at,
        "ended_at": run.ended_at,
        "by": run.by,
        "reason": run.reason,
        "rows": run.rows,
        "erased": [
            {
                "rule": name,
                "rows": one.rows,
                "bytes": one.bytes,
                "oldest": one.oldest,
                "newest": one.newest,
            }
            for name, one in run.erased.items()
        ],
    }
