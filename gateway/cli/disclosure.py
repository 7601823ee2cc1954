"""`mrx disclosure`: who was told what about a member, and what proves it.

Whoever looks stands in the ledger, with the reason, before anything is shown.
"""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from gateway.acts import statements
from gateway.acts.statements import Grounds
from gateway.cli import answer, files, here
from gateway.cli.nouns import noun
from gateway.cli.options import Account, AsJson, Output
from gateway.identity.actor import at_the_shell
from gateway.views.told import FOUND_MAX, TEXT_MAX, By
from outbox.statement import Life, Partner, Statement, Telling
from schemas.errors import BadRequest

UNSAID = "at the command line"


class Why(StrEnum):
    """The words of `--why`."""

    COMPANY = "company"
    AUDIT = "audit"
    INCIDENT = "incident"
    OTHER = "other"


Because = Annotated[Why, typer.Option("--why", help="Why you look; kept in the ledger.")]
Line = Annotated[str, typer.Option("--reason", help="More about why, in one line.")]

app = noun()


@app.command(epilog="Example: mrx disclosure find 'Invented Company' --why company")
def find(
    text: Annotated[
        str, typer.Argument(help="The beginning of a name, an identifier; '-': read from stdin.")
    ],
    *,
    by: Annotated[By, typer.Option("--by", help="What the text is.")] = By.NAME,
    why: Because = Why.OTHER,
    reason: Line = UNSAID,
    as_json: AsJson = False,
) -> None:
    """Find companies by account, by the beginning of a name, or by an identifier; 20 at most."""
    sought = sys.stdin.readline(TEXT_MAX + 2) if text == files.STDIN else text
    found = _looked(by, sought, _grounds(why, reason)).found
    answer.many(("account", "name"), map(asdict, found), json=as_json)
    if len(found) == FOUND_MAX:
        answer.talk(f"Only the first {FOUND_MAX} are shown. Give more of the name.")


@app.command(epilog="Example: mrx disclosure statement 31614261 -o statement.p7m --why company")
def statement(
    account: Account, *, output: Output, why: Because = Why.OTHER, reason: Line = UNSAID
) -> None:
    """Write the statement of a member as a signed file, for the company.

    `mrx open` and `openssl cms -verify` check it. It names no other company and nobody of the staff.
    """
    with here.house() as house:
        actor = at_the_shell(here.who())
        grounds = _grounds(why, reason)
        signed = statements.issue(house, actor, account, grounds, now=datetime.now(UTC))
    files.write(output, signed.file)
    answer.talk(f"Signed; SHA-256 {signed.digest}.")


@app.command(epilog="Example: mrx disclosure show 31614261 --why audit --json")
def show(
    account: Account, *, why: Because = Why.OTHER, reason: Line = UNSAID, as_json: AsJson = False
) -> None:
    """Show who was told what about a member, when, under which consent, with which receipt.

    Partners that were never told are listed too; consents and revocations stand beside it.
    """
    looked = _looked(By.ACCOUNT, account, _grounds(why, reason))
    if looked.told is None:
        raise BadRequest("MRX-5002")
    told = looked.told.statement
    if as_json:
        answer.one(asdict(told), json=True)
        return
    answer.one(_page(told), json=False)


def _grounds(why: Why, reason: str) -> Grounds:
    return statements.grounds(
        why.value, "" if why is not Why.OTHER and reason == UNSAID else reason
    )


def _looked(by: By, text: str, grounds: Grounds) -> statements.Looked:
    with here.house() as house:
        actor = at_the_shell(here.who())
        return statements.look(house, actor, by, text, grounds, now=datetime.now(UTC))


def _page(told: Statement) -> answer.Facts:
    """The statement as a page: the same facts as the JSON, one table a question."""
    return {
        "account": told.account,
        "records_since": told.records_since,
        "partners": [_partner(partner) for partner in told.partners],
        "told": [
            _telling(partner, life, telling)
            for partner in told.partners
            for life in partner.lives
            for telling in life.tellings
        ],
        "consents": [
            {
                "id": ground.id,
                "programme": ground.programme,
                "event": ground.event,
                "at": ground.at,
                "officer_title": ground.officer_title,
                "text": ground.text,
            }
            for ground in told.consents
        ],
        "revocations": [
            {
                "id": one.id,
                "partner": one.partner,
                "at": one.at,
                "answer": one.answer,
                "confirmed_at": one.confirmed_at,
            }
            for one in told.revocations
        ],
    }


def _partner(partner: Partner) -> answer.Facts:
    """One row a partner: its last life, and what waits."""
    life = partner.lives[-1] if partner.lives else None
    return {
        "partner": partner.partner,
        "stands": partner.stands,
        "ref": life and life.ref,
        "told_at": life and life.told_at,
        "version": life and life.version,
        "status": life and life.status,
        "held_version": life and life.held_version,
        "held_at": life and life.held_at,
        "withdrawn_since": life and life.withdraw_since,
        "fate": life and life.fate,
        "waiting": [notice.code or notice.kind for notice in partner.waiting],
    }


def _telling(partner: Partner, life: Life, telling: Telling) -> answer.Facts:
    consent, receipt = telling.consent, telling.receipts[-1] if telling.receipts else None
    return {
        "partner": partner.partner,
        "ref": life.ref,
        "what": telling.kind,
        "at": telling.told_at,
        "batch": telling.batch,
        "lane": telling.lane,
        "number": telling.number,
        "issue": telling.issue,
        "version": telling.version,
        "consent": consent and consent.id,
        "outcome": telling.code or telling.outcome,
        "receipt": receipt and receipt.digest[:12],
        "received_at": receipt and receipt.received_at,
    }
