"""What is built to hurt the parser costs a bounded price."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import schemas
from schemas.errors import BadDocument
from schemas.parse import DOCUMENT_BYTES_MAX, guard
from tests.flaws.costly import SHAPES


@pytest.fixture(scope="module")
def hostile() -> dict[str, tuple[str | None, float]]:
    """What came of every hostile shape in a process with little memory."""
    home = Path(schemas.__file__).parents[1]
    command = [sys.executable, "-m", "tests.flaws.costly"]
    done = subprocess.run(command, cwd=home, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_shape_gets_its_verdict_in_bounded_memory(hostile, shape: str):
    assert hostile[shape][0] == SHAPES[shape][1]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_shape_costs_little_more_than_the_largest_ordinary_document(hostile, shape: str):
    assert hostile[shape][1] < 6 * hostile["ordinary"]


def test_the_limit_on_memory_is_one_that_bites():
    """The dearest document that is allowed does not fit into a third of it."""
    dear = "empty elements with text, as many as allowed"
    code = (
        "import tests.flaws.costly as hostile; hostile.MEMORY_MAX //= 3;"
        f"hostile.SHAPES = {{{dear!r}: hostile.SHAPES[{dear!r}]}}; hostile.main()"
    )
    home = Path(schemas.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, check=False)

    assert done.returncode != 0 or json.loads(done.stdout)[dear][0] is not None


@pytest.mark.parametrize("build", [build for build, code in SHAPES.values() if code == "MRX-2303"])
def test_the_guard_alone_refuses_what_would_expand(build: Callable[[], bytes]):
    with pytest.raises(BadDocument):
        guard(build(), bytes_max=DOCUMENT_BYTES_MAX)
