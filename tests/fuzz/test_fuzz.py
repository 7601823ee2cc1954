"""Every target holds on its corpus, always; and for a while under the fuzzer, in a child.

In CI all targets together take a minute (`MRX_FUZZ_SECONDS` says how many seconds instead), at a desk
a second each. By hand, as long as one likes: `python -m tests.fuzz TARGET --seconds N`.

In CI the inputs are the same each time, as Hypothesis has it there: what fails there was broken by the
change. Elsewhere they are others, or of `MRX_FUZZ_SEED`. What fails says with which words it is run
again.
"""

import os
import random
import re
import sys
from pathlib import Path

import pytest

from tests.fuzz import seeds
from tests.fuzz.run import CORPUS, ROOT, run
from tests.fuzz.run import seeds as files
from tests.fuzz.targets import TARGETS

SECONDS = int(
    os.environ.get("MRX_FUZZ_SECONDS") or ("60" if os.environ.get("CI") == "true" else "9")
)
EACH = max(1, SECONDS // len(TARGETS))
FILE_BYTES_MAX = 16_384


def seed() -> int:
    """Never 0, with which nobody knows what was drawn."""
    if asked := os.environ.get("MRX_FUZZ_SEED"):
        return int(asked)
    in_ci = os.environ.get("CI") == "true"
    return 1 if in_ci else random.SystemRandom().randrange(1, 1 << 32)


@pytest.mark.parametrize("target", TARGETS)
def test_the_whole_corpus_ends_as_it_should(target: str):
    assert files(target)
    for file in files(target):
        TARGETS[target].act(file.read_bytes())


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.parametrize("target", TARGETS)
def test_nothing_goes_wrong_under_the_fuzzer(target: str, tmp_path: Path):
    drawn = seed()
    sys.stdout.write(f'again: make fuzz ARGS="{target} --seconds {EACH} --seed {drawn}"\n')

    ran = run(target, seconds=EACH, crashes=tmp_path / "crashes", seed=drawn)

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


def test_in_ci_the_seed_is_1_and_elsewhere_another_each_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MRX_FUZZ_SEED", raising=False)
    monkeypatch.setenv("CI", "true")
    assert seed() == 1
    monkeypatch.delenv("CI")
    assert seed() != seed()
    monkeypatch.setenv("MRX_FUZZ_SEED", "7")
    assert seed() == 7


def test_the_files_that_the_page_names_are_there():
    page = (CORPUS.parent / "README.md").read_text("utf-8")
    named = re.findall(r"`(\w+\.py)`", page)

    here = {
        file.name for folder in ("flaws", "fuzz") for file in (ROOT / "tests" / folder).iterdir()
    }
    assert named
    assert set(named) <= here
