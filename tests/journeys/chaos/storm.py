"""Bad weather, drawn from a seed: who is killed, stopped, flushed or taken away, and when.

Every half second or so one thing happens to one process of the gateway; Redis is away twice and
PostgreSQL is restarted once, at their times.
"""

import random
import signal
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.journeys.chaos.fleet import Fleet, say
from tests.journeys.chaos.ground import Ground
from tests.journeys.chaos.history import Outage

PACE_SECONDS = 0.6


@dataclass(slots=True, kw_only=True)
class Storm:
    """`kills`, `stops` and `flushes` are what came of it."""

    ground: Ground
    fleet: Fleet
    seed: int
    kills: int = 0
    stops: int = 0
    flushes: int = 0
    _frozen: dict[int, float] = field(default_factory=dict)  # pid -> when it goes on

    def blow(self, seconds: float) -> None:
        """Let it storm, then mend what is broken."""
        dice = random.Random(self.seed)
        began = time.monotonic()
        # Each of these comes for certain, a little later where nobody is there to be hurt yet;
        # what comes besides is drawn.
        planned = [
            (0.1, self._stop),
            (0.2, self._no_redis),
            (0.3, self._kill),
            (0.45, self._restart_database),
            (0.6, self._flush),
            (0.7, self._no_redis),
        ]
        while (passed := (time.monotonic() - began) / seconds) < 1 or planned:
            self._thaw()
            self.fleet.mend()
            if planned and passed >= planned[0][0]:
                if planned[0][1](dice):
                    planned.pop(0)
            elif self.fleet.serves():  # who is down already cannot be hurt
                self._strike(dice)
            time.sleep(PACE_SECONDS * (0.5 + dice.random()))
        self._thaw(everybody=True)
        self.fleet.mend()

    def _strike(self, dice: random.Random) -> None:
        drawn = dice.random()
        if drawn < 0.12:
            self._kill(dice)
        elif drawn < 0.35:
            self._stop(dice)
        elif drawn < 0.45:
            self._flush(dice)

    def _kill(self, dice: random.Random) -> bool:
        victim = self._victim(dice)
        killed = victim is not None and say(victim, signal.SIGKILL)
        self.kills += killed
        return killed

    def _stop(self, dice: random.Random) -> bool:
        """For longer than the lease, so that somebody else takes what it holds."""
        victim = self._victim(dice)
        if victim is None or not say(victim, signal.SIGSTOP):
            return False
        self.stops += 1
        longer = self.ground.lease + 0.5 + dice.random() * 2
        self._frozen[victim] = time.monotonic() + longer
        return True

    def _victim(self, dice: random.Random) -> int | None:
        """Anybody who is not stopped already, while at least half of them go on."""
        going = [pid for pid in self.fleet.pids if pid not in self._frozen]
        return dice.choice(going) if len(self._frozen) <= len(going) else None

    def _flush(self, _dice: random.Random) -> bool:
        if self.ground.redis is not None:
            self.ground.redis.client.flushall()
            self.flushes += 1
        return True

    def _thaw(self, *, everybody: bool = False) -> None:
        for pid, until in list(self._frozen.items()):
            if everybody or time.monotonic() >= until:
                del self._frozen[pid]
                say(pid, signal.SIGCONT)

    def _no_redis(self, dice: random.Random) -> bool:
        redis = self.ground.redis
        if redis is not None:
            redis.stop()
            time.sleep(1 + dice.random() * 2)
            redis.start()
        return True

    def _restart_database(self, dice: random.Random) -> bool:
        database = self.ground.database
        if database is not None:
            began = datetime.now(UTC)
            database.stop("immediate")
            time.sleep(dice.random())
            database.start()
            self.ground.outages.append(Outage(began, datetime.now(UTC)))
        return True
