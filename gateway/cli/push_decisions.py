"""`mrx push list`, `show`, `rejected`, and the two words about a full list that waits."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway import pushes
from gateway.acts import pushes as acts
from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Limit, Reason, one_line
from gateway.identity.actor import at_the_shell
from gateway.pushes import Pushed, State
from gateway.taking import going
from gateway.views import pushes as view
from gateway.views.pushes import Shown
from outbox.house import House
from schemas.codes import CODES

COLUMNS = ("id", "received_at", "kind", "mode", "state", "read", "accepted", "rejected", "going")
LISTED = 1_000

PushId = Annotated[str, typer.Argument(metavar="ID", help="As `mrx push list` gives it.")]

app = noun()


@app.command("list", epilog="Example: mrx push list --state waiting")
def list_(
    *,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    limit: Limit = LISTED,
    as_json: AsJson = False,
) -> None:
    """List the pushes that came by HTTP, the newest first."""
    with here.house() as house, house.database.read() as tx:
        found = pushes.every(tx, state=state, at_most=limit + 1)
    answer.many(COLUMNS, map(_row, found[:limit]), json=as_json)
    if len(found) > limit:
        answer.talk("There are more: --limit shows more of them, the console all.")


@app.command(epilog="Example: mrx push show 0123456789abcdef")
def show(push: PushId, *, as_json: AsJson = False) -> None:
    """Show one push: what was taken and rejected, and what each partner would hear of it."""
    with here.house() as house:
        _show(house, push, as_json=as_json)


@app.command(epilog="Example: mrx push rejected 0123456789abcdef")
def rejected(push: PushId, *, as_json: AsJson = False) -> None:
    """List the lines of a push that were not taken. They are kept for 7 days."""
    with here.house() as house, house.database.read() as tx:
        pushes.any_of(tx, push)
        rows = pushes.rejections(tx, push, after=0, limit=pushes.REJECTIONS_MAX)
    found = (
        {
            "line": row.line,
            "account": row.account,
            "code": row.code,
            "reason": CODES[row.code].title,
        }
        for row in rows
    )
    answer.many(("line", "account", "code", "reason"), found, json=as_json)


@app.command(epilog="Example: mrx push release 0123456789abcdef --gone 812 --reason 'they left'")
def release(
    push: PushId,
    reason: Reason,
    *,
    gone: Annotated[int, typer.Option(min=0, help="How many members would go, as it says.")],
    as_json: AsJson = False,
) -> None:
    """Let a full list in that waits because it would remove too many. It is carried out now."""
    why, actor = one_line(reason), at_the_shell(here.who())
    with here.house() as house:
        acts.release(house, actor, push, gone=gone, reason=why, now=datetime.now(UTC))
        _show(house, push, as_json=as_json)


@app.command(epilog="Example: mrx push refuse 0123456789abcdef --reason 'the export was cut off'")
def refuse(push: PushId, reason: Reason, *, as_json: AsJson = False) -> None:
    """Give up a full list that waits: nothing of it is taken."""
    why, actor = one_line(reason), at_the_shell(here.who())
    with here.house() as house:
        acts.refuse(house, actor, push, reason=why, now=datetime.now(UTC))
        _show(house, push, as_json=as_json)


def _show(house: House, push_id: str, *, as_json: bool) -> None:
    with house.database.read() as tx:
        found = view.one(tx, house, push_id)
    answer.one(_whole(found), json=as_json)


def _row(push: Pushed) -> answer.Facts:
    told = push.report or {}
    return {
        "id": push.id,
        "received_at": push.received_at,
        "kind": push.kind.value,
        "mode": push.mode,
        "dry_run": push.dry_run,
        "state": push.state.value,
        "read": told.get("read"),
        "accepted": told.get("accepted"),
        "rejected": told.get("rejected"),
        "going": going(push),
    }


def _whole(found: Shown) -> answer.Facts:
    push = found.push
    return {
        **_row(push),
        "pushed_by": found.pushed_by,
        "as_of": push.as_of,
        "finished_at": push.finished_at,
        "approved_by": push.approved_by,
        "over_the_guard": list(found.guarded),
        "rejected_by_code": [{"code": code, "lines": n} for code, n in found.rejected],
        "partners": [
            {
                "partner": one.partner,
                "members": one.members,
                "consented": one.consented,
                "allowed": one.allowed,
                "new": one.new,
                "changed": one.changed,
                "gone": one.gone,
                "over": one.over,
            }
            for one in found.funnels
        ],
    }
