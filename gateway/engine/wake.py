"""Waking the workers: one thread that publishes, so that no request ever waits for Redis.

    commit -> bell -> [ this thread: which lanes are due? ] -> a task for each -> Redis

The bell is the queue, of length one: strokes that come while a publication is under way are one
stroke. A lane is not called again until it was taken, or a while has passed.
"""

import contextlib
import logging
import threading
import time
from datetime import UTC, datetime, timedelta

from celery import Celery

from gateway import trace
from gateway.engine import broker, tasks
from gateway.settings import Settings
from outbox import due
from outbox.due import Due
from outbox.house import House
from schemas.errors import MrxError

logger = logging.getLogger("mrx.wake")

# A lane that was called and not taken is called again after this.
AGAIN = timedelta(seconds=5)
# A command that is done waits no longer for Redis.
ONCE_SECONDS = 1.0


def once(house: House, settings: Settings) -> None:
    """Publish for all that is due now, from a command that is about to end: for a second at most,
    and in silence. What Redis does not take, a sweep finds.
    """
    app = broker.build(settings, socket_timeout=ONCE_SECONDS, socket_connect_timeout=ONCE_SECONDS)
    found: list[Due] = []
    with contextlib.suppress(Exception), house.database.read() as tx:
        found = due.every(tx, now=datetime.now(UTC))

    def publish() -> None:
        with contextlib.suppress(Exception):
            for one in found:
                tasks.wake(app, one.partner, one.kind)

    # Looking up a host's name knows no timeout, so it may have to be left behind.
    thread = threading.Thread(target=publish, name="waker", daemon=True)
    thread.start()
    thread.join(ONCE_SECONDS)


class Waker:
    """Publishes a wake-up for each lane that is due, whenever the bell rings."""

    def __init__(self, house: House, app: Celery) -> None:
        self._house, self._app = house, app
        self._stop = threading.Event()
        self._called: dict[Due, float] = {}
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
        self.published = 0
        self.failed = 0
        self._away = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Publishing ends; one that hangs is left behind."""
        self._stop.set()
        self._house.bell.ring()
        self._thread.join(1)

    def call(self) -> None:
        """Publish for all that is due and was not called just now. Failures are counted."""
        with self._house.database.read() as tx:
            found = due.every(tx, now=datetime.now(UTC))
        now = time.monotonic()
        recent = now - AGAIN.total_seconds()
        self._called = {one: at for one, at in self._called.items() if at > recent}
        for one in found:
            if one in self._called:
                continue
            try:
                tasks.wake(self._app, one.partner, one.kind)
            except Exception as error:  # noqa: BLE001  # whatever Redis does, nothing depends on it
                self._failure(error)
                return
            self._called[one] = now
            self.published += 1
            self._success()

    def _run(self) -> None:
        heard = 0
        while not self._stop.is_set():
            heard = self._house.bell.wait(heard, 60)
            if self._stop.is_set():
                return
            try:
                self.call()
            except MrxError as error:
                logger.warning("waking: %s", error)
            except Exception as error:  # noqa: BLE001  # the sweep goes on without us
                logger.error("MRX-9999 waking failed: %s", trace.of(error))  # noqa: TRY400

    def _failure(self, error: Exception) -> None:
        self.failed += 1
        if not self._away:
            # The type alone: its text may repeat the address, and with it a password.
            logger.warning("Redis takes no wake-ups (%s); sweeps go on", type(error).__name__)
        self._away = True

    def _success(self) -> None:
        if self._away:
            logger.warning("Redis takes wake-ups again, after %d failures", self.failed)
        self._away = False
