"""Run one of our commands as a mutant: `python tests/journeys/chaos/mutant.py fence -- serve`."""

import os
import sys
from pathlib import Path


def main(name: str, _: str, *words: str) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    from tests.journeys.chaos import mutants

    terms = {
        "request": float(os.environ.get("MRX_CHAOS_REQUEST", "2")),
        "lease": float(os.environ.get("MRX_CHAOS_LEASE", "3")),
    }
    made = {**os.environ, **mutants.environment(name, **terms)}
    os.execve(sys.executable, [sys.executable, "-m", "gateway.cli", *words], made)


if __name__ == "__main__":
    main(*sys.argv[1:])
