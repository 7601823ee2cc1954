"""`mrx member`: one member of the home programme."""

from datetime import UTC, datetime

from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import Account, AsJson, Partner
from outbox import notices
from outbox.preview import Preview
from outbox.preview import preview as previewed
from partners import consents, roll
from schemas.codes import CODES

app = noun()


@app.command(epilog="Example: mrx member show 31614261")
def show(account: Account, *, as_json: AsJson = False) -> None:
    """Show a member as the source last described it, its consents, and where its news is."""
    with here.house() as house, house.database.read() as tx:
        entry = roll.get(tx, account)
        member = entry.member
        facts = {
            "account": member.account,
            "name": member.name,
            "identifiers": [{"scheme": i.scheme, "value": i.value} for i in member.identifiers],
            "status": member.status.value,
            "member_since": member.member_since,
            "business_type": member.business_type,
            "version": entry.version,
            "as_of": entry.as_of,
            "present": entry.present,
            "unknown_status": entry.unknown_status,
            "consents": [
                {"programme": row.programme, "event": row.event, "at": row.at, "text": row.text}
                for row in consents.standing(tx, account)
            ],
            "notices": [
                {
                    "partner": notice.partner,
                    "lane": notice.lane,
                    "state": notice.state.value,
                    "kind": notice.kind,
                    "code": notice.code,
                    "since": notice.since,
                }
                for notice in notices.every(tx, house, now=datetime.now(UTC), account=account)
            ],
        }
    answer.one(facts, json=as_json)


@app.command(epilog="Example: mrx member preview 31614261 mx-neec")
def preview(account: Account, programme: Partner, *, as_json: AsJson = False) -> None:
    """Show exactly what one partner would be told of a member now, or why it would not be.

    Nobody is told anything by it. A first telling draws the reference; it is not known before.
    """
    with here.house() as house, house.database.read() as tx:
        found = previewed(tx, house, account, programme, now=datetime.now(UTC))
    answer.one(_preview(found), json=as_json)


def _preview(found: Preview) -> dict[str, object]:
    record = found.record
    code = None if found.code is None else CODES[found.code]
    return {
        "account": found.account,
        "programme": found.partner,
        "decision": found.decision,
        "code": found.code,
        "reason": found.why if code is None else code.title,
        "repair": code and code.repair,
        "repairer": code and code.repairer,
        "partner_code": found.partner_code,
        "ref": found.ref,
        "version": record and record.version,
        "name": record and record.name,
        "identifiers": record
        and [{"scheme": i.scheme, "value": i.value} for i in record.identifiers],
        "status": record and record.status.value,
        "member_since": record and record.member_since,
        "consent": found.consent_id,
        "text": found.text,
        "lane": found.lane and found.lane.value,
        "withdrawals": found.withdrawals,
        "format": found.format,
        "document": found.document,
    }
