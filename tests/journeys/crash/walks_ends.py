"""Walks on which both ends are asked: fetching from a partner, and reconciling with it."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import orjson
from sqlalchemy import delete, select, update

from gateway import inbound, inbound_batches, quarantine
from gateway.api.context import Context
from gateway.api.partner import resend
from gateway.inbound_batches import State
from gateway.intake import push_consents
from gateway.owed import Owed
from gateway.puller import NEXT, Fetching
from gateway.settings import Settings
from outbox import asking, handing_over, ledger, reconcile, worker_name
from outbox.call import Reply
from outbox.house import House
from partners import agreements, foreign_roll, holdings
from partners import quarantine as sudden
from partners.holdings import Side
from schemas.batch import Lane
from schemas.consent import ConsentEvent, Event
from schemas.errors import MrxError
from schemas.tables import (
    disclosures,
    foreign_identifiers,
    foreign_members,
    foreign_rolls,
    inbound_lanes,
)
from schemas.tables import inbound_batches as taken
from tests.journeys.crash import after
from tests.journeys.crash.walk import MEXICO, US, Here, Walk, deliver
from tests.journeys.crash.walks_lanes import OnLanes
from tests.outbox import two_ends
from tests.world import BYTES_MAX, World, introduce, member

THEIRS = [str(n) for n in range(20000001, 20000013)]
FIRST, SECOND = THEIRS[:5], THEIRS[5:9]
"""Whom Mexico's members take back at once: more than a day should change, twice."""


def _consent(house: House, accounts: list[str], event: Event, at: datetime) -> None:
    given = event is Event.GRANTED
    events = [
        ConsentEvent(
            account=account,
            programme=US,
            event=event,
            at=at,
            officer_title="Directora" if given else None,
            text="mx-neec-profile-1" if given else None,
        )
        for account in accounts
    ]
    with house.database.write() as tx:
        push_consents.consents.heard(tx, at)
        push_consents.record(tx, house, events, now=at, by="test")


def _door(here: Here, *_: Any, path: str, query: str = "", body: bytes = b"", **__: Any) -> Reply:
    """Mexico's door, as its routes would answer."""
    mexico = here.partners[MEXICO]
    if path != NEXT:
        try:
            inbound.take_receipt(mexico, body, bytes_max=BYTES_MAX, now=here.clock())
        except MrxError as error:
            return Reply(409, {}, orjson.dumps({"code": error.code}))
        return Reply(204, {}, b"")
    kinds = [Lane(one) for one in parse_qs(query).get("lane", [])] or handing_over.BOTH
    by = f"{worker_name.own()}/test"
    handed = handing_over.next_batch(mexico, US, worker=by, kinds=kinds, clock=here.clock)
    if handed is None:
        return Reply(204, {}, b"")
    assert isinstance(handed, handing_over.Handed), "nobody else works the lane"
    return Reply(200, {}, handed.file)


def _lay(here: Here) -> None:
    asking.ask = lambda *words, **named: _door(here, *words, **named)


def _fetch(here: Here) -> None:
    url = "http://the.line.invalid"
    fetching = Fetching(
        house=here.house, partner=MEXICO, base_url=url, bytes_max=BYTES_MAX, clock=here.clock
    )
    while (file := fetching.next()) is not None:
        fetching.settle(file)


def _waiting(here: Here) -> list[str]:
    with here.house.database.read() as tx:
        return [one.id for one in inbound_batches.every(tx, state=State.QUARANTINED)]


def _approve(here: Here) -> None:
    for one in _waiting(here):
        quarantine.approve(here.house, one, by="Ana", reason="seen", now=here.clock())


def _reject(here: Here) -> None:
    for one in _waiting(here):
        quarantine.reject(here.house, one, by="Ana", reason="not seen", now=here.clock())


def _bring(here: Here) -> None:
    Owed(here.house).bring(now=here.clock())


def _second(here: Here) -> None:
    _consent(here.partners[MEXICO], SECOND, Event.REVOKED, here.base + timedelta(minutes=2))


class Pulled(Walk):
    """We fetch a batch that changes too much; a person lets it in, and turns the next one down."""

    steps = (_fetch, _approve, _bring, _second, _fetch, _reject, _bring)

    def begin(self, made: Here) -> None:
        mexico = made.partners[MEXICO]
        introduce(made.house, mexico, url=None)
        with made.house.database.write() as tx:
            agreements.change(tx, MEXICO, pull_url="http://the.line.invalid", push_url=None)
        number = [{"scheme": "MX-RFC", "value": "ZZZ140101AA1"}]
        people = [member(one, identifiers=number) for one in THEIRS]
        World(house=mexico, partners={}, clock=made.clock, wire=made.wire).push(*people)
        _consent(mexico, THEIRS, Event.GRANTED, made.base)
        plain = asking.ask
        _lay(made)
        _fetch(made)
        asking.ask = plain
        _consent(mexico, FIRST, Event.REVOKED, made.base + timedelta(minutes=1))
        with made.house.database.write() as tx:  # a day later
            long_ago = made.base - timedelta(days=2)
            size = len(THEIRS)
            tx.execute(update(foreign_rolls).values(baseline=size, baseline_at=long_ago))

    def opened(self, here: Here) -> None:
        _lay(here)
        sudden.MEMBERS_MIN = 3  # type: ignore[misc]  # 50 in earnest, and as many to carry about

    def state(self, here: Here) -> dict[str, Any]:
        after.tidy(here.house)
        for house in (here.house, here.partners[MEXICO]):
            with house.database.read() as tx:
                assert ledger.verify(tx).broken_at is None
        with here.house.database.read() as tx:
            columns = (taken.c.kind, taken.c.number, taken.c.issue, taken.c.state, taken.c.owed)
            return {
                "roll": sorted(row.name for row in foreign_roll.every(tx, MEXICO)),
                "taken": sorted(map(tuple, tx.execute(select(*columns)))),
                "sum": holdings.held(tx, MEXICO, Side.THEIRS).count,
            }


FORGOTTEN, BURIED, UNHEARD_OF = "10000001", "10000002", "10000003"


def _mend(here: Here) -> None:
    """Ours reconciles, over Mexico's real door."""
    ask = two_ends.line(here.house, here.partners[MEXICO])
    worker = f"{worker_name.own()}/test"
    reconcile.reconcile(here.house, MEXICO, ask.get, worker=worker, by="test", clock=here.clock)


def _resend(here: Here) -> None:
    """Mexico asks by itself to be told one again."""
    with here.house.database.read() as tx:
        mine = (disclosures.c.account == "10000004") & disclosures.c.withdraw_since.is_(None)
        ref = tx.scalars(select(disclosures.c.ref).where(mine)).one()
    asked = resend.ResendRequest(missing=[ref])
    resend.resend(asked, Context(here.house, Settings(home=here.house.folder)), MEXICO)


class Reconcile(OnLanes):
    """Mexico forgot one, buried one, and holds one we never heard of; and has lost its place."""

    steps = (_mend, _resend, deliver)

    def begin(self, made: Here) -> None:
        accounts = [FORGOTTEN, BURIED, UNHEARD_OF, "10000004", "10000005"]
        made.push(*map(member, accounts))
        made.grant(*accounts)
        deliver(made)
        refs = {account: two_ends.ref_of(made, account) for account in accounts}
        mexico = made.partners[MEXICO]
        two_ends.forget(mexico, refs[FORGOTTEN])
        with mexico.database.write() as tx:
            tx.execute(delete(inbound_lanes).where(inbound_lanes.c.kind == "routine"))
            tx.execute(delete(taken))
            self._bury(tx, refs[BURIED], made)
        with made.house.database.write() as tx:
            # We have no word of this life: our database was lost, or is an older one.
            tx.execute(delete(disclosures).where(disclosures.c.ref == refs[UNHEARD_OF]))

    def _bury(self, tx: Any, ref: str, made: Here) -> None:
        one = foreign_members.c.ref == ref
        leaf = tx.scalars(select(foreign_members.c.leaf).where(one)).one()
        holdings.change(tx, US, Side.THEIRS, take=[(ref, leaf)])
        gone = dict.fromkeys(("name", "identifiers", "status", "member_since", "leaf"))
        tx.execute(update(foreign_members).where(one).values(gone_at=made.base, **gone))
        tx.execute(delete(foreign_identifiers).where(foreign_identifiers.c.ref == ref))
        tx.execute(update(foreign_rolls).values(size=foreign_rolls.c.size - 1))

    def state(self, here: Here) -> dict[str, Any]:
        found = super().state(here)
        assert two_ends.agree(here)
        # Batches of the epoch that was given up stand as they were.
        return {**found, "sent": None}
