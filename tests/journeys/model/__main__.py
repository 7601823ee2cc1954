"""Run the machine long: `python -m tests.journeys.model --minutes 30`.

A seed is a batch of runs; each seed is another. At the first violation it stops with the steps that
led there and the command that walks them again. Exit codes: 0 it held, 1 a promise is broken.
"""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import URL, make_url

from tests import compiled, servers, world
from tests.journeys.model.ground import HOME, PARTNERS
from tests.journeys.model.runs import run

SHOWN = ("steps", "batches", "inbound", "revocations", "deaths", "meddlings", "calms")


def main(words: Sequence[str] | None = None) -> int:
    asked = _asked(words)
    compiled.share()
    until = time.monotonic() + asked.minutes * 60
    seed = random.SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    totals: Counter[str] = Counter()
    with ExitStack() as after, tempfile.TemporaryDirectory(prefix="mrx-model-") as folder:
        here = Path(folder)
        key_files = _keys(here)
        databases = _databases(asked.database, after)
        while True:
            for name, url in databases.items():
                done = _walk(here / f"{seed}-{name}", key_files, name, url, seed, asked)
                if done is None:
                    return 1
                totals.update(done)
                left = max(0.0, until - time.monotonic())
                said = ", ".join(f"{totals[word]} {word}" for word in SHOWN)
                _say(
                    f"seed {seed} on {name}: so far {said}; 0 violations; {left / 60:.0f} min left"
                )
            seed += 1
            if time.monotonic() >= until:
                return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.model", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="begin no new seed after these")
    parser.add_argument("--seed", type=int, help="the first seed; by chance if not given")
    parser.add_argument("--runs", type=int, default=20, help="runs of each seed")
    parser.add_argument("--steps", type=int, default=50, help="steps of each run")
    parser.add_argument("--database", default="both", help="sqlite, postgresql, both, or a URL")
    parser.add_argument("--shrink", action="store_true", help="look for a shorter way there, too")
    return parser.parse_args(words)


def _keys(folder: Path) -> dict[str, Path]:
    codes = (HOME, *PARTNERS, "spare")
    return {code: world.new_key(folder, code, kind="p256") for code in codes}


def _databases(asked: str, after: ExitStack) -> dict[str, URL | None]:
    if asked not in ("sqlite", "postgresql", "both"):
        return {"postgresql": make_url(asked)}
    found: dict[str, URL | None] = {} if asked == "postgresql" else {"sqlite": None}
    if asked != "sqlite":
        found["postgresql"] = after.enter_context(servers.postgres())
    return found


def _walk(
    folder: Path,
    key_files: Mapping[str, Path],
    name: str,
    url: URL | None,
    seed: int,
    asked: argparse.Namespace,
) -> dict[str, int] | None:
    server = None if url is None else world.Server(url)
    try:
        return run(
            folder,
            key_files,
            server,
            seed=seed,
            examples=asked.runs,
            steps=asked.steps,
            shrink=asked.shrink,
        )
    except Exception:  # noqa: BLE001  # whatever it was, it is a violation
        traceback.print_exc()
        _say(
            f"\na violation, with seed {seed} on {name}; again:\n"
            f"    python -m tests.journeys.model --minutes 0 --seed {seed}"
            f" --runs {asked.runs} --steps {asked.steps} --database {name}"
        )
        return None
    finally:
        if server is not None:
            server.close()


if __name__ == "__main__":
    sys.exit(main())
