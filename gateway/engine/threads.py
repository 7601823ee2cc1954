"""The embedded engine: threads of `mrx serve` that take whatever lane is due.

One thread takes urgent lanes only, so that a withdrawal never waits behind partners that time
out; the others take any lane. They wait for the bell. Other processes ring bells of their own,
and waiting times end without one: so one more thread looks every half second (a single indexed
read), and rings where something is due.
"""

import logging
import threading
from datetime import UTC, datetime

from gateway import trace
from outbox import due, lane, worker_name
from outbox.delivery import Delivery
from outbox.house import House
from outbox.transport import HttpTransport
from schemas.batch import Lane
from schemas.errors import MrxError

logger = logging.getLogger("mrx.worker")

ANY_LANE_THREADS = 3
LOOK_SECONDS = 0.5
# A thread that nobody woke looks for itself.
UNWOKEN_SECONDS = 15
# After something that should not happen, so that it does not happen a thousand times a second.
REST_SECONDS = 5


class Threads:
    """Works the lanes of one gateway in this process, until stopped."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stop = threading.Event()
        self._transport = HttpTransport.under(house.terms)
        ranks = [lane.RANKS[Lane.URGENT]] + [99] * ANY_LANE_THREADS
        self._threads = [
            threading.Thread(target=self._work, args=(n, rank), name=f"lane-{n}", daemon=True)
            for n, rank in enumerate(ranks)
        ]
        self._threads.append(threading.Thread(target=self._look, name="look", daemon=True))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each thread finish the transmission it is in; what is not finished is repeated."""
        self._stop.set()
        self._house.bell.ring()
        for thread in self._threads:
            thread.join(self._house.terms.request_deadline.total_seconds() + 5)
        self._transport.close()

    def _work(self, number: int, rank_max: int) -> None:
        delivery = Delivery(
            house=self._house,
            transport=self._transport,
            worker=f"{worker_name.own()}/{number}",
        )
        while not self._stop.is_set():
            heard = self._house.bell.strokes  # before the look: what comes meanwhile is seen
            try:
                while not self._stop.is_set() and delivery.work(rank_max=rank_max):
                    pass
            except MrxError as error:
                logger.error("delivery stopped: %s", error)  # noqa: TRY400  # the code says it all
                self._stop.wait(REST_SECONDS)
            except Exception as error:  # noqa: BLE001  # whatever it was, the other lanes go on
                logger.error("MRX-9999 delivery failed: %s", trace.of(error))  # noqa: TRY400
                self._stop.wait(REST_SECONDS)
            else:
                self._house.bell.wait(heard, UNWOKEN_SECONDS)

    def _look(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                with self._house.database.read() as tx:
                    found = due.every(tx, now=datetime.now(UTC))
            except MrxError as error:
                logger.warning("look: %s", error)
                self._stop.wait(REST_SECONDS)
                continue
            except Exception as error:  # noqa: BLE001  # the next look tries again
                logger.error("MRX-9999 look failed: %s", trace.of(error))  # noqa: TRY400
                self._stop.wait(REST_SECONDS)
                continue
            if found:
                self._house.bell.ring()
