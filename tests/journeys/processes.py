"""Real gateways as processes, started, killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def mrx(
    home: Path, *words: str, check: bool = True, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command of ours to its end; `env` is what its environment has beside MRX_HOME."""
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *words],
        env={**os.environ, **(env or {}), "MRX_HOME": str(home)},
        capture_output=True,
        text=True,
        check=check,
        timeout=300,
    )


@dataclass
class Server:
    """A long-running command of ours: `serve`, `sandbox`, or `worker`, which has no port."""

    home: Path
    words: list[str]
    port: int
    process: subprocess.Popen[bytes] | None = None
    kills: int = field(default=0)
    env: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> None:
        log = (self.home.parent / f"{self.home.name}.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", *self.words],
                env={**os.environ, **self.env, "MRX_HOME": str(self.home)},
                stdout=log,
                stderr=log,
            )

    def wait(self, seconds: float = 60) -> None:
        """Until it answers."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self.process is not None
            assert self.process.poll() is None, (self.words, self.process.returncode)
            try:
                with urllib.request.urlopen(self.url + "/health/live", timeout=2):
                    return
            except (OSError, urllib.error.URLError):
                time.sleep(0.05)
        raise AssertionError(f"{self.words} did not come up")

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(60)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"
