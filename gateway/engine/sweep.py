"""The direct sweep: lanes that are due are worked here, without Redis.

    every 2 s, spread:   repair leases and waiting times   (now and then)
                         ring the bell                     -> who publishes wake-ups, publishes
                         urgent and due                    -> worked at once
                         routine, due and free for 5 s     -> no wake-up came: worked, too

A taking is worked at a time; a lane that has more to tell waits behind the others in hand.
Every `mrx serve` and every `mrx worker` sweeps; who comes second finds the lane taken. So with
Redis away the gateway is a little later, and nothing else.
"""

import contextlib
import logging
import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime

from gateway import trace
from outbox import due, lane, rest, worker_name
from outbox.delivery import Delivery
from outbox.due import Due
from outbox.house import House
from outbox.transport import HttpTransport
from schemas.batch import Lane
from schemas.errors import MrxError

logger = logging.getLogger("mrx.sweep")

EVERY_SECONDS = 2.0
# A routine lane that is free and due for so long was not woken.
UNHEARD_SECONDS = 5.0
MEND_SECONDS = 30.0
THREADS = {Lane.URGENT: 2, Lane.ROUTINE: 2}


class Sweep:
    """Sweeps in threads of this process, until stopped."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stop = threading.Event()
        self._transport = HttpTransport.under(house.terms)
        self._delivery = Delivery(
            house=house, transport=self._transport, worker=f"{worker_name.own()}/sweep"
        )
        # Of their own: withdrawals wait for no announcement.
        self._hands = {
            kind: ThreadPoolExecutor(count, thread_name_prefix=f"sweep-{kind.value}")
            for kind, count in THREADS.items()
        }
        self._seen: dict[Due, float] = {}
        self._at_work: dict[tuple[str, Lane], Future[None]] = {}
        self._mended = float("-inf")
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let what is being transmitted end; what is not finished is repeated."""
        self._stop.set()
        self._thread.join(5)
        for hands in self._hands.values():
            hands.shutdown(wait=False, cancel_futures=True)
        wait(list(self._at_work.values()), self._house.terms.request_deadline.total_seconds() + 5)
        self._transport.close()

    def look(self, *, now: float) -> list[Due]:
        """One sweep, at `now` of the monotonic clock: what is due, and what of it is taken in
        hand here.
        """
        if now - self._mended >= MEND_SECONDS:
            self._mended = now
            with self._house.database.write() as tx:
                rest.put_right(tx, now=datetime.now(UTC), lease=self._house.terms.lease)
        with self._house.database.read() as tx:
            orphaned = due.orphaned(tx)
            found = due.every(tx, now=datetime.now(UTC))
        if orphaned:
            with self._house.database.write() as tx:
                lane.bury(tx)
                found = due.every(tx, now=datetime.now(UTC))
        self._seen = {one: self._seen.get(one, now) for one in found}
        if found:
            self._house.bell.ring()
        return [
            one
            for one in found
            if one.kind is Lane.URGENT or now - self._seen[one] >= UNHEARD_SECONDS
        ]

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for one in self.look(now=time.monotonic()):
                    self._hand_over(one)
            except MrxError as error:
                logger.warning("sweep: %s", error)
            except Exception as error:  # noqa: BLE001  # the next sweep tries again
                logger.error("MRX-9999 sweep failed: %s", trace.of(error))  # noqa: TRY400
            self._stop.wait(EVERY_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311  # it spreads

    def _hand_over(self, one: Due) -> None:
        place = (one.partner, one.kind)
        before = self._at_work.get(place)
        if before is None or before.done():
            self._at_work[place] = self._hands[one.kind].submit(self._work, *place)

    def _work(self, partner: str, kind: Lane) -> None:
        """One taking. A lane that is not done then waits behind the others in hand."""
        try:
            if not self._stop.is_set() and self._delivery.work(only=partner, kind=kind):
                with contextlib.suppress(RuntimeError):  # we are being stopped
                    again = self._hands[kind].submit(self._work, partner, kind)
                    self._at_work[partner, kind] = again
        except MrxError as error:
            logger.error("delivery stopped: %s", error)  # noqa: TRY400  # the code says it all
        except Exception as error:  # noqa: BLE001  # whatever it was, the other lanes go on
            logger.error("MRX-9999 delivery failed: %s", trace.of(error))  # noqa: TRY400
