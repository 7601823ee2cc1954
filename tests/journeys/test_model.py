"""Whatever happens to a gateway, in whatever order, it keeps its promises (P1 to P5, P8).

The machine is `tests/journeys/model/machine.py`; it walks the same way each time. Another way by
`MRX_SEED=n`, and for long: `python -m tests.journeys.model --minutes 30`.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from schemas.errors import MrxError
from tests import world
from tests.conftest import BOTH
from tests.journeys.model import __main__ as soak
from tests.journeys.model import mutants, stories
from tests.journeys.model.ground import Ground
from tests.journeys.model.machine import Machine
from tests.journeys.model.runs import run

SEED = int(os.environ.get("MRX_SEED", "30"))
# Runs of 40 steps that take about 15 seconds; a server is asked over a socket.
RUNS = {"sqlite": 12, "postgresql": 6}
both = pytest.mark.parametrize("engine", BOTH, indirect=True)


@pytest.fixture(scope="module")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Keys of the quicker kind: everything is signed several times over here."""
    folder = tmp_path_factory.mktemp("model-keys")
    codes = ("us-ctpat", "mx-neec", "ca-pip", "tw-aeo", "spare")
    return {code: world.new_key(folder, code, kind="p256") for code in codes}


@pytest.fixture
def machine(tmp_path: Path, key_files: Mapping[str, Path]) -> Iterator[Machine]:
    """The machine, to be driven by hand."""

    class ByHand(Machine):
        made = staticmethod(lambda: Ground(tmp_path / "ground", key_files, None))

    made = ByHand()
    yield made
    made.ground.close()


@pytest.mark.slow
@both
def test_whatever_happens_the_promises_hold(
    tmp_path: Path, key_files: Mapping[str, Path], server: world.Server | None, engine: str
):
    done = run(tmp_path, key_files, server, seed=SEED, examples=RUNS[engine], steps=40)
    assert done["batches"] > 20, done
    assert all(done.get(word) for word in ("deaths", "meddlings", "revocations")), done


def test_some_of_what_may_happen(tmp_path: Path, key_files: Mapping[str, Path]):
    done = run(tmp_path, key_files, None, seed=SEED, examples=3, steps=25)
    assert done.get("batches"), done


@pytest.mark.slow
@pytest.mark.parametrize("story", stories.STORIES)
def test_the_way_to_each_mutant_is_good_weather_for_an_honest_gateway(machine: Machine, story: str):
    stories.tell(machine, story)


@pytest.mark.parametrize("mutant", mutants.MUTANTS)
def test_a_mutant_is_caught(machine: Machine, mutant: str):
    with mutants.planted(mutant), pytest.raises((AssertionError, MrxError)):
        stories.tell(machine, mutant)


@pytest.mark.slow
def test_the_long_run_stops_at_a_violation_and_says_how_to_see_it_again(
    capsys: pytest.CaptureFixture[str],
):
    words = [
        "--minutes",
        "0",
        "--seed",
        "7",
        "--runs",
        "4",
        "--steps",
        "20",
        "--database",
        "sqlite",
    ]

    assert soak.main(words) == 0
    held = capsys.readouterr().out
    with mutants.planted("attempt"):
        assert soak.main(words) == 1
    said = capsys.readouterr()

    assert held.startswith("seed 7 on sqlite: so far 80 steps, ")
    assert f"python -m tests.journeys.model {' '.join(words)}" in said.out
    assert "state.begin(" in said.err  # the steps that led there
