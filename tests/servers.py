"""PostgreSQL and Redis of the tests' own: private, on unix sockets, thrown away.

`MRX_TEST_DATABASE_URL` and `MRX_TEST_REDIS_URL` name servers to use instead; the first must be
allowed to make databases. Settings that only a power cut would miss are off here; that the product
has them on is a test of its own.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import URL, make_url

_RELAXED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def missing(what: str) -> None:
    """A server that is not there is a skip at a desk and a failure in CI."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)


def programs() -> Path:
    """Where initdb and pg_ctl are."""
    found = [one.parent for one in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    if not found:
        missing("no PostgreSQL: apt-get install postgresql")
    return max(found)


class Postgres:
    """A server that can be stopped and started again, as operators and power cuts do."""

    def __init__(self, home: Path, *settings: str) -> None:
        self.home = home
        self._settings = settings
        self._user: list[str] = []
        if os.geteuid() == 0:  # initdb refuses root
            self._user = ["runuser", "-u", "postgres", "--"]
            shutil.chown(home, "postgres")
        self._run(
            "initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"
        )
        self.start()

    @property
    def url(self) -> URL:
        return URL.create(
            "postgresql+psycopg", "postgres", database="postgres", query={"host": str(self.home)}
        )

    def start(self) -> None:
        options = [
            "listen_addresses=''",
            f"unix_socket_directories={self.home}",
            "max_connections=200",
            *self._settings,
        ]
        self._run(
            "pg_ctl",
            "-w",
            "-l",
            str(self.home / "log"),
            "-o",
            " ".join(f"-c {one}" for one in options),
            "start",
        )

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "-m", how, "stop")

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            [*self._user, str(programs() / program), "-D", str(self.home / "data"), *words],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=120,
        )


@contextmanager
def postgres() -> Iterator[URL]:
    """The address of a server's first database."""
    if given := os.environ.get("MRX_TEST_DATABASE_URL"):
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    home = Path(tempfile.mkdtemp(prefix="mrx-pg-"))
    try:
        server = Postgres(home, *_RELAXED)
        try:
            yield server.url
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def execute(url: URL, *statements: str) -> None:
    """Run statements of our own outside any transaction."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def create(server: URL, *, template: URL | None = None) -> URL:
    """A new database on the server: empty, or a copy of one that nobody is connected to."""
    name = f"mrx_{secrets.token_hex(6)}"
    copied = "" if template is None else f" TEMPLATE {template.database}"
    execute(server, f"CREATE DATABASE {name}{copied}")
    return server.set(database=name)


def drop(server: URL, database: URL) -> None:
    """Throw a database away, whoever is connected."""
    execute(server, f"DROP DATABASE {database.database} WITH (FORCE)")


class Redis:
    """A Redis of its own; `url` is as kombu spells it."""

    def __init__(self, home: Path) -> None:
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            missing("no Redis: apt-get install redis-server")
        self._program = str(program)
        self._socket = home / "sock"
        self._home = home
        self.start()

    @property
    def url(self) -> str:
        return f"redis+socket://{self._socket}"

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self._socket))

    def start(self) -> None:
        self._server = subprocess.Popen(
            [
                self._program,
                "--port",
                "0",
                "--unixsocket",
                str(self._socket),
                "--save",
                "",
                "--appendonly",
                "no",
                "--maxmemory-policy",
                "noeviction",
                "--dir",
                str(self._home),
            ],
            stdout=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while True:
            try:
                self.client.ping()
            except redis.ConnectionError:
                assert time.monotonic() < until, "Redis does not answer"
                time.sleep(0.01)
            else:
                return

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait(20)
