"""A small world for tests: gateways in folders of their own, and a wire between them that obeys.

Everything in it is real but the wire: the same intake, outbox and receiving end as in production,
on SQLite files.

    clock     time that moves when told to
    homes     the gateways, in folders or on a server
    wire      what carries files between them, or loses them

Whoever needs a world finds the words of these three here, too.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson
from sqlalchemy import Connection, select

from gateway.intake import push_consents, push_members
from gateway.intake.report import Report
from outbox import batch, rest
from outbox.delivery import Delivery
from outbox.house import House
from partners import consents, foreign_roll
from schemas.consent import ConsentEvent, Event
from schemas.tables import pending
from tests.clock import START, Clock
from tests.homes import (
    HOME,
    Server,
    connect,
    connected,
    environment,
    hastened,
    introduce,
    make,
    new_key,
    pinned,
    settings,
    told,
    written,
)
from tests.wire import (
    BUSY,
    BYTES_MAX,
    FINE,
    LOST_ANSWER,
    NEVER_ARRIVED,
    NONSENSE,
    TOO_LARGE,
    TURNED_AWAY,
    Wire,
    answering,
    honest,
)

__all__ = [
    "BUSY",
    "BYTES_MAX",
    "FINE",
    "HOME",
    "LOST_ANSWER",
    "NEVER_ARRIVED",
    "NONSENSE",
    "ONE",
    "START",
    "TEXTS",
    "TOO_LARGE",
    "TURNED_AWAY",
    "TWO",
    "Carrier",
    "Clock",
    "Server",
    "Wire",
    "World",
    "answering",
    "connect",
    "connected",
    "environment",
    "hastened",
    "honest",
    "introduce",
    "make",
    "member",
    "new_key",
    "pinned",
    "settings",
    "told",
    "written",
]

TEXTS = {"mx-neec": "neec-2014"}

# The names that `member` gives to the two accounts most tests are about.
ONE, TWO = "Invented Company 10000001", "Invented Company 10000002"


class Carrier(Protocol):
    """Who works the lanes when a test says "deliver" (see tests/carriers.py)."""

    def work(self, *, only: str | None = None) -> bool:
        """Work what is due; whether there was any."""


@dataclass
class World:
    """Home and its partners, and what one usually does with them."""

    house: House
    partners: dict[str, House]
    clock: Clock
    wire: Wire
    carrier: Carrier | None = None  # None: this thread, and the wire called directly

    def delivery(self) -> Delivery:
        return Delivery(house=self.house, transport=self.wire, worker="test:0:0", clock=self.clock)

    def deliver(self, rounds: int = 50, *, hurry: bool = True, only: str | None = None) -> None:
        """Run the lanes until nothing is due; `hurry` forgets waiting times between rounds."""
        carrier = self.carrier or self.delivery()
        for _ in range(rounds):
            if hurry:
                with self.house.database.write() as tx:
                    rest.hurry(tx)
            if not carrier.work(only=only):
                return

    def push(self, *members: dict[str, object], mode: str = "delta", **more: object) -> Report:
        body = b"\n".join(orjson.dumps(member) for member in members)
        now = self.clock()
        order = push_members.Push(
            open=lambda: io.BytesIO(body),
            format="ndjson",
            mode=mode,
            as_of=more.pop("as_of", now),
            now=now,
            by="test",
            **more,
        )
        return push_members.push(self.house, order)

    def grant(self, *accounts: str, to: Iterable[str] | None = None) -> None:
        for partner in self.partners if to is None else to:
            self.consent(accounts, partner, Event.GRANTED)

    def revoke(self, account: str, *, of: str) -> int:
        return self.consent([account], of, Event.REVOKED)[0]

    def consent(self, accounts: Sequence[str], partner: str, event: Event) -> list[int]:
        now = self.clock()
        given = event is Event.GRANTED
        events = [
            ConsentEvent(
                account=account,
                programme=partner,
                event=event,
                at=now,
                officer_title="Vice President" if given else None,
                text=TEXTS.get(partner, "2014-08") if given else None,
            )
            for account in accounts
        ]
        with self.house.database.write() as tx:
            return self.record(tx, events)

    def record(self, tx: Connection, events: list[ConsentEvent]) -> list[int]:
        """Write events as the feed would; return the revocations."""
        now = self.clock.now
        consents.heard(tx, now)
        return push_consents.record(tx, self.house, events, now=now, by="test")[1]

    def sign(self, account: str, text: str, event: Event = Event.GRANTED) -> None:
        """An event for Mexico under a text of this name; the feed stays as fresh as it was."""
        now = self.clock()
        one = ConsentEvent(
            account=account,
            programme="mx-neec",
            event=event,
            at=now,
            officer_title="Vice President",
            text=text,
        )
        with self.house.database.write() as tx:
            push_consents.record(tx, self.house, [one], now=now, by="test")

    def states(self) -> list[str]:
        """How each of our batches stands, oldest first."""
        with self.house.database.read() as tx:
            return [one.state for one in batch.every(tx)]

    def waiting(self) -> list[tuple[str | None, str | None]]:
        """What stands in the way of each pending notice: (our code, the partner's)."""
        with self.house.database.read() as tx:
            rows = tx.execute(select(pending.c.blocked, pending.c.partner_code)).all()
            return [(row.blocked, row.partner_code) for row in rows]

    def held(self, partner: str) -> dict[str, str]:
        """What a partner's own roll says of us: name -> status."""
        end = self.partners[partner]
        with end.database.read() as tx:
            rows = foreign_roll.every(tx, self.house.programme)
            return {row.name: row.status for row in rows}


def member(account: str, **facts: object) -> dict[str, object]:
    """An invented member, as the source would send it."""
    return {
        "account": account,
        "name": f"Invented Company {account}",
        "identifiers": [{"scheme": "SCAC", "value": "QXQQ"}],
        "status": "VALIDATED",
        "member_since": "2014-04-07",
        **facts,
    }
