"""`mrx disclosure`: who was told what about a member, and what proves it."""

from dataclasses import asdict
from datetime import UTC, datetime

from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import Account, AsJson
from outbox.statement import Life, Partner, Statement, Telling, statement

app = noun()


@app.command(epilog="Example: mrx disclosure show 31614261 --json")
def show(account: Account, *, as_json: AsJson = False) -> None:
    """Show who was told what about a member, when, under which consent, with which receipt.

    Partners that were never told are listed too; consents and revocations stand beside it.
    """
    with here.house() as house, house.database.read() as tx:
        told = statement(tx, house, account, now=datetime.now(UTC))
    if as_json:
        answer.one(asdict(told), json=True)
        return
    answer.one(_page(told), json=False)


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
