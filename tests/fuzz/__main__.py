"""`python -m tests.fuzz TARGET --seconds N`: fuzz by hand, as long as one likes."""

import argparse
import sys
from pathlib import Path

from tests.fuzz.run import INPUT_SECONDS, MEMORY_MB, run
from tests.fuzz.targets import TARGETS

_EPILOG = f"""
An input that raises anything but an error of ours, that takes longer than {INPUT_SECONDS} s or more than
{MEMORY_MB} MB is written to --crashes. Replay it with --replay FILE: the traceback is Python's own.

How a crash becomes a flaw with a name: make it small by hand, write it down with its verdict in
tests/flaws (batches_*.py, pushes.py or sealed_*.py), see that test fail, mend the
program, and leave the file itself in tests/fuzz/corpus/TARGET, where every run of the suite replays
it. See tests/fuzz/README.md.
"""


def main() -> int:
    """0 where nothing went wrong, 1 where something did."""
    asked = _asked()
    if asked.replay is not None:
        TARGETS[asked.target].act(asked.replay.read_bytes())
        sys.stdout.write("as it should be\n")
        return 0
    ran = run(
        asked.target,
        seconds=asked.seconds,
        crashes=asked.crashes,
        seed=asked.seed,
        found=asked.keep,
    )
    sys.stdout.write(f"{asked.target}: {ran.executed:,} inputs, {len(ran.crashes)} went wrong\n")
    if ran.crashes:
        sys.stdout.write(f"{ran.said}\nkept in {asked.crashes}:\n")
        sys.stdout.writelines(f"  {file.name}\n" for file in ran.crashes)
    return 1 if ran.crashes else 0


def _asked() -> argparse.Namespace:
    words = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("target", choices=sorted(TARGETS))
    words.add_argument("--seconds", type=int, default=60, help="how long (60)")
    words.add_argument("--seed", type=int, default=0, help="libFuzzer's; 0 is another each time")
    words.add_argument("--keep", type=Path, help="a folder for inputs that reached new lines")
    words.add_argument("--crashes", type=Path, default=Path("var/crashes"), help="(var/crashes)")
    words.add_argument("--replay", type=Path, help="give the target this file, and nothing else")
    return words.parse_args()


if __name__ == "__main__":
    sys.exit(main())
