"""How much of all cores was used, by whatever ran on the machine (proc(5), /proc/stat)."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

_IDLE = (3, 4)  # idle, and waiting for a disk


@dataclass(slots=True)
class Cores:
    """Look often while something runs, then ask what was used between two moments of it."""

    _seen: list[tuple[float, int, int]] = field(default_factory=list)

    def look(self) -> None:
        """Note how much time the cores have spent so far, busy and in all."""
        line = Path("/proc/stat").read_text().partition("\n")[0]
        spent = [int(one) for one in line.split()[1:9]]  # what follows is counted in these already
        idle = sum(spent[n] for n in _IDLE)
        self._seen.append((time.time(), sum(spent) - idle, sum(spent)))

    def used(self, began: datetime, ended: datetime) -> float:
        """The share of all cores that was busy meanwhile: 1 where none had anything to spare."""
        within = [one for one in self._seen if began.timestamp() <= one[0] <= ended.timestamp()]
        first, last = (
            (within[0], within[-1]) if len(within) > 1 else (self._seen[0], self._seen[-1])
        )
        return (last[1] - first[1]) / max(last[2] - first[2], 1)
