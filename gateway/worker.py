"""The clock of the embedded engine: threads that take whatever lane is due.

One thread takes urgent lanes only, so that a withdrawal never waits behind partners that time
out; the others take any lane. Nothing needs to wake them: they look every half second (one
indexed read when nothing is due), and the database is the truth. Beside them the puller fetches
from partners who do not push.
"""

import logging
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from gateway import trace, upkeep
from gateway.owed import Owed
from gateway.puller import Puller
from outbox import endings, lane, worker_name
from outbox.delivery import Delivery
from outbox.house import House
from outbox.transport import HttpTransport
from schemas.batch import Lane
from schemas.errors import MrxError
from signing.open import FILE_BYTES_MAX

logger = logging.getLogger("mrx.worker")

ANY_LANE_THREADS = 3
LOOK_SECONDS = 0.5
SWEEP_SECONDS = 30
OWED_SECONDS = 2
# After something that should not happen, so that it does not happen a thousand times a second.
REST_SECONDS = 5


class Worker:
    """Runs the lanes of one gateway while the block lasts."""

    def __init__(self, house: House, *, batch_bytes_max: int = FILE_BYTES_MAX) -> None:
        """`batch_bytes_max` is the largest file taken from a partner that is pulled from."""
        self._house = house
        self._stop = threading.Event()
        self._puller = Puller(house, bytes_max=batch_bytes_max)
        self._transport = HttpTransport(
            deadline=house.terms.request_deadline,
            answer_bytes_max=house.terms.receipt_bytes_max,
        )
        ranks = [lane.RANKS[Lane.URGENT]] + [99] * ANY_LANE_THREADS
        self._threads = [
            threading.Thread(target=self._work, args=(n, rank), name=f"lane-{n}", daemon=True)
            for n, rank in enumerate(ranks)
        ]
        self._threads.append(threading.Thread(target=self._sweep, name="sweep", daemon=True))
        self._threads.append(threading.Thread(target=self._owe, name="owed", daemon=True))

    def __enter__(self) -> Self:
        with self._house.database.write() as tx:
            self._mend(tx)
        upkeep.tidy(self._house, now=datetime.now(UTC))
        for thread in self._threads:
            thread.start()
        self._puller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        frames: TracebackType | None,
    ) -> None:
        """Let each thread finish the transmission it is in; what is not finished is repeated."""
        self._stop.set()
        self._puller.stop()
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
            pause = LOOK_SECONDS
            try:
                while not self._stop.is_set() and delivery.work(rank_max=rank_max):
                    pass
            except MrxError as error:
                logger.error("delivery stopped: %s", error)  # noqa: TRY400  # the code says it all
                pause = REST_SECONDS
            except Exception as error:  # noqa: BLE001  # whatever it was, the other lanes go on
                logger.error("MRX-9999 delivery failed: %s", trace.of(error))  # noqa: TRY400
                pause = REST_SECONDS
            self._stop.wait(pause)

    def _mend(self, tx: Connection) -> None:
        lane.bury(tx)
        lane.put_right(tx, now=datetime.now(UTC), lease=self._house.terms.lease)

    def _owe(self) -> None:
        """Bring receipts that are owed: a thread of its own, because a partner may be slow."""
        owed = Owed(self._house)
        while not self._stop.wait(OWED_SECONDS):
            try:
                owed.bring(now=datetime.now(UTC))
            except Exception as error:  # noqa: BLE001  # the next round tries again
                logger.error("MRX-9999 receipts owed: %s", trace.of(error))  # noqa: TRY400

    def _sweep(self) -> None:
        while not self._stop.wait(SWEEP_SECONDS):
            try:
                with self._house.database.write() as tx:
                    self._mend(tx)
                upkeep.tidy(self._house, now=datetime.now(UTC))
                while endings.end_due(self._house, now=datetime.now(UTC)):
                    pass
            except Exception as error:  # noqa: BLE001  # the next sweep tries again
                logger.error("MRX-9999 sweep failed: %s", trace.of(error))  # noqa: TRY400
