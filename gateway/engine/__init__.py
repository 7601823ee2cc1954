"""Who runs the lanes. The database is the truth; an engine is only its clock.

    threads   one process: threads of `mrx serve`                              (threads)
    celery    any number of `mrx serve` and `mrx worker`, beside each other:
                serve    publishes wake-ups (wake), sweeps (sweep), errands
                worker   three children (supervisor): Celery for the queue routine, Celery for the
                         queue urgent (broker, tasks), and a sweep

Both end in the same `outbox.delivery.Delivery`. No process is the only one of its kind; any may
die at any moment, and Redis too.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from gateway.engine.errands import Errands
from gateway.engine.threads import Threads
from gateway.settings import Settings
from outbox.house import House

# How long a thread that computes may keep the others waiting, in seconds. Python's own is ten times
# that: then an urgent delivery, which asks the database a hundred times, waits for a draft of
# thousands after each of its questions. Measured behind a backlog on SQLite, from a revocation to
# its confirmation: a median of 638 ms with Python's own, 475 with this.
SWITCH_SECONDS = 0.0005


@contextmanager
def running(house: House, settings: Settings) -> Iterator[None]:
    """What belongs into a process that serves, while the block lasts."""
    with ExitStack() as parts:
        parts.enter_context(quick_to_switch())
        errands = Errands(house, batch_bytes_max=settings.body_bytes_max)
        errands.start()
        parts.callback(errands.stop)
        if settings.engine == "threads":
            threads = Threads(house)
            threads.start()
            parts.callback(threads.stop)
        else:
            # Only now: nobody else pays for importing Celery.
            from gateway.engine import broker  # noqa: PLC0415
            from gateway.engine.sweep import Sweep  # noqa: PLC0415
            from gateway.engine.wake import Waker  # noqa: PLC0415

            waker = Waker(house, broker.build(settings))
            waker.start()
            parts.callback(waker.stop)
            sweep = Sweep(house)
            sweep.start()
            parts.callback(sweep.stop)
        yield


@contextmanager
def quick_to_switch() -> Iterator[None]:
    """Let this process's threads take turns quickly, while the block lasts."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
