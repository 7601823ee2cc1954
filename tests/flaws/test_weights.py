"""No hostile document takes more than some times the memory and the seconds of an honest one of its size.

All that have a name, in the forms of `weights`: each is read in a process of its own.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import schemas

ROOT = Path(schemas.__file__).parents[1]
# Of each kind, how many times the memory and the seconds of an honest one. It is two to three times
# what was seen, which stands behind it; for a millisecond it is more.
TIMES: dict[str, tuple[float, float]] = {
    "sealed files": (4, 4),  # 1.7 and 0.9
    "batches": (25, 8),  # 10.9 and 2.6: a hundred thousand attributes
    "documents": (12, 12),  # 5.1 and 4.7: as many elements, or declarations, as allowed
    "lines": (11, 20),  # 4.3 and 7.1: a long line of small objects; 30,000 lines of one byte
    "tables": (25, 4),  # 9.8 and 1.2: a cell that is nothing but colons
    "consents": (8, 3),  # 2.9 and 0.6
}
# Of these honest ones are as large as they may be, and nothing may take more than so many of them.
DOCUMENTS = ("sealed files", "batches", "documents")
LARGEST_TIMES = 3  # 1.7, 1.3 and 1.7
Weight = tuple[int, float]
Weights = dict[str, list[tuple[str, Weight, Weight]]]


def weigh() -> Weights:
    """Bytes and seconds of each hostile document, by kind and name, and of an honest one beside it."""
    command = [sys.executable, "-m", "tests.flaws.weights"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def weights() -> Weights:
    return weigh()


def dearer(weights: Weights, what: int) -> dict[str, float]:
    """Those that take too many times as much as an honest one."""
    return {
        f"{kind}: {name}": round(hostile[what] / honest[what], 1)
        for kind, some in weights.items()
        for name, hostile, honest in some
        if hostile[what] > TIMES[kind][what] * honest[what]
    }


@pytest.mark.slow
@pytest.mark.processes
def test_a_hostile_document_takes_some_times_the_memory_of_an_honest_one(weights: Weights):
    assert weights.keys() == TIMES.keys()
    for kind, some in weights.items():
        assert len(some) > 25, kind
        assert min(honest[0] for _, _, honest in some) > 0, kind

    assert dearer(weights, 0) == {}


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_no_document_takes_three_times_the_memory_of_the_largest_honest_one(
    weights: Weights, kind: str
):
    largest = max(honest[0] for _, _, honest in weights[kind])

    too_dear = [name for name, hostile, _ in weights[kind] if hostile[0] > LARGEST_TIMES * largest]
    assert too_dear == []


@pytest.mark.slow
@pytest.mark.processes
def test_a_hostile_document_takes_some_times_the_seconds_of_an_honest_one(weights: Weights):
    """Asked up to three times: a run may meet somebody else's work, and never thrice at one document."""
    too_dear = dearer(weights, 1)
    for _ in range(2):
        if not too_dear:
            return
        again = dearer(weigh(), 1)
        too_dear = {name: times for name, times in again.items() if name in too_dear}
    assert too_dear == {}
