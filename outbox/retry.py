"""When to try again. Pure: no clock, no database; the random number is an argument.

Nothing is ever given up: schedules that end lose withdrawals (P4). After five failures in a row
the circuit opens: probes come at 30 s, 60 s, 2 min ... up to a ceiling, and one success closes it.
"""

from datetime import timedelta

from schemas.batch import Lane

FAILURES_TO_OPEN = 5
TRIPS_MAX = 10  # further ones wait no longer
_STEPS = {
    Lane.ROUTINE: tuple(timedelta(seconds=s) for s in (5, 30, 120, 300, 900)),
    Lane.URGENT: tuple(timedelta(seconds=s) for s in (1, 5, 15, 60)),
}
_PROBE = timedelta(seconds=30)
_CEILING = {Lane.ROUTINE: timedelta(minutes=15), Lane.URGENT: timedelta(seconds=60)}


def longest(lane: Lane) -> timedelta:
    """No wait is longer than this, whatever a partner asks for."""
    return _CEILING[lane] if lane is Lane.URGENT else 4 * _CEILING[lane]


def delay(
    lane: Lane, failures: int, trips: int, *, dice: float, asked: timedelta | None = None
) -> timedelta:
    """How long to wait after `failures` in a row (at least 1), `trips` of them as probes.

    `dice` is in [0, 1] and spreads the waits over [half, whole]. A partner that names its own
    wait (`asked`) is believed within [step, 4 x step], and on the urgent lane at most 60 s: no
    peer parks a withdrawal for a year.

    >>> delay(Lane.ROUTINE, 1, 0, dice=1.0).total_seconds()
    5.0
    >>> delay(Lane.URGENT, 99, 9, dice=1.0).total_seconds()
    60.0
    >>> delay(Lane.ROUTINE, 1, 0, dice=1.0, asked=timedelta(days=365)).total_seconds()
    20.0
    """
    assert failures >= 1, failures
    steps, ceiling = _STEPS[lane], _CEILING[lane]
    step = steps[min(failures, len(steps)) - 1]
    if failures >= FAILURES_TO_OPEN:
        step = max(step, min(_PROBE * 2 ** min(trips, TRIPS_MAX), ceiling))
    if asked is not None:
        return min(max(asked, step), 4 * step, ceiling if lane is Lane.URGENT else 4 * step)
    return min(step, ceiling) * (0.5 + dice / 2)
