"""Little storms: one thing at its worst moment, so that who leaves a safeguard out is caught at once.

fence     who works a lane is stopped in the middle of a transmission, for longer than its
          lease; somebody else goes on; then it wakes up
consent   a revocation is committed when the draft that says the member is made, not released
attempt   killed when the partner has applied the first batch and not answered
"""

import signal
import time
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import select

from schemas.tables import lanes
from tests.journeys.chaos.fleet import Fleet, say
from tests.journeys.chaos.ground import Ground, ground
from tests.journeys.chaos.history import History
from tests.journeys.chaos.load import Producer
from tests.journeys.processes import free_port

PARTNER = "mx-neec"
# What goes wrong may also bring a lane to a standstill, which is not waited for.
CALM_SECONDS, CALM_SECONDS_OF_A_MUTANT = 20, 3


def fence(mutant: str) -> History:
    with ground("postgresql", PARTNER, batch_max=1) as here:
        # Long enough that the second one is still at it when the first wakes up.
        here.open_street(plan="late " * 40)
        producer = here.producer(ports := free_ports(2))

        def strike(fleet: Fleet) -> None:
            producer.join_in(40)
            until(lambda: here.arrived(PARTNER) == 1)
            first = worker(here)
            say(first, signal.SIGSTOP)
            until(lambda: here.arrived(PARTNER) > 3)
            assert worker(here) != first, "somebody else has the lane"
            say(first, signal.SIGCONT)

        return weather(here, mutant, strike, producer, ports)


def consent(mutant: str) -> History:
    with ground("sqlite", PARTNER) as here:
        here.open_street()
        producer = here.producer(ports := free_ports(1))

        def strike(_: Fleet) -> None:
            producer.join_in(1)
            until((here.folder / "drafted").exists)
            producer.revoke((PARTNER, "20000000"))
            (here.folder / "go").touch()
            time.sleep(1)

        return weather(here, mutant, strike, producer, ports, MRX_CHAOS_GATE=str(here.folder))


def attempt(mutant: str) -> History:
    with ground("sqlite", PARTNER) as here:
        here.open_street(plan="hang")
        producer = here.producer(ports := free_ports(1))

        def strike(fleet: Fleet) -> None:
            producer.join_in(1)
            until(lambda: here.arrived(PARTNER) == 1)
            time.sleep(0.3)  # it is applied over there
            for pid in fleet.pids:
                say(pid, signal.SIGKILL)
            fleet.wait()
            until(lambda: here.arrived(PARTNER) == 2)

        return weather(here, mutant, strike, producer, ports)


STORMS: Mapping[str, Callable[[str], History]] = {
    "fence": fence,
    "consent": consent,
    "attempt": attempt,
}


def weather(
    here: Ground,
    mutant: str,
    strike: Callable[[Fleet], None],
    producer: Producer,
    ports: Sequence[int],
    **more: str,
) -> History:
    """Let a gateway of this mutant be struck, come to rest if it can, and tell what happened."""
    fleet = here.fleet(mutant, **more)
    try:
        for port in ports:
            fleet.serve(port)
        fleet.wait()
        strike(fleet)
        here.calm(CALM_SECONDS if mutant == "none" else CALM_SECONDS_OF_A_MUTANT)
    finally:
        fleet.end()
    return here.history(producer)


def worker(here: Ground) -> int:
    """The process that holds the routine lane."""
    with here.house.database.read() as tx:
        held = select(lanes.c.leased_by).where(lanes.c.kind == "routine")
        name = tx.scalar(held.where(lanes.c.partner == PARTNER))
    assert name is not None, "nobody works the lane"
    return int(name.split("/")[0].split(":")[1])


def free_ports(count: int) -> list[int]:
    return [free_port() for _ in range(count)]


def until(so: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.02)
