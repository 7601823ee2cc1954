"""Running a target for a while, in a child that may crash, hang or swell without harm to us."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
ROOT = Path(__file__).parents[2]
INPUT_SECONDS = 20
"""For one input, whatever it is. An honest one takes a thousandth of it."""
MEMORY_MB = 1_024
_EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


@dataclass(frozen=True, kw_only=True)
class Ran:
    """`executed` inputs, and the files of those that went wrong; `said` is the fuzzer's last word."""

    executed: int
    crashes: tuple[Path, ...]
    said: str


def seeds(target: str) -> list[Path]:
    """The files of a target's corpus."""
    return sorted((CORPUS / target).iterdir())


def run(
    target: str, *, seconds: int, crashes: Path, seed: int = 0, found: Path | None = None
) -> Ran:
    """Fuzz a target for so long. What goes wrong is written to `crashes`; what is worth keeping to
    `found`, if there is such a folder. Seed 0 is another one each time.
    """
    crashes.mkdir(parents=True, exist_ok=True)
    before = set(crashes.iterdir())
    with TemporaryDirectory(prefix="mrx-fuzz-") as own:
        kept = found or Path(own)
        kept.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tests.fuzz.child", target]
        command += [f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS}"]
        command += [f"-rss_limit_mb={MEMORY_MB}", f"-max_len={TARGETS[target].length_max}"]
        command += [f"-seed={seed}", f"-artifact_prefix={crashes}/{target}-"]
        command += ["-print_final_stats=1", "-verbosity=0", str(kept), str(CORPUS / target)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace",
                              check=False, timeout=seconds + 300)  # fmt: skip
    new = tuple(sorted(set(crashes.iterdir()) - before))
    executed = _EXECUTED.search(done.stderr)
    said = done.stderr[-2_000:] + done.stdout[-4_000:]  # where Python's traceback is
    if done.returncode != 0 and not new:
        raise RuntimeError(f"the fuzzer itself failed: {said}")
    return Ran(executed=int(executed[1]) if executed else 0, crashes=new, said=said)
