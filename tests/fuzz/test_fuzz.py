"""Every target holds on its corpus, always; and for a while under the fuzzer, in a child.

In CI all targets together take a minute (`MRX_FUZZ_SECONDS` says how many seconds instead), at a desk
a second each. By hand, as long as one likes: `python -m tests.fuzz TARGET --seconds N`.
"""

import os
from pathlib import Path

import pytest

from tests.fuzz import seeds
from tests.fuzz.run import CORPUS, run
from tests.fuzz.run import seeds as files
from tests.fuzz.targets import TARGETS

SECONDS = int(
    os.environ.get("MRX_FUZZ_SECONDS") or ("60" if os.environ.get("CI") == "true" else "9")
)
# In CI the same inputs each time, as Hypothesis has it there; elsewhere others each time.
SEED = int(os.environ.get("MRX_FUZZ_SEED") or ("1" if os.environ.get("CI") == "true" else "0"))
FILE_BYTES_MAX = 16_384


@pytest.mark.parametrize("target", TARGETS)
def test_the_whole_corpus_ends_as_it_should(target: str):
    assert files(target)
    for file in files(target):
        TARGETS[target].act(file.read_bytes())


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.parametrize("target", TARGETS)
def test_nothing_goes_wrong_under_the_fuzzer(target: str, tmp_path: Path):
    ran = run(
        target, seconds=max(1, SECONDS // len(TARGETS)), crashes=tmp_path / "crashes", seed=SEED
    )

    assert not ran.crashes, f"{ran.said}\n{[(f.name, f.read_bytes()) for f in ran.crashes]}"
    assert ran.executed > len(files(target))


@pytest.mark.slow
@pytest.mark.processes
def test_what_goes_wrong_is_found_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A fuzzer that never fails proves nothing: one that is told so must fail."""
    monkeypatch.setenv("MRX_FUZZ_SPOILT", "1")

    ran = run("xml_reader", seconds=5, crashes=tmp_path / "crashes")

    assert len(ran.crashes) == 1
    assert "spoilt on purpose" in ran.said


def test_the_corpus_is_what_its_script_makes_and_small():
    """But for what stands there because it went wrong once; nothing real is in it, or large."""
    for target, made in seeds.every().items():
        for name, content in made:
            assert (CORPUS / target / name).read_bytes() == content, name
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)
    assert all(file.stat().st_size <= FILE_BYTES_MAX for file in CORPUS.rglob("*.*"))
