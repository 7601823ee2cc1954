"""`mrx approval`: acts that wait for a second person, and that person's word."""

import getpass
import os
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.acts import approvals, permission
from gateway.acts.approvals import Approval, State
from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, Reason, one_line
from gateway.identity import approval_word, signing_in
from gateway.identity.actor import Actor, at_the_shell
from gateway.identity.roles import Right
from outbox.house import House
from schemas.errors import BadRequest

COLUMNS = (
    "id",
    "act",
    "partner",
    "subject",
    "asked_by",
    "asked_at",
    "state",
    "decided_by",
    "reason",
)
PASSWORD = "MRX_PASSWORD"  # noqa: S105  # where it is read from

ApprovalId = Annotated[str, typer.Argument(metavar="ID", help="As `mrx approval list` gives it.")]
User = Annotated[
    str | None,
    typer.Option(
        "--user",
        metavar="NAME",
        help="Decide as this user of the console; the password, or the word that the approval's "
        "page at the console shows, comes from $MRX_PASSWORD, stdin or a prompt. Without: as who "
        "you are at this shell.",
    ),
]

app = noun()


@app.command("list", epilog="Example: mrx approval list --state waiting")
def list_(
    *,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the acts for two persons, the newest first."""
    with here.house() as house, house.database.read() as tx:
        found = [facts(one) for one in approvals.every(tx, state=state)]
    answer.many(COLUMNS, found, json=as_json)


@app.command(
    epilog="Example: mrx approval approve 0123456789ab --user anna --reason 'I asked them'"
)
def approve(
    approval: ApprovalId, reason: Reason, *, user: User = None, as_json: AsJson = False
) -> None:
    """Say yes as the second person: the act is carried out now. Nobody says yes to their own."""
    _decide(approval, user, reason, approve=True, as_json=as_json)


@app.command(epilog="Example: mrx approval refuse 0123456789ab --reason 'not this month'")
def refuse(
    approval: ApprovalId, reason: Reason, *, user: User = None, as_json: AsJson = False
) -> None:
    """Say no as the second person: the act waits no longer, and may be asked for again."""
    _decide(approval, user, reason, approve=False, as_json=as_json)


def facts(one: Approval) -> answer.Facts:
    """An approval as it is shown."""
    return {
        "id": one.id,
        "act": one.act,
        "partner": one.partner or None,
        "subject": one.subject,
        "reason": one.reason,
        "asked_by": one.asked_by,
        "asked_at": one.asked_at,
        "state": one.state.value,
        "begun": one.begun,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
        "decision": one.decision,
    }


def waits(one: Approval, *, as_json: bool) -> None:
    """Answer with an act that was asked for, and say what is next."""
    answer.one(facts(one), json=as_json)
    answer.talk(f"It waits for a second person: mrx approval approve {one.id}")


def second(house: House, user: str, *, now: datetime) -> str:
    """The name of a second person who stands beside whoever gives this command, and proves it.

    Raises `BadRequest`: as `signing_in.proved`, MRX-7014 (it is the same person), MRX-7017 (they
    may not approve).
    """
    actor = signing_in.proved(house, user, _password(user), now=now).actor
    permission.demand(house, actor, Right.APPROVE, act="release a push", now=now)
    if actor.by == here.who():
        raise BadRequest("MRX-7014")
    return actor.by


def _decide(
    approval_id: str, user: str | None, reason: str, *, approve: bool, as_json: bool
) -> None:
    why, now = one_line(reason), datetime.now(UTC)
    with here.house() as house:
        actor = _second(house, user, approval_id, now=now)
        done = approvals.decide(house, actor, approval_id, approve=approve, reason=why, now=now)
    answer.one(facts(done), json=as_json)


def _second(house: House, user: str | None, approval_id: str, *, now: datetime) -> Actor:
    """Who decides: a user who proves it, or whoever sits at this shell."""
    if user is None:
        return at_the_shell(here.who())
    given = _password(user, or_word=True)
    proved = approval_word.proved(house, user, given, approval_id, now=now)
    return (proved or signing_in.proved(house, user, given, now=now)).actor


def _password(user: str, *, or_word: bool = False) -> str:
    """Never an argument: those stand in lists of processes and in histories of shells."""
    given = os.environ.get(PASSWORD)
    if given is not None:
        return given
    if sys.stdin.isatty():
        other = ", or the word from the console" if or_word else ""
        return getpass.getpass(f"Password of {user}{other}: ")
    return sys.stdin.readline().rstrip("\n")
