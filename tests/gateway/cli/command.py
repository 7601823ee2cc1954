"""The command line as tests use it: in this process, or as a real one."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from typer.testing import CliRunner, Result

from gateway.cli import app

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Mrx:
    """The command line of one home. `env` is what its environment has beside MRX_HOME."""

    home: Path
    env: dict[str, str | None] = field(default_factory=dict)

    def __call__(
        self, *args: object, code: int | None = 0, stdin: bytes | None = None, **env: str
    ) -> Result:
        """Run one command here, in this process, and see that it exits with `code`, if given."""
        environment = {"MRX_HOME": str(self.home), "USER": "jdoe", **self.env, **env}
        result = CliRunner().invoke(app, [str(arg) for arg in args], input=stdin, env=environment)
        assert code in (None, result.exit_code), (
            args,
            result.exit_code,
            result.stderr,
            result.exception,
        )
        return result

    def json(self, *args: object, code: int = 0, stdin: bytes | None = None, **env: str) -> Any:
        """Run one command with --json; what stands on stdout is one document."""
        return orjson.loads(self(*args, "--json", code=code, stdin=stdin, **env).stdout_bytes)

    def process(self, *args: object, **more: Any) -> "subprocess.Popen[bytes]":
        """Start the real command as a process."""
        return subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", *map(str, args)],
            env={
                **os.environ,
                "MRX_HOME": str(self.home),
                "PYTHONPATH": str(ROOT),
                **{name: text for name, text in self.env.items() if text is not None},
            },
            **more,
        )

    def push(self, *members: dict[str, object], mode: str = "delta", code: int = 0) -> Any:
        """Push some members, one JSON object a line, through stdin."""
        return self.json("push", "members", "-", "--mode", mode, code=code, stdin=lines(*members))


def lines(*records: dict[str, object]) -> bytes:
    return b"".join(orjson.dumps(record) + b"\n" for record in records)
