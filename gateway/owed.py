"""Receipts we owe: a batch that waited has been decided, and its partner must hear of it.

    owed --brought to {address}/v1/partner/receipts, 204--> told

    owed --they know no such batch, or a newer issue of it--> turned away

A partner whose address we do not know hears when it repeats the batch, or by hand. What does not
arrive is tried again, later and later, and what is refused does not stand before the others; the
same receipt twice changes nothing at the other end. A crash after the answer and before its
commit: it is brought once more.
"""

import logging
import random
import re
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update

from gateway import inbound_batches
from outbox import asking, ledger, retry
from outbox.call import Reply
from outbox.house import House
from partners import agreements
from partners.agreements import Registered
from partners.quarantine import Place
from schemas.batch import Lane
from schemas.errors import MrxError
from schemas.tables import inbound_batches as batches
from schemas.tables import is_set

logger = logging.getLogger("mrx.owed")

PATH = "/v1/partner/receipts"
TOLD = 204
REFUSED = 409
SILENT = "MRX-6001"
# It answers no batch of theirs, or an issue that they have replaced since. Neither ever passes.
_NOBODY_WAITS = re.compile(rb'"code": ?"(MRX-4009|MRX-4010)"')


def address(registered: Registered) -> str | None:
    """Where this partner takes receipts, whether it is pushed to or pulled from."""
    return registered.push_url or registered.pull_url


@dataclass(slots=True)
class _Patience:
    """How often in a row a partner, or one receipt, was tried in vain, and when to try again."""

    not_before: datetime
    failures: int = 0


@dataclass(slots=True)
class Owed:
    """Brings owed receipts, one after the other. One instance a process; its patience is its own,
    so a new process tries at once.
    """

    house: House
    # A silent partner's, by its code; that of a receipt which was refused, by its place.
    _patience: dict[str | Place, _Patience] = field(default_factory=dict)

    def bring(self, *, now: datetime) -> int:
        """Bring what is owed and may be tried now; return how many were taken."""
        taken = 0
        due = self._due()
        still = {place for place, _ in due} | {place.partner for place, _ in due}
        self._patience = {one: known for one, known in self._patience.items() if one in still}
        for place, url in due:
            if self._rests(place.partner, now) or self._rests(place, now):
                continue
            try:
                reply = self._bring(place, url, now=now)
                self._patience.pop(place.partner, None)  # whatever it said, it is there
                turned_away = _turned_away(reply)
                if turned_away is None:
                    asking.expected(reply, TOLD)
            except MrxError as error:
                logger.warning("receipt owed to %s: %s", place.partner, error)
                self._put_off(place.partner if error.code == SILENT else place, now=now)
                continue
            self._settle(place, turned_away, now=now)
            taken += turned_away is None
        return taken

    def _due(self) -> list[tuple[Place, str]]:
        b = batches.c
        query = select(*inbound_batches.KEY).order_by(*inbound_batches.KEY)
        with self.house.database.read() as tx:
            rows = tx.execute(query.where(is_set(b.owed))).all()
            urls = {
                partner: address(agreements.get(tx, partner))
                for partner in sorted({row.partner for row in rows})
            }
        return [(inbound_batches.place(row), url) for row in rows if (url := urls[row.partner])]

    def _bring(self, place: Place, url: str, *, now: datetime) -> Reply:
        mine = inbound_batches.where(place)
        with self.house.database.read() as tx:
            receipt = bytes(tx.scalars(select(batches.c.receipt).where(mine)).one())
        return asking.ask(
            self.house, url, to=place.partner, path=PATH, method="POST", body=receipt, now=now
        )

    def _settle(self, place: Place, turned_away: str | None, *, now: datetime) -> None:
        """It is owed no more: it was taken, or it was turned away with this code."""
        if turned_away is not None:
            logger.warning("receipt owed to %s: turned away, %s", place.partner, turned_away)
        with self.house.database.write(partner=place.partner) as tx:
            tx.execute(update(batches).where(inbound_batches.where(place)).values(owed=False))
            told: dict[str, object] = {
                "lane": place.kind,
                "epoch": place.epoch,
                "batch": place.number,
                "issue": place.issue,
            }
            if turned_away is None:
                ledger.add(tx, "receipt brought", told, now=now, partner=place.partner)
            else:
                told |= {"code": turned_away}
                ledger.add(tx, "receipt turned away", told, now=now, partner=place.partner)

    def _rests(self, one: str | Place, now: datetime) -> bool:
        known = self._patience.get(one)
        return known is not None and now < known.not_before

    def _put_off(self, one: str | Place, *, now: datetime) -> None:
        known = self._patience.setdefault(one, _Patience(now))
        known.failures += 1
        trips = max(0, known.failures - retry.FAILURES_TO_OPEN)
        dice = random.random()  # noqa: S311  # it spreads waiting times, nothing else
        known.not_before = now + retry.delay(Lane.ROUTINE, known.failures, trips, dice=dice)


def _turned_away(reply: Reply) -> str | None:
    """The code with which a gateway like ours says that nobody waits for this receipt there."""
    found = _NOBODY_WAITS.search(reply.body[:4096]) if reply.status == REFUSED else None
    return None if found is None else found[1].decode()
