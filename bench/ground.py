"""What a row stands on: how large it is to be, where it may write, and servers of its own.

PostgreSQL runs as in production: fsync, synchronous_commit and full_page_writes stay on. It and
Redis are started when the first row asks for them and are stopped at the end.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

import pytest
from sqlalchemy import URL

from bench.row import Wrong
from signing import keys
from tests import servers

Engine = Literal["sqlite", "postgresql"]
ENGINES: tuple[Engine, ...] = ("sqlite", "postgresql")

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured, and how often. Each row says what a size means to it."""

    name: Literal["tiny", "quick", "usual", "full"]
    runs: int

    def pick(self, *, tiny: _Value, quick: _Value, usual: _Value, full: _Value) -> _Value:
        """What a row does at this size."""
        return {"tiny": tiny, "quick": quick, "usual": usual, "full": full}[self.name]


TINY = Size("tiny", 1)  # for the test of the benchmark itself: its figures mean nothing
QUICK = Size("quick", 3)
USUAL = Size("usual", 5)
FULL = Size("full", 5)


@dataclass(kw_only=True)
class Ground:
    """Where the rows of one go are measured. Use `standing`."""

    size: Size
    folder: Path
    keys: Path
    # What one group measured and another compares with: seconds, by what they are of.
    kept: dict[str, list[float]] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)
    _postgres: URL | None = None
    _redis: servers.Redis | None = None
    _rooms: int = 0

    def say(self, text: str) -> None:
        """Tell who waits how far it is; the table alone goes to standard output."""
        sys.stderr.write(f"  {time.strftime('%H:%M:%S')}  {text}\n")
        sys.stderr.flush()

    def key(self, programme: str) -> Path:
        """The signing key of a programme, its certificate beside it. Made once a go: it takes most
        of a second.
        """
        kept = self.keys / f"{programme}.key"
        if not kept.exists():
            keys.create(kept, f"mrx {programme}", datetime.now(UTC))
        return kept

    @contextmanager
    def room(self) -> Iterator[Path]:
        """An empty folder, thrown away at the end of the block."""
        self._rooms += 1
        made = self.folder / f"{self._rooms:03}"
        made.mkdir()
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    @contextmanager
    def database(self) -> Iterator[URL]:
        """An empty database on the PostgreSQL server, dropped at the end of the block."""
        url = servers.create(self.postgres)
        try:
            yield url
        finally:
            servers.drop(self.postgres, url)

    @property
    def postgres(self) -> URL:
        """The server's first database."""
        if self._postgres is None:
            self.say("starting PostgreSQL")
            home = self._own("pg")
            server = _there(lambda: servers.Postgres(home, *_DURABLE))
            self._open.callback(server.stop, "fast")
            self._postgres = server.url
        return self._postgres

    @property
    def redis(self) -> servers.Redis:
        if self._redis is None:
            self.say("starting Redis")
            home = self._own("redis")
            self._redis = _there(lambda: servers.Redis(home))
            self._open.callback(self._redis.stop)
        return self._redis

    def close(self) -> None:
        self._open.close()

    def _own(self, name: str) -> Path:
        """A folder with a short name: a unix socket's path has no room for a long one."""
        home = Path(tempfile.mkdtemp(prefix=f"mrx-{name}-"))
        self._open.callback(shutil.rmtree, home, ignore_errors=True)
        return home


def _there(start: Callable[[], _Value]) -> _Value:
    """A server, or an error that says what to install."""
    try:
        return start()
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        raise Wrong(str(missing)) from None


_DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")


@contextmanager
def standing(size: Size, *, keys: Path | None = None) -> Iterator[Ground]:
    """A ground for one go of the benchmark. `keys` is a folder of signing keys to use."""
    folder = Path(tempfile.mkdtemp(prefix="mrx-bench-"))
    ground = Ground(size=size, folder=folder, keys=keys or folder)
    try:
        yield ground
    finally:
        ground.close()
        shutil.rmtree(folder, ignore_errors=True)
