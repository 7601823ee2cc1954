"""Storms: the gateway's processes are killed, stopped, flushed and cut off, and afterwards a checker
reads every partner's journal.

Longer by `MRX_CHAOS_SECONDS=n`, another course by `MRX_SEED=n`.
"""

import os
import sys
from datetime import timedelta

import pytest

from tests.journeys.chaos import checker, little
from tests.journeys.chaos.checker import Bounds
from tests.journeys.chaos.ground import ground
from tests.journeys.chaos.storm import Storm
from tests.journeys.processes import free_port

pytestmark = [pytest.mark.slow, pytest.mark.processes]

SECONDS = float(os.environ.get("MRX_CHAOS_SECONDS", "10"))
SEED = int(os.environ.get("MRX_SEED", "4"))
# How many of `mrx serve` and of `mrx worker` there are. A file is one process's.
SERVING = {"sqlite": 1, "postgresql": 3, "celery": 2}
WORKERS = {"sqlite": 0, "postgresql": 0, "celery": 2}
# An urgent lane waits 1, 5, 15 and 60 s after failures in a row (outbox/retry.py). Within a minute of
# storm three in a row are bad luck enough; within many, one withdrawal in a thousand meets a fourth.
WITHDRAWN_WITHIN = timedelta(seconds=30 if SECONDS <= 60 else 90)
RATES = {"busy": 0.05, "drop": 0.04, "hang": 0.01, "late": 0.1}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "celery"])
def test_after_a_storm_everything_is_as_after_calm_weather(engine: str):
    with ground(engine, "mx-neec", "ca-pip", "kr-aeo") as here:
        here.open_street(seed=SEED, **RATES)
        fleet = here.fleet(MRX_ROUTINE_SLOTS="2", MRX_URGENT_SLOTS="1")
        ports = [free_port() for _ in range(SERVING[engine])]
        try:
            for port in ports:
                fleet.serve(port)
            for _ in range(WORKERS[engine]):
                fleet.start("worker")
            fleet.wait()
            producers = [here.producer(ports, number=n, seed=SEED) for n in range(4)]
            for one in producers:
                one.start()
            storm = Storm(ground=here, fleet=fleet, seed=SEED)
            storm.blow(SECONDS)
            for one in producers:
                one.stop()
            fleet.wait()
            assert here.calm(), "it does not come to rest"
        finally:
            fleet.end()
        history = here.history(*producers)
        sys.stderr.write(told(history, storm) + "\n")
        shaken = (storm.kills + storm.stops + 1) * 2 * len(here.ends)
        faults = sum(one.word in {"busy", "drop", "hang"} for one in history.arrivals)
        bounds = Bounds(withdrawal=WITHDRAWN_WITHIN, resent=faults + shaken)
        assert checker.violations(history, bounds) == []
        assert storm.kills
        assert storm.stops


CALM = Bounds(withdrawal=timedelta(seconds=30), resent=5)


@pytest.mark.parametrize("storm", little.STORMS)
def test_a_little_storm_harms_nothing(storm: str):
    assert checker.violations(little.STORMS[storm]("none"), CALM) == []


@pytest.mark.parametrize(
    ("mutant", "rules"),
    [("fence", {"fences"}), ("consent", {"consent", "lost"}), ("attempt", {"images"})],
)
def test_without_its_safeguard_the_same_little_storm_is_found_out(mutant: str, rules: set[str]):
    found = checker.violations(little.STORMS[mutant](mutant), CALM)
    assert rules <= {one.partition(":")[0] for one in found}, found


def told(history, storm) -> str:
    lags = sorted(lag for lag in checker.lags(history).values() if lag is not None)
    again = len(history.arrivals) - len({one.place for one in history.arrivals})
    middle, late = (lags[len(lags) // 2], lags[-1 - len(lags) // 100]) if lags else (None, None)
    return (
        f"seed {storm.seed}: {storm.kills} kills, {storm.stops} stops, {storm.flushes} flushes; "
        f"{len(history.permissions)} consents, "
        f"{len(history.arrivals)} files ({again} again), {len(lags)} withdrawals, "
        f"lag p50 {middle} p99 {late}, longest {lags[-1] if lags else None}"
    )
