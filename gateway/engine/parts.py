"""The children of `mrx worker`: `python -m gateway.engine.parts PART SUPERVISOR`.

    routine, urgent   a Celery worker for that queue; its own children work the lanes
    sweep             the direct sweep, with threads: a process of its own, because what Celery
                      forks from must have none

SUPERVISOR is the process they belong to. When it ends, however it ends, the kernel tells them to
end too (Linux; elsewhere they go on, which harms nothing).
"""

import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

from celery import signals

from gateway import engine, home, traces
from gateway import log as ours
from gateway.engine import broker, log, tasks
from gateway.engine.sweep import Sweep
from gateway.engine.tasks import Bench
from gateway.engine.wake import Waker
from gateway.settings import Settings
from outbox import watch
from schemas.batch import Lane
from schemas.errors import MrxError

SWEEP = "sweep"
PARTS = (*(lane.value for lane in Lane), SWEEP)

logger = logging.getLogger("mrx.worker")


def command(part: str) -> Sequence[str]:
    """How this process starts a part."""
    return (sys.executable, "-m", "gateway.engine.parts", part, str(os.getpid()))


def main() -> int:
    part, supervisor = sys.argv[1], int(sys.argv[2])
    _end_with(supervisor)
    settings = Settings()
    log.begin(settings.log_format)
    try:
        # What Celery forks from us keeps both.
        with watch.watched_by(ours.steps), traces.exported(settings):
            return _sweep(settings) if part == SWEEP else _work(settings, Lane(part))
    except MrxError as error:
        logger.error("%s: %s", part, error)  # noqa: TRY400  # the code says it all
        return 1


def _end_with(supervisor: int) -> None:
    """Have the kernel send us SIGTERM when our parent ends: prctl(2), PR_SET_PDEATHSIG."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
        if os.getppid() != supervisor:  # it was quicker
            sys.exit(1)


def _work(settings: Settings, lane: Lane) -> int:
    """A Celery worker for one queue, until it is told to stop."""
    bench = Bench(settings)
    app = broker.build(settings)
    tasks.register(app, bench)
    signals.worker_process_shutdown.connect(lambda **_: bench.close(), weak=False)
    slots = {Lane.ROUTINE: settings.routine_slots, Lane.URGENT: settings.urgent_slots}
    worker = app.Worker(
        hostname=f"mrx-{lane.value}@{os.uname().nodename}.{os.getpid()}",
        queues=[lane.value],
        pool="prefork",
        concurrency=slots[lane],
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
        loglevel=logging.WARNING,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _sweep(settings: Settings) -> int:
    told = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        told.set()

    signal.signal(signal.SIGTERM, stop)
    house = home.open_home(settings)
    waker, sweep = Waker(house, broker.build(settings)), Sweep(house)
    waker.start()
    sweep.start()
    with engine.quick_to_switch():
        told.wait()
    sweep.stop()
    waker.stop()
    house.database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
