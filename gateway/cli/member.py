"""`mrx member`: one member of the home programme."""

from datetime import UTC, datetime

from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import Account, AsJson
from outbox import notices
from partners import consents, roll

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
