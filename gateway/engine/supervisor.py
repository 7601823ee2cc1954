"""`mrx worker`: starts its three children, keeps them alive, and ends them in peace.

running --a child ends--> started again, after 1, 2, 4 ... 30 s if it keeps ending
   |
   | SIGTERM, SIGINT: passed on, once
ending  --all have ended--> 0
   '---- a second one, or nobody left to wait for: killed; what was half done is repeated
"""

import contextlib
import logging
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from types import FrameType

from gateway.engine import parts
from gateway.settings import Settings
from outbox.delivery import BUDGET

logger = logging.getLogger("mrx.worker")

LOOK_SECONDS = 0.2
BACK_OFF_MAX = 30.0
# A child that lived so long was well: its next end is its first.
WELL_SECONDS = 60.0
# Beyond the longest taking, for connections to close.
GRACE_SECONDS = 15.0
_OF_SIGNING_IN = "MRX_OIDC_CLIENT_SECRET"


@dataclass(slots=True)
class _Child:
    """One part, through all its lives. In a group of its own, so that Ctrl-C reaches it through
    us alone.
    """

    part: str
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    deaths: int = 0
    not_before: float = 0.0

    def start(self, now: float) -> None:
        self.process = subprocess.Popen(  # noqa: S603  # our own program
            parts.command(self.part),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # Celery says goodbye there; our log is stderr
            env=_environment(),
            start_new_session=True,
        )
        self.began = now

    def ended(self) -> int | None:
        """The code it ended with; None while it lives or has not begun."""
        return None if self.process is None else self.process.poll()

    def bury(self, code: int, now: float) -> None:
        """It ended though nobody told it to: the next one comes, later and later."""
        self.deaths = 1 if now - self.began > WELL_SECONDS else self.deaths + 1
        wait = min(BACK_OFF_MAX, 2.0 ** (self.deaths - 1))
        logger.error("%s ended with %d; again in %g s", self.part, code, wait)
        self.process, self.not_before = None, now + wait

    def tell(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """It and all its children."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    """Ours, without what only `mrx serve` has to know."""
    return {name: value for name, value in os.environ.items() if name.upper() != _OF_SIGNING_IN}


class Supervisor:
    """Runs the parts until told to stop."""

    def __init__(self, settings: Settings) -> None:
        self._children = [_Child(part) for part in parts.PARTS]
        self._patience = BUDGET.total_seconds() + settings.request_seconds + GRACE_SECONDS
        self._told = 0

    def run(self) -> None:
        """Until SIGTERM or SIGINT, and until what is being transmitted has ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)
        while not self._told:
            now = time.monotonic()
            for child in self._children:
                code = child.ended()
                if code is not None:
                    child.bury(code, now)
                if child.process is None and now >= child.not_before:
                    child.start(now)
            time.sleep(LOOK_SECONDS)
        self._end()

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._told += 1

    def _end(self) -> None:
        logger.info("ending; what is being transmitted may end")
        for child in self._children:
            child.tell(signal.SIGTERM)
        until = time.monotonic() + self._patience
        living = [child for child in self._children if child.process is not None]
        while any(child.ended() is None for child in living):
            if self._told > 1 or time.monotonic() > until:
                break
            time.sleep(LOOK_SECONDS)
        for child in living:
            child.kill()
