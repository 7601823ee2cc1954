"""A process that kills itself in the middle of work on key files."""

import os
import signal
from collections.abc import Callable


def killed_at(step: str, count: int, work: Callable[[], object]) -> bool:
    """Do it in a process that kills itself before the nth call of `os.<step>`.

    Says whether there was such a call.
    """
    child = os.fork()
    if child == 0:
        real, calls = getattr(os, step), 0

        def trap(*words: object, **more: object) -> object:
            nonlocal calls
            calls += 1
            if calls == count:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*words, **more)

        setattr(os, step, trap)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
