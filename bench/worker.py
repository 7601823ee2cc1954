"""One worker of one thread, as a process: `python -m bench.worker BATCH`.

What `mrx serve` and `mrx worker` run in several threads, alone, so that "four workers" means four.
No batch holds more than BATCH notices.
"""

import signal
import sys
import threading
from datetime import timedelta

from gateway.home import open_home
from gateway.settings import Settings
from outbox import lane, worker_name
from outbox.delivery import Delivery
from outbox.transport import HttpTransport

LOOK_SECONDS = 0.02


def main(batch: int) -> None:
    """Work whatever lane is due, until told to stop."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    lane.BATCH_MAX = batch
    house = open_home(Settings())
    transport = HttpTransport(deadline=timedelta(seconds=30), answer_bytes_max=4 << 20)
    delivery = Delivery(house=house, transport=transport, worker=f"{worker_name.own()}/0")
    while not stop.is_set():
        if not delivery.work():
            stop.wait(LOOK_SECONDS)
    transport.close()
    house.database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
