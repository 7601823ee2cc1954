"""Tests write into memory where there is plenty of it: thousands of small databases wait for no disk.

What is committed there is as safe from a killed process as on a disk. Nothing in the tests cuts the
power; that the product asks the disk to keep what it commits is read from its settings.
"""

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # Linux's own, for everybody
ROOM = 6 << 30


def use() -> None:
    """Have temporary files of this process, and of those it starts, made there."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return
    room = os.statvfs(MEMORY)
    if min(room.f_bavail * room.f_frsize, _available()) >= ROOM:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # asked anew


def _available() -> int:
    for line in Path("/proc/meminfo").read_text("utf-8").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return 0
