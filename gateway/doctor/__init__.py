"""What a gateway needs and lacks, found step by step, for the person who runs it.

    settings --> home folder --> privacy, disk
        |             '--------> key --> certificate
        |--> database --> schema --> ledger
        |        |            |----> feeds
        |        |            '----> restore
        |        '--> encoding, durability, isolation,    of a PostgreSQL server
        |             connections, transactions, database clock
        '--> redis --> eviction, persistence, redis clock, workers    of the engine `celery`
    environment

A gateway that runs is shown by `gateway.views.system`, which asks nobody over the network; what may
be handed to others of either is made in `bundle`.

A step that fails skips those that lead on from it. Nothing is changed anywhere, and no lock of the
gateway is taken: it may be asked at any time, beside a running gateway.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.checkup.finding import Found, Result, Step
from gateway.checkup.reaching import Failed
from gateway.doctor import broker, data, host
from gateway.doctor.case import Bounds, Case
from gateway.settings import Settings
from schemas.errors import MrxError

_Look = Callable[[Case], Found]
_Steps = tuple[tuple[str, tuple[str, ...], _Look], ...]

_ALWAYS: _Steps = (
    ("settings", (), host.settings),
    ("environment", (), host.environment),
    ("home folder", ("settings",), host.home),
    ("privacy", ("home folder",), host.privacy),
    ("disk", ("home folder",), host.disk),
    ("key", ("home folder",), host.key),
    ("certificate", ("key",), host.certificate),
    ("database", ("settings",), data.database),
)
_SERVER: _Steps = (
    ("encoding", ("database",), data.encoding),
    ("durability", ("database",), data.durability),
    ("isolation", ("database",), data.isolation),
    ("connections", ("database",), data.connections),
    ("transactions", ("database",), data.transactions),
    ("database clock", ("database",), data.clock),
)
_CONTENT: _Steps = (
    ("schema", ("database",), data.schema),
    ("ledger", ("schema",), data.ledger),
    ("feeds", ("schema",), data.feeds),
    ("restore", ("schema",), data.restore),
)
_CELERY: _Steps = (
    ("redis", ("settings",), broker.reach),
    ("eviction", ("redis",), broker.eviction),
    ("persistence", ("redis",), broker.persistence),
    ("redis clock", ("redis",), broker.clock),
    ("workers", ("redis",), broker.workers),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was looked at, in this order, and found."""

    steps: tuple[Step, ...]

    @property
    def well(self) -> bool:
        return all(step.result is not Result.FAILED for step in self.steps)


def examine(
    read_settings: Callable[[], Settings],
    *,
    environment: Mapping[str, str],
    clock: Callable[[], datetime],
    bounds: Bounds = Bounds(),  # noqa: B008  # it is frozen
) -> Diagnosis:
    """Look at everything a gateway with these settings needs. Raises nothing: what goes wrong is
    a finding. Whoever does not answer is waited for a few seconds.
    """
    case = Case(read_settings=read_settings, environment=environment, clock=clock, bounds=bounds)
    steps: list[Step] = []
    blocked: set[str] = set()
    try:
        for part in (_ALWAYS, _SERVER, _CONTENT, _CELERY):
            if not _concerns(part, case):
                continue
            for name, needs, look in part:
                step = _taken(name, needs, look, case, blocked)
                if step.result in {Result.FAILED, Result.SKIPPED}:
                    blocked.add(name)
                steps.append(step)
    finally:
        case.close()
    return Diagnosis(steps=tuple(steps))


def _concerns(part: _Steps, case: Case) -> bool:
    """Whether a gateway with these settings has what the part looks at."""
    found = case.found
    if part is _SERVER:
        return found is not None and found.database_url is not None
    if part is _CELERY:
        return found is not None and found.engine == "celery"
    return True


def _taken(name: str, needs: tuple[str, ...], look: _Look, case: Case, blocked: set[str]) -> Step:
    lacking = next((need for need in needs if need in blocked), None)
    if lacking is not None:
        sentence = f"not looked at: it needs {lacking}"
        return Step(step=name, result=Result.SKIPPED, sentence=sentence, next=None)
    return looked(name, look, case)


def looked(name: str, look: Callable[[Case], Found], case: Case) -> Step:
    """What one look finds. Raises nothing: what goes wrong is a finding."""
    try:
        found = look(case)
    except Failed as failed:
        return _failed(name, failed.sentence, failed.next)
    except MrxError as error:
        return _failed(name, f"{error.code} {error.reason}", error.repair)
    except Exception as error:  # noqa: BLE001  # whatever it is, the rest is still looked at
        # The kind only: a driver's words may repeat what was written.
        return _failed(name, f"it cannot be looked at: {type(error).__name__}", "see its own log")
    return Step(step=name, result=found.result, sentence=found.sentence, next=found.next)


def _failed(name: str, sentence: str, following: str) -> Step:
    return Step(step=name, result=Result.FAILED, sentence=sentence, next=following)
