"""The process is killed at every crash point, and at its twin; it ends as in calm weather.

At each point of the table, just before its step and just after it, a process that walks a journey
gets SIGKILL; a clean one opens the homes, does what a server does when it starts, and goes on with
what whoever heard no answer says again. Ordinarily each point dies once on each side, in one passing
of one walk, drawn by `MRX_SEED`, those of every third walk on PostgreSQL too; in CI every point of every
walk on both; with `MRX_CRASH=all` every single passing of every point on both.
"""

import os
import random
from pathlib import Path

import pytest

from tests.conftest import BOTH
from tests.journeys.crash import points
from tests.journeys.crash.ground import Ground, in_process
from tests.journeys.crash.trap import Event
from tests.journeys.crash.walks import WALKS

pytestmark = [pytest.mark.slow, pytest.mark.processes]

SEED = int(os.environ.get("MRX_SEED", "6"))
EVERY_PASSING = os.environ.get("MRX_CRASH") == "all"
EVERY_WALK = EVERY_PASSING or os.environ.get("CI") == "true"
FAILURES_SHOWN = 5


def _walked() -> list[tuple[str, str]]:
    """Each walk on a file; on a server every third one, if not all."""
    every = list(WALKS)
    some = every if EVERY_WALK else random.Random(SEED).sample(every, (len(every) + 2) // 3)
    return [(walk, one) for one in BOTH for walk in (every if one == "sqlite" else some)]


@pytest.mark.parametrize(("walk", "database"), _walked())
def test_killed_at_any_point_a_walk_ends_as_in_calm_weather(
    walk: str,
    database: str,
    tmp_path: Path,
    key_files: dict[str, Path],
    request: pytest.FixtureRequest,
):
    postgres = request.getfixturevalue("postgres") if database == "postgresql" else None
    ground = Ground.prepared(WALKS[walk], tmp_path, key_files, postgres)

    def killings() -> None:
        ground.warm()
        events, calm = ground.calm()
        assert passed(events) == points.of(walk, database), "the table says otherwise"
        failures = []
        for at in drawn(walk, events):
            name, side = events[at]
            try:
                end = ground.killed(at, (name, side))
                assert end == calm, f"in calm weather it ended otherwise:\n{calm}\n{end}"
            except AssertionError as failure:
                failures.append(f"killed {side} {name} (event {at}): {failure}")
        assert not failures, "\n\n".join(failures[:FAILURES_SHOWN])

    in_process(killings, tmp_path)


def passed(events: list[Event]) -> list[str]:
    """The points in the order of their first passing."""
    return list(dict.fromkeys(name for name, _ in events))


def drawn(walk: str, events: list[Event]) -> list[int]:
    """Which events kill."""
    if EVERY_PASSING:
        return list(range(len(events)))
    dice = random.Random(f"{SEED} {walk}")
    places: dict[Event, list[int]] = {}
    for at, event in enumerate(events):
        places.setdefault(event, []).append(at)
    chosen = {event: dice.choice(passings) for event, passings in places.items()}
    return sorted(at for (name, _), at in chosen.items() if EVERY_WALK or mine(name, walk))


def mine(name: str, walk: str) -> bool:
    """Whether it is in this walk that the point dies."""
    its = [one for one in points.WALKS if name in points.of(one)]
    return random.Random(f"{SEED} {name}").choice(its) == walk
