"""The name under which a process holds leases, and whether such a process is still alive.

`host:pid:start` - the start time tells a process from a later one with the same number.
"""

import os
import socket
from pathlib import Path


def own() -> str:
    """This process."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_started(pid)}"


def dead(name: str) -> bool:
    """Whether the process is surely gone. One on another host is never surely gone."""
    host, pid, started = name.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    return _started(int(pid)) != started


def _started(pid: int) -> str:
    """The start time in clock ticks since boot, or '' for no such process."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return _exists(pid)
    # The second field is the program's name in brackets and may hold anything.
    fields = said.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def _exists(pid: int) -> str:
    """Where there is no /proc: the number alone."""
    if Path("/proc").is_dir():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "?"
    return "?"
