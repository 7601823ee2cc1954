"""A gateway that was restored from a backup asks each partner, until all have answered.

    shut --the partner's inventory compared, what differs queued--> open          [outbox.reconcile]
    incomplete --the partner asked to tell again what our roll lacks--> asked     [outbox.our_loss]

One partner that does not answer holds up no other; it is asked again, later and later. One without an
address cannot be asked: the alarm says so, and two persons may open its lanes (`gateway.acts.lanes`).
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway import other_end, trace
from gateway.other_end import OtherEnd
from outbox import restored, retry
from outbox.house import House
from partners import agreements
from schemas.batch import Lane
from schemas.errors import MrxError

logger = logging.getLogger("mrx.recovering")

BY = "restore"
# One that somebody works is left for the next round: the others wait for theirs.
_PATIENCE_SECONDS = 0.0


@dataclass(slots=True)
class _Patience:
    not_before: datetime
    failures: int = 0


@dataclass(slots=True)
class Recovering:
    """Asks partners, one after the other. One instance a process."""

    house: House
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    end: Callable[[House, str, str], OtherEnd] = lambda house, partner, url: OtherEnd(
        house=house, partner=partner, url=url, by=BY
    )
    _patience: dict[str, _Patience] = field(default_factory=dict)

    def ask(self) -> int:
        """Ask whoever is due now; how many answered all that was asked."""
        answered = 0
        for partner, url, shut, unasked in self._due():
            known = self._patience.get(partner)
            if known is not None and self.clock() < known.not_before:
                continue
            try:
                end = self.end(self.house, partner, url)
                with self.house.bell.after():
                    if shut:
                        end.reconcile(patience_seconds=_PATIENCE_SECONDS)
                if unasked:
                    end.ask_again()
            except MrxError as error:
                logger.warning("restored, asking %s: %s", partner, error)
                self._put_off(partner)
            except Exception as error:  # noqa: BLE001  # the others are asked all the same
                logger.error("MRX-9999 asking %s failed: %s", partner, trace.of(error))  # noqa: TRY400
                self._put_off(partner)
            else:
                self._patience.pop(partner, None)
                answered += 1
        return answered

    def _due(self) -> list[tuple[str, str, bool, bool]]:
        with self.house.database.read() as tx:
            standing = restored.standing(tx)
            if standing is None or not (standing.shut or standing.unasked):
                return []
            return [
                (one.agreement.partner, url, shut, unasked)
                for one in agreements.every(tx)
                if (url := other_end.address(one)) is not None
                and any(
                    (
                        shut := one.agreement.partner in standing.shut,
                        unasked := one.agreement.partner in standing.unasked,
                    )
                )
            ]

    def _put_off(self, partner: str) -> None:
        known = self._patience.setdefault(partner, _Patience(self.clock()))
        known.failures += 1
        trips = max(0, known.failures - retry.FAILURES_TO_OPEN)
        dice = random.random()  # noqa: S311  # it spreads waiting times, nothing else
        known.not_before = self.clock() + retry.delay(Lane.URGENT, known.failures, trips, dice=dice)
