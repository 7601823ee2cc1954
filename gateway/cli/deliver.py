"""`mrx deliver`: the lanes run here and now, also beside a gateway that serves.

A lane that another living process works is left to it, and waited for.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli import answer, exits, faults, here, progress
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson, OnlyPartner
from outbox import backlog, endings, lane, rest, worker_name
from outbox.backlog import Left
from outbox.delivery import Delivery
from outbox.house import House
from outbox.transport import HttpTransport
from partners import agreements
from schemas.errors import MrxError

THREADS = 3
TIMEOUT_SECONDS = 600
# Between two rounds: short at first, and longer while nothing comes of it.
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0)

app = noun()


@app.command(epilog="Example: mrx deliver --until-idle --timeout 60")
def deliver(
    *,
    partner: OnlyPartner = None,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="Go on until nothing is left that may leave.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Then give up, with exit 3.")
    ] = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Run the lanes here and now.

    All that is due is worked once. Waiting times are forgotten first, and leases of dead
    processes ended. With --until-idle it goes on until nothing is unanswered and nothing that may leave waits. What is blocked, paused
    or behind a closed gate is not waited for; neither are partners that pull.
    """
    with here.house() as house:
        if partner is not None:
            with house.database.read() as tx:
                agreements.get(tx, partner)
        until = time.monotonic() + timeout
        with _lanes(house, partner) as lanes:
            found = lanes.until_idle(until) if until_idle else lanes.once(until)
    settled = all(one.settled for one in found)
    still = [_facts(one) for one in found if not one.settled]
    if as_json:
        answer.one({"idle": settled, "left": still}, json=True)
    for one in found:
        if not one.settled:
            answer.talk(_sentence(one))
    if until_idle and not settled:
        raise typer.Exit(exits.REJECTED)


class _Lanes:
    """The lanes of one gateway, or of one of its partners, worked by some threads."""

    def __init__(self, house: House, only: str | None, transport: HttpTransport) -> None:
        self._house, self._only = house, only
        self._stop = threading.Event()
        self._deliveries = [
            Delivery(house=house, transport=transport, worker=f"{worker_name.own()}/cli-{n}")
            for n in range(THREADS)
        ]

    def stop(self) -> None:
        """Let each thread finish the transmission it is in, and no other."""
        self._stop.set()

    def once(self, until: float) -> list[Left]:
        """Work what is due now, and what comes of it; what fails is left for another time."""
        self._hurry()
        began = datetime.now(UTC)

        def due() -> bool:
            with self._house.database.read() as tx:
                return lane.due(tx, now=began, only=self._only) is not None

        self._round(until, due)
        return self._left()

    def until_idle(self, until: float) -> list[Left]:
        """Work round after round until all is settled, or cannot be, or the time is over."""
        fruitless = 0
        before: list[Left] = []
        shown: set[str] = set()
        with progress.bar("delivering", total=None) as show:
            while True:
                self._hurry()
                try:
                    self._round(until, lambda: True)
                except MrxError as error:
                    # The next round may do better, and the time is bounded.
                    if error.code not in shown:
                        faults.show(error)
                    shown.add(error.code)
                found = self._left()
                if all(one.settled or one.stuck for one in found) or time.monotonic() >= until:
                    return found
                show(0, f"{sum(one.may_leave for one in found):,} notices to go")
                fruitless = fruitless + 1 if found == before else 0
                before = found
                pause = PAUSES[min(fruitless, len(PAUSES) - 1)]
                time.sleep(max(0.0, min(pause, until - time.monotonic())))

    def _hurry(self) -> None:
        with self._house.database.write() as tx:
            rest.hurry(tx, only=self._only)
            rest.put_right(tx, now=datetime.now(UTC), lease=self._house.terms.lease)
        while endings.end_due(self._house, now=datetime.now(UTC)):
            pass

    def _round(self, until: float, due: Callable[[], bool]) -> None:
        """Work lanes, several at a time, until none is due. Raises what stopped a thread, after
        the others have come to their end.
        """

        def work(delivery: Delivery) -> None:
            while not self._stop.is_set() and time.monotonic() < until and due():
                if not delivery.work(only=self._only):
                    return

        with ThreadPoolExecutor(THREADS, thread_name_prefix="lane") as threads:
            for done in [threads.submit(work, delivery) for delivery in self._deliveries]:
                done.result()

    def _left(self) -> list[Left]:
        with self._house.database.read() as tx:
            return backlog.left(tx, self._house, now=datetime.now(UTC), only=self._only)


@contextmanager
def _lanes(house: House, only: str | None) -> Iterator[_Lanes]:
    transport = HttpTransport.under(house.terms)
    lanes = _Lanes(house, only, transport)
    try:
        yield lanes
    finally:
        lanes.stop()
        transport.close()


def _facts(one: Left) -> answer.Facts:
    return {
        "partner": one.partner,
        "lane": one.lane,
        "may_leave": one.may_leave,
        "unanswered": one.unanswered,
        "leased": one.leased,
        "held_back": one.held_back,
    }


def _sentence(one: Left) -> str:
    parts = []
    if one.may_leave:
        parts.append(f"{one.may_leave:,} notices wait")
    if one.unanswered:
        parts.append("a batch has no answer")
    if one.leased:
        parts.append("another process works it")
    why = "" if one.held_back is None else f" ({one.held_back})"
    return f"{one.partner}, {one.lane} lane: {', '.join(parts)}{why}."
