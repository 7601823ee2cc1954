"""What the doctor finds, step by step."""

from collections.abc import Callable
from datetime import UTC, datetime

from gateway import doctor
from gateway.checkup.finding import Result, Step
from gateway.doctor.case import Bounds
from gateway.settings import Settings

OK, WARNING, FAILED, SKIPPED = Result.OK, Result.WARNING, Result.FAILED, Result.SKIPPED


def now() -> datetime:
    return datetime.now(UTC)


def examined(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = now,
    environment: dict[str, str] | None = None,
    **bounds: object,
) -> dict[str, Step]:
    """What each step found."""
    found = doctor.examine(
        lambda: settings, environment=environment or {}, clock=clock, bounds=Bounds(**bounds)
    )
    steps = {step.step: step for step in found.steps}
    assert len(steps) == len(found.steps)
    assert found.well == all(step.result is not FAILED for step in found.steps)
    # Whoever is told of trouble is told what to do about it.
    assert all(step.next for step in found.steps if step.result in {WARNING, FAILED})
    return steps
