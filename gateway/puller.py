"""Fetching the batches of partners who do not push: a thread for each of a partner's two lanes, so
that a withdrawal never waits behind an announcement that is stuck.

    ask for the next one (a long poll) --204--> ask again
                 |200
    take it: their roll and our receipt, in one transaction
                 |                       <-- we crash here: the same batch comes again,
    bring the receipt                        and `inbound.take` gives the stored receipt
                 |
    ask again

A failure is tried again with growing, spread waits, for ever (`outbox.retry`). Who is pulled from
stands in the agreements and may change at any time.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gateway import inbound, trace
from outbox import asking, retry
from outbox.house import House
from partners import agreements
from schemas.batch import Lane
from schemas.errors import BadRequest, MrxError, Refused

logger = logging.getLogger("mrx.puller")

NEXT = "/v1/partner/batches/next"
RECEIPTS = "/v1/partner/receipts"
# How long the partner may keep us waiting for something to come; never near our own deadline.
WAIT_MAX = timedelta(seconds=20)
# How often the agreements are looked at; and the rest after a poll that did not wait.
LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """Fetches from one partner. `base_url` is where its partner door stands; without `lane` both
    lanes are fetched from, the urgent one first.
    """

    house: House
    partner: str
    base_url: str
    bytes_max: int
    lane: Lane | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def next(self, *, wait: timedelta = timedelta(0)) -> bytes | None:
        """The partner's next batch, unopened; None if nothing came within `wait`.

        Raises `BadRequest` MRX-6001 (no answer) or MRX-5019 (another one than agreed).
        """
        reply = asking.ask(
            self.house,
            self.base_url,
            to=self.partner,
            path=NEXT,
            query=f"wait={int(wait.total_seconds())}" + (f"&lane={self.lane}" if self.lane else ""),
            now=self.clock(),
        )
        asking.expected(reply, 200, 204)
        return reply.body if reply.status == 200 else None

    def settle(self, file: bytes) -> None:
        """Take a batch and bring our receipt. Repeating it is harmless.

        Raises as `inbound.take` does, `Refused` MRX-4002 where it is another partner's batch, and
        `BadRequest` as `next` does.
        """
        now = self.clock()
        sender, _ = inbound.believe(self.house, file, bytes_max=self.bytes_max, now=now)
        if sender != self.partner:
            raise Refused("MRX-4002")
        receipt = inbound.take(self.house, file, bytes_max=self.bytes_max, now=now)
        reply = asking.ask(
            self.house,
            self.base_url,
            to=self.partner,
            path=RECEIPTS,
            method="POST",
            body=receipt,
            now=self.clock(),
        )
        asking.expected(reply, 200, 204)


def fetching(house: House, partner: str, *, bytes_max: int) -> Fetching:
    """The fetching from one partner. Raises `BadRequest`: MRX-5001 (no such partner), MRX-5024
    (no address to fetch from).
    """
    with house.database.read() as tx:
        registered = agreements.get(tx, partner)
    if registered.pull_url is None:
        raise BadRequest("MRX-5024")
    return Fetching(house=house, partner=partner, base_url=registered.pull_url, bytes_max=bytes_max)


@dataclass(slots=True)
class _Loop:
    """The loop of one lane of a partner in its thread. `idle` while it only waits for an answer: then it
    may be left behind.
    """

    fetching: Fetching
    stop: threading.Event
    over: threading.Event = field(default_factory=threading.Event)
    idle: bool = False
    failures: int = 0
    thread: threading.Thread | None = None

    def start(self) -> None:
        name = f"pull-{self.fetching.partner}-{self.fetching.lane}"
        self.thread = threading.Thread(target=self.run, name=name, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while not self._ended:
            pause = self._round()
            self.over.wait(pause)

    @property
    def _ended(self) -> bool:
        return self.stop.is_set() or self.over.is_set()

    def _round(self) -> float:
        """Fetch once; how many seconds to rest."""
        try:
            began = time.monotonic()
            wait = min(WAIT_MAX, self.fetching.house.terms.request_deadline / 2)
            self.idle = True
            file = self.fetching.next(wait=wait)
            self.idle = False
            if file is None:
                self.failures = 0
                waited = time.monotonic() - began >= wait.total_seconds() / 2
                return 0 if waited else LOOK_SECONDS
            if self._ended:
                return 0  # the same batch comes again, after the next start
            self.fetching.settle(file)
        except MrxError as error:
            logger.warning("pull from %s: %s", self.fetching.partner, error)
        except Exception as error:  # noqa: BLE001  # whatever it was, it is tried again
            logger.error("MRX-9999 pull failed: %s", trace.of(error))  # noqa: TRY400
        else:
            self.failures = 0
            return 0
        finally:
            self.idle = False
        self.failures += 1
        trips = max(0, self.failures - retry.FAILURES_TO_OPEN)
        dice = random.random()  # noqa: S311  # jitter
        return retry.delay(Lane.URGENT, self.failures, trips, dice=dice).total_seconds()


class Puller:
    """Keeps a loop for each lane of each partner that is pulled from, until stopped."""

    def __init__(self, house: House, *, bytes_max: int) -> None:
        self._house = house
        self._bytes_max = bytes_max
        self._stop = threading.Event()
        self._loops: dict[tuple[str, str, Lane], _Loop] = {}
        self._watch = threading.Thread(target=self._run, name="puller", daemon=True)

    def start(self) -> None:
        self._watch.start()

    def stop(self) -> None:
        """Let what has been fetched be taken and answered; who only waits is left behind."""
        self._stop.set()
        self._watch.join()
        for loop in self._loops.values():
            loop.over.set()
        until = time.monotonic() + self._house.terms.request_deadline.total_seconds() + 5
        for loop in self._loops.values():
            while loop.thread and loop.thread.is_alive() and not loop.idle:
                if time.monotonic() > until:
                    return
                loop.thread.join(0.05)

    def _run(self) -> None:
        while True:
            try:
                self._look()
            except MrxError as error:
                logger.warning("fetching: %s", error)
            except Exception as error:  # noqa: BLE001  # the next look tries again
                logger.error("MRX-9999 puller failed: %s", trace.of(error))  # noqa: TRY400
            if self._stop.wait(LOOK_SECONDS):
                return

    def _look(self) -> None:
        """Begin with whom the agreements say now, and end with whom they do not say any more."""
        with self._house.database.read() as tx:
            wanted = {
                (one.agreement.partner, one.pull_url, lane)
                for one in agreements.every(tx)
                for lane in Lane
                if one.pull_url is not None and one.agreement.enabled
            }
        for gone in self._loops.keys() - wanted:
            self._loops.pop(gone).over.set()
        for partner, base_url, lane in sorted(wanted - self._loops.keys()):
            loop = _Loop(
                Fetching(
                    house=self._house,
                    partner=partner,
                    base_url=base_url,
                    bytes_max=self._bytes_max,
                    lane=lane,
                ),
                self._stop,
            )
            self._loops[partner, base_url, lane] = loop
            loop.start()
