"""Receipts we owe: a batch that waited has been decided, and its partner must hear of it.

    owed --brought to {address}/v1/partner/receipts, 204--> told

A partner whose address we do not know hears when it repeats the batch, or by hand. What does not
arrive is tried again, later and later; the same receipt twice changes nothing at the other end.
A crash after the answer and before its commit: it is brought once more.
"""

import logging
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import literal, select, update

from gateway import inbound_batches
from outbox import asking, ledger, retry
from outbox.house import House
from partners import agreements
from partners.agreements import Registered
from partners.quarantine import Place
from schemas.batch import Lane
from schemas.errors import MrxError
from schemas.tables import Flag
from schemas.tables import inbound_batches as batches

logger = logging.getLogger("mrx.owed")

PATH = "/v1/partner/receipts"
TOLD = 204


def address(registered: Registered) -> str | None:
    """Where this partner takes receipts, whether it is pushed to or pulled from."""
    return registered.push_url or registered.pull_url


@dataclass(slots=True)
class _Patience:
    """How often in a row a partner could not be reached, and when to try again."""

    failures: int = 0
    not_before: datetime | None = None


@dataclass(slots=True)
class Owed:
    """Brings owed receipts, one after the other. One instance a process; its patience is its own,
    so a new process tries at once.
    """

    house: House
    _patience: dict[str, _Patience] = field(default_factory=dict)

    def bring(self, *, now: datetime) -> int:
        """Bring what is owed and may be tried now; return how many were taken."""
        taken = 0
        for place, url in self._due():
            patience = self._patience.setdefault(place.partner, _Patience())
            if patience.not_before is not None and now < patience.not_before:
                continue
            if self._brought(place, url, now=now):
                self._patience.pop(place.partner)
                taken += 1
                continue
            patience.failures += 1
            trips = max(0, patience.failures - retry.FAILURES_TO_OPEN)
            patience.not_before = now + self._delay(patience.failures, trips)
        return taken

    def _due(self) -> list[tuple[Place, str]]:
        b = batches.c
        query = select(*inbound_batches.KEY).order_by(*inbound_batches.KEY)
        with self.house.database.read() as tx:
            rows = tx.execute(query.where(b.owed == literal(True, Flag()))).all()
            urls = {
                partner: address(agreements.get(tx, partner))
                for partner in sorted({row.partner for row in rows})
            }
        return [(inbound_batches.place(row), url) for row in rows if (url := urls[row.partner])]

    def _brought(self, place: Place, url: str, *, now: datetime) -> bool:
        mine = inbound_batches.where(place)
        with self.house.database.read() as tx:
            receipt = bytes(tx.scalars(select(batches.c.receipt).where(mine)).one())
        try:
            reply = asking.ask(
                self.house,
                url,
                to=place.partner,
                path=PATH,
                method="POST",
                body=receipt,
                now=now,
            )
            asking.expected(reply, TOLD)
        except MrxError as error:
            logger.warning("receipt owed to %s: %s", place.partner, error)
            return False
        with self.house.database.write() as tx:
            tx.execute(update(batches).where(mine).values(owed=False))
            told = {
                "lane": place.kind,
                "epoch": place.epoch,
                "batch": place.number,
                "issue": place.issue,
            }
            ledger.add(tx, "receipt brought", told, now=now, partner=place.partner)
        return True

    def _delay(self, failures: int, trips: int) -> timedelta:
        dice = random.random()  # noqa: S311  # it spreads waiting times, nothing else
        return retry.delay(Lane.ROUTINE, failures, trips, dice=dice)
