"""What a gateway does besides its lanes.

upkeep   leases of the dead, agreements whose day has come, what is not needed any more
         in every process: each step is one guarded transaction, and the second finds nothing
errands  fetching from partners, bringing them receipts that are owed, working replays, asking what
         was missed if we were restored from a backup, and erasing what is over its term
         in the one process whose turn it is: twice would be harmless, and two of everything
"""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from gateway import erasing, replaying, trace, upkeep
from gateway.owed import Owed
from gateway.puller import Puller
from gateway.recovering import Recovering
from outbox import endings, lane, rest
from outbox.house import House
from schemas.errors import MrxError
from schemas.turn import Turn

logger = logging.getLogger("mrx.errands")

UPKEEP_SECONDS = 30
OWED_SECONDS = 2
REPLAY_SECONDS = 1
ERASE_SECONDS = 10
RECOVER_SECONDS = 2
BETWEEN_SECONDS = 0.05
TURN_SECONDS = 5

Done = TypeVar("Done")


class Errands:
    """Runs them in threads of its own, until stopped."""

    def __init__(self, house: House, *, batch_bytes_max: int) -> None:
        """`batch_bytes_max` is the largest file taken from a partner that is pulled from."""
        self._house = house
        self._bytes_max = batch_bytes_max
        self._stop = threading.Event()
        self._turn = Turn(house.database, "errands")
        self._ours = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True)
            for work in (
                self._keep_up,
                self._owe,
                self._fetch,
                self._replay,
                self._recover,
                self._erase,
            )
        ]

    def start(self) -> None:
        self._mend()
        upkeep.tidy(self._house, now=datetime.now(UTC))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let what is under way end."""
        self._stop.set()
        for thread in self._threads:
            thread.join(self._house.terms.request_deadline.total_seconds() + 10)

    @property
    def ours(self) -> bool:
        """Whether it is this process that fetches and brings."""
        return self._ours.is_set()

    def _mend(self) -> None:
        with self._house.database.write() as tx:
            lane.bury(tx)
            rest.put_right(tx, now=datetime.now(UTC), lease=self._house.terms.lease)

    def _keep_up(self) -> None:
        while not self._stop.wait(UPKEEP_SECONDS):
            try:
                self._mend()
                upkeep.tidy(self._house, now=datetime.now(UTC))
                while endings.end_due(self._house, now=datetime.now(UTC)):
                    self._house.bell.ring()
            except MrxError as error:
                logger.warning("upkeep: %s", error)
            except Exception as error:  # noqa: BLE001  # the next round tries again
                logger.error("MRX-9999 upkeep failed: %s", trace.of(error))  # noqa: TRY400

    def _fetch(self) -> None:
        """Keep asking whose turn it is; fetch while it is ours."""
        puller: Puller | None = None
        while not self._stop.is_set():
            mine = self._asked()
            if mine and puller is None:
                puller = Puller(self._house, bytes_max=self._bytes_max)
                puller.start()
                self._ours.set()
            if not mine and puller is not None:
                self._ours.clear()
                puller.stop()
                puller = None
            self._stop.wait(TURN_SECONDS)
        self._ours.clear()
        if puller is not None:
            puller.stop()
        self._turn.give_up()

    def _asked(self) -> bool:
        try:
            return self._turn.mine()
        except MrxError as error:
            logger.warning("asking for a turn: %s", error)
            return False
        except Exception as error:  # noqa: BLE001  # the next round asks again
            logger.error("MRX-9999 asking for a turn failed: %s", trace.of(error))  # noqa: TRY400
            return False

    def _owe(self) -> None:
        """A thread of its own, because a partner may be slow."""
        owed = Owed(self._house)
        while not self._stop.wait(OWED_SECONDS):
            try:
                if self.ours:
                    owed.bring(now=datetime.now(UTC))
            except MrxError as error:
                logger.warning("receipts owed: %s", error)
            except Exception as error:  # noqa: BLE001  # the next round tries again
                logger.error("MRX-9999 receipts owed: %s", trace.of(error))  # noqa: TRY400

    def _recover(self) -> None:
        """A thread of its own, because partners are asked a lot; an indexed read where none is."""
        recovering = Recovering(self._house)
        while not self._stop.wait(RECOVER_SECONDS):
            if self.ours:
                self._tried(recovering.ask)

    def _erase(self) -> None:
        """A chunk at a time; others write between them."""
        while not self._stop.wait(ERASE_SECONDS):
            goes = self.ours
            while goes and self.ours:
                goes = (
                    self._tried(lambda: erasing.go_on(self._house, now=datetime.now(UTC))) is True
                )
                if self._stop.wait(BETWEEN_SECONDS):
                    return

    def _replay(self) -> None:
        while not self._stop.wait(REPLAY_SECONDS):
            if self.ours:
                waits, going = self._tried(lambda: replaying.unfinished(self._house)) or (False, [])
                if waits:
                    self._tried(lambda: replaying.drop_refused(self._house, now=datetime.now(UTC)))
                while going:
                    going = [one for one in going if self._worked(one)]

    def _worked(self, replay: str) -> bool:
        """Work a replay a little; say whether it goes on. One that fails waits for the next round,
        and the others do not wait for it.
        """
        if self._stop.is_set() or not self.ours:
            return False
        now = datetime.now(UTC)
        goes = self._tried(lambda: replaying.go_on(self._house, now=now, only=replay))
        self._stop.wait(BETWEEN_SECONDS)  # for those who write meanwhile
        return goes is True

    def _tried(self, step: Callable[[], Done]) -> Done | None:
        """What a step of replays returns; None if it failed, which is logged."""
        try:
            return step()
        except MrxError as error:
            logger.warning("replays: %s", error)
        except Exception as error:  # noqa: BLE001  # the next round tries again
            logger.error("MRX-9999 replays: %s", trace.of(error))  # noqa: TRY400
        return None
