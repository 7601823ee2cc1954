"""`mrx consent`: what officers permitted and took back. Normally this comes by feed (`mrx push`)."""

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from gateway.cli import answer, here
from gateway.cli.following import followed
from gateway.cli.nouns import noun
from gateway.cli.options import Account, AsJson, moment
from gateway.intake import push_consents
from gateway.intake.events import read_event
from outbox import revocations
from outbox.house import House
from outbox.revocations import Revocation
from partners import agreements, consents, roll
from partners.consents import Effect, Recorded
from schemas.consent import ConsentEvent, Event
from schemas.errors import BadRecord

SAID = {
    Effect.STANDS: "This is now the newest event.",
    Effect.REPEATED: "This very event was here before; nothing changed.",
    Effect.OLDER: "A newer event stands; this one is kept as history and changed nothing.",
}

Programme = Annotated[str, typer.Argument(help="The partner programme, such as mx-neec.")]
At = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="When it was signed or said (now).")
]
Evidence = Annotated[
    str | None, typer.Option(metavar="SHA256", help="Digest of the signed statement.")
]
TextVersion = Annotated[
    str | None, typer.Option(metavar="ID", help="The text signed (the newest for the programme).")
]

app = noun()


@app.command("list", epilog="Example: mrx consent list 31614261 mx-neec")
def list_(
    account: Account,
    programme: Annotated[str | None, typer.Argument(help="Only this programme.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List every consent event of a member, and which one stands."""
    with here.house() as house, house.database.read() as tx:
        roll.get(tx, account)
        if programme is not None:
            agreements.get(tx, programme)
        standing = {row.consent_id for row in consents.standing(tx, account)}
        found = [
            {
                "account": row.account,
                "programme": row.programme,
                "event": row.event,
                "at": row.at,
                "stands": row.id in standing,
                "officer_title": row.officer_title,
                "text_version": row.text,
                "evidence": row.evidence,
                "recorded_at": row.recorded_at,
                "recorded_by": row.recorded_by,
            }
            for row in consents.trail(tx, account)
            if programme in (None, row.programme)
        ]
    columns = ("programme", "event", "at", "stands", "officer_title", "text_version", "recorded_by")
    answer.many(columns, found, json=as_json)


@app.command(epilog="Example: mrx consent grant 31614261 mx-neec --officer-title 'Vice President'")
def grant(
    account: Account,
    programme: Programme,
    *,
    officer_title: Annotated[str, typer.Option(help="The title of the officer who signed.")],
    text_version: TextVersion = None,
    at: At = None,
    evidence: Evidence = None,
    as_json: AsJson = False,
) -> None:
    """Record that an officer permits telling a programme about a member.

    The member is told to that partner with the next batch. The account must be on the roll.
    """
    now = datetime.now(UTC)
    when = moment("--at", at, now=now)
    with here.house() as house:
        fields = {
            **_fields(account, programme, Event.GRANTED, when, officer_title, evidence),
            "text_version": text_version or _newest_text(house, programme, when.date()),
        }
        recorded, _ = _record(house, fields, now=now)
    facts = {
        "account": account,
        "programme": programme,
        "event": Event.GRANTED.value,
        "at": recorded.event.at,
        "officer_title": recorded.event.officer_title,
        "text_version": recorded.event.text,
        "evidence": recorded.event.evidence,
        "effect": recorded.effect.value,
    }
    answer.one(facts, json=as_json)
    answer.talk(SAID[recorded.effect])


@app.command(epilog="Example: mrx consent revoke 31614261 mx-neec")
def revoke(
    account: Account,
    programme: Programme,
    *,
    at: At = None,
    officer_title: Annotated[str | None, typer.Option(help="The officer's title.")] = None,
    evidence: Evidence = None,
    as_json: AsJson = False,
) -> None:
    """Take a consent back: stop, remove what is queued, withdraw what may have been heard.

    The answer says what became of it at the partner. It is never harder than granting: no officer
    and no text is needed.
    """
    now = datetime.now(UTC)
    when = moment("--at", at, now=now)
    with here.house() as house:
        fields = _fields(account, programme, Event.REVOKED, when, officer_title, evidence)
        recorded, revocation = _record(house, fields, now=now)
    facts = {
        "revocation": None if revocation is None else revocation.id,
        "account": account,
        "effect": recorded.effect.value,
        "partners": [] if revocation is None else [followed(revocation)],
    }
    answer.one(facts, json=as_json)
    answer.talk(SAID[recorded.effect])


def _fields(
    account: str,
    programme: str,
    event: Event,
    at: datetime,
    officer_title: str | None,
    evidence: str | None,
) -> dict[str, object]:
    """The event as a feed would say it, so that the same reader judges it."""
    return {
        "account": account,
        "programme": programme,
        "event": event.value,
        "at": at.isoformat(),
        "officer": {"title": officer_title},
        "evidence": evidence,
    }


def _newest_text(house: House, programme: str, on: date) -> str | None:
    covering = [text for text in house.texts.values() if text.covers(programme, on)]
    newest = max(covering, key=lambda text: (text.valid_from, text.id), default=None)
    return None if newest is None else newest.id


def _record(
    house: House, fields: dict[str, object], *, now: datetime
) -> tuple[Recorded, Revocation | None]:
    """Judge and write one event, in one transaction; give the revocation that it stands for."""
    with house.bell.after(), house.database.write() as tx:
        partners = [one.agreement.partner for one in agreements.every(tx)]
        event, account = _judged(house, fields, partners, now=now), str(fields["account"])
        if not roll.exist(tx, [account]):
            raise BadRecord("MRX-1201")
        [recorded], _ = push_consents.record(tx, house, [event], now=now, by=here.who())
        theirs = [one for one in revocations.of(tx, account) if one.partner == event.programme]
        # A repeated event is answered as it was: with the revocation it opened then.
        answered = event.event is Event.REVOKED and recorded.effect is not Effect.OLDER
        return recorded, theirs[-1] if answered and theirs else None


def _judged(
    house: House, fields: dict[str, object], partners: list[str], *, now: datetime
) -> ConsentEvent:
    return read_event(fields, partners=partners, texts=house.texts, now=now)
