"""Whatever happens to a gateway, in whatever order, it keeps its promises (P1 to P5, P8).

The machine is `tests/journeys/model/machine.py`; it walks the same way each time. Another way by
`MRX_SEED=n`, and for long: `python -m tests.journeys.model --minutes 30`.
"""

import os
import subprocess
import sys
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
    assert all(done.get(word) for word in ("deaths", "meddlings", "revocations", "inbound")), done
    assert done["calms"] > RUNS[engine], done  # each run ends calm; some were so on their way


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


def course(seed: int) -> list[str]:
    """What a long run of this seed did, act by act, and how the model stood after each."""
    acts: list[str] = []
    plain = Machine._done

    def noted(self: Machine, what: str, times: int = 1) -> None:
        plain(self, what, times)
        members, consents = sorted(self.model.members.items()), sorted(self.model.consents.items())
        stands = [(who, m.as_of, m.items.name, m.items.status, m.present) for who, m in members]
        consented = [(pair, consent.at, consent.text) for pair, consent in consents]
        now, entries = self.ground.clock.now, self.outside.entries
        acts.append(f"{what} {times} {now} {entries} {stands} {consented}")

    words = f"--minutes 0 --seed {seed} --runs 5 --steps 15 --database sqlite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Machine, "_done", noted)
        assert soak.main(words.split()) == 0
    return acts


@pytest.mark.slow
@pytest.mark.processes
def test_the_long_run_walks_the_same_way_again_here_and_in_another_process(
    capsys: pytest.CaptureFixture[str],
):
    def walked(seed: int) -> list[str]:
        acts = course(seed)
        return [*capsys.readouterr().out.splitlines(), *acts]

    once, again, other = walked(7), walked(7), walked(8)
    script = "from tests.journeys.test_model import course; print(*course(7), sep='\\n')"
    # What is kept in sets comes in another order there.
    hashed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    elsewhere = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": hashed},
        capture_output=True,
        text=True,
        check=True,
    )

    assert len(once) > 50
    assert once == again
    assert once[1:] != other[1:]
    assert elsewhere.stdout.splitlines() == once
