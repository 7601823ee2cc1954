"""The one task: work a lane while it is due and free.

    wake-up --> due? --no--> done: it was told twice, or somebody was quicker
                 |yes
                take it, one budget's worth --> still due? --> wake-up, behind the others

A child that dies in a task leaves what the next taking finds: `outbox.delivery`.
"""

import logging
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime

from celery import Celery

from gateway import home, trace
from gateway.engine.broker import EXPIRES, TASK
from gateway.settings import Settings
from outbox import due, worker_name
from outbox.delivery import Delivery
from outbox.transport import HttpTransport
from schemas.batch import Lane
from schemas.errors import MrxError

logger = logging.getLogger("mrx.worker")


@dataclass(slots=True)
class Bench:
    """What a process works a lane with, made when its first task comes. Nothing of it is carried
    over a fork: a child opens connections of its own, and the parent has none.
    """

    settings: Settings
    _delivery: Delivery | None = field(default=None, init=False)
    _transport: HttpTransport = field(init=False)
    _process: int = field(default=0, init=False)

    @property
    def delivery(self) -> Delivery:
        """Raises `NotReady` as `open_home` does."""
        if self._delivery is None or self._process != os.getpid():
            house = home.open_home(self.settings)
            self._transport = HttpTransport.under(house.terms)
            self._delivery = Delivery(
                house=house, transport=self._transport, worker=f"{worker_name.own()}/task"
            )
            self._process = os.getpid()
        return self._delivery

    def close(self) -> None:
        """End this process's connections, if it has made any."""
        if self._delivery is not None and self._process == os.getpid():
            self._transport.close()
            self._delivery.house.database.close()
        self._delivery = None


def wake(app: Celery, partner: str, kind: Lane) -> None:
    """Publish a wake-up. Raises whatever the broker's connection does."""
    app.send_task(TASK, (partner, kind.value), queue=kind.value, expires=EXPIRES)


def register(app: Celery, bench: Bench) -> None:
    """Teach the application its task."""

    def lane(partner: str, kind: str) -> None:
        try:
            if bench.delivery.work(only=partner, kind=Lane(kind)):
                _again(app, bench, partner)
        except MrxError as error:
            logger.error("delivery stopped: %s", error)  # noqa: TRY400  # the code says it all
        except Exception as error:  # noqa: BLE001  # Celery would print what the exception repeats
            logger.error("MRX-9999 delivery failed: %s", trace.of(error))  # noqa: TRY400

    app.task(lane, name=TASK, expires=EXPIRES, shared=False)  # with no other application


def _again(app: Celery, bench: Bench, partner: str) -> None:
    """What is still due of this partner waits its turn behind the others: its budget is spent, or
    its answer has ended the waiting time of its other lane.
    """
    with bench.delivery.house.database.read() as tx:
        found = due.every(tx, now=datetime.now(UTC))
    for one in found:
        if one.partner == partner:
            try:
                wake(app, one.partner, one.kind)
            except Exception:  # noqa: BLE001  # the sweep sees it too
                return
