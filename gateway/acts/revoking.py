"""Taking a consent back: for the source, or in a company's name. It never waits for anybody (P3).

    stop, remove what is queued, withdraw what may have been heard --> an answer per partner

One consent has one revocation: taken back again, it answers with the one that stands.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from gateway.acts import permission, reasons
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from gateway.intake import push_consents
from gateway.intake.events import read_event
from gateway.views import revocations as view
from gateway.views.revocations import Revoking, Tracked
from outbox import ledger, revocations
from outbox.house import House
from outbox.revocations import Revocation
from partners import agreements, consents, roll
from partners.consents import Effect
from schemas.consent import Event
from schemas.errors import BadRecord


def foresee(house: House, actor: Actor, account: str, *, now: datetime) -> list[Revoking]:
    """What taking a company's consents back would mean. That somebody looked stands in the ledger.

    Raises `BadRequest` MRX-7017, or MRX-5002 if the roll never had the account.
    """
    permission.demand(house, actor, Right.REVOKE, act="take a consent back", now=now)
    with house.database.write() as tx:
        found = view.foreseen(tx, house, account)
        why = {"by": actor.by, "reason": "to take a consent back", "looked by": "account"}
        ledger.add(tx, "looked up", {**why, "found": 1}, now=now, subject=account)
    return found


def revoke(
    house: House,
    actor: Actor,
    account: str,
    partners: Sequence[str],
    *,
    reason: str,
    now: datetime,
) -> list[Tracked]:
    """Take a company's consents for these partners back, all of them or none; never a second person.

    Raises `BadRequest`: MRX-7017, MRX-7023 (no reason), MRX-5002 (account), MRX-5001 (partner).
    """
    permission.demand(house, actor, Right.REVOKE, act="take a consent back", now=now)
    why = reasons.given(reason)
    with house.bell.after(), house.database.write() as tx:
        numbers = []
        for partner in dict.fromkeys(partners):
            said = {
                "account": account,
                "programme": partner,
                "event": Event.REVOKED.value,
                "at": now.isoformat(),
            }
            standing, _ = take_back(tx, house, said, now=now, by=actor.by)
            numbers.append(standing.id)
            told = {"revocation": standing.id, "by": actor.by, "reason": why}
            ledger.add(tx, "revocation entered", told, now=now, partner=partner, subject=account)
        return [view.one(tx, number, now=now) for number in numbers]


def take_back(
    tx: Connection, house: House, fields: Mapping[str, object], *, now: datetime, by: str
) -> tuple[Revocation, bool]:
    """The revocation of this consent, and whether it was made now. `fields` are those of an event
    as a feed would say it, so that the same reader judges it.

    Raises `BadRequest` MRX-5002 (account), MRX-5001 (programme), or `BadRecord` if the time is
    none; MRX-1211 if the company consented anew after it: then nothing is recorded.
    """
    account, programme = str(fields["account"]), str(fields["programme"])
    roll.get(tx, account)
    agreements.get(tx, programme)
    event = read_event(fields, partners=[programme], texts=house.texts, now=now)
    newest = {row.programme: row.event for row in consents.standing(tx, account)}
    done = newest.get(programme) != Event.REVOKED
    if done:
        [recorded], _ = push_consents.record(tx, house, [event], now=now, by=by)
        if recorded.effect is not Effect.STANDS:
            raise BadRecord("MRX-1211")
    theirs = [one for one in revocations.of(tx, account) if one.partner == programme]
    return theirs[-1], done
