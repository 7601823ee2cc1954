"""Running the machine: a seed, so many runs, so many steps each."""

import itertools
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from tests import world
from tests.journeys.model.ground import Ground
from tests.journeys.model.machine import Machine


def run(
    folder: Path,
    key_files: Mapping[str, Path],
    server: world.Server | None,
    *,
    seed: int,
    examples: int,
    steps: int,
    shrink: bool = False,
) -> dict[str, int]:
    """Walk so many runs of this seed, the same each time; raises what the first violation raises,
    with the steps as its notes. Returns what was done, by word.
    """
    count = itertools.count()

    def made() -> Ground:
        number = next(count)
        shutil.rmtree(folder / str(number - 1), ignore_errors=True)
        return Ground(folder / str(number), key_files, server)

    class Run(Machine):
        counts: ClassVar[dict[str, int]] = {}

    Run.made = staticmethod(made)
    walking = partial(
        run_state_machine_as_test,
        seeded(seed)(Run),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            database=None,
            deadline=None,
            derandomize=False,
            report_multiple_bugs=False,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    try:
        walking()
    except Exception as error:
        error.add_note(f"seed {seed}, {examples} runs of {steps} steps")
        raise
    return Run.counts
