"""PostgreSQL and Redis of the tests' own: private, on unix sockets, thrown away.

`MRX_TEST_DATABASE_URL` and `MRX_TEST_REDIS_URL` name servers to use instead; the first must be
allowed to make databases; of the second, one database for each of the processes that run tests is
used, counted from the one it names, and keys that begin with `mrx:` are deleted there. Tests that
stop a server always start their own. Settings that only a power cut would miss are off here; that the product
has them on is a test of its own.
"""

import atexit
import functools
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

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
        _fill(home / "data", self._user)
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


_INITDB = ("-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")


def _fill(data: Path, user: list[str]) -> None:
    """What a new server begins with: made once a process, which takes two seconds, then copied."""
    made = _beginning(tuple(user))
    subprocess.run([*user, "cp", "-a", str(made), str(data)], check=True, cwd="/")


@functools.cache
def _beginning(user: tuple[str, ...]) -> Path:
    home = Path(tempfile.mkdtemp(prefix="mrx-pg-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    if user:
        shutil.chown(home, "postgres")
    initdb = [*user, str(programs() / "initdb"), "-D", str(home / "data"), *_INITDB]
    quiet = subprocess.DEVNULL
    subprocess.run(initdb, check=True, stdout=quiet, stderr=quiet, cwd="/", timeout=120)
    return home / "data"


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


@contextmanager
def broker() -> Iterator[str]:
    """The address of a Redis that is not to be stopped, as kombu spells it."""
    if given := os.environ.get("MRX_TEST_REDIS_URL"):
        yield _of_this_process(given)
        return
    home = Path(tempfile.mkdtemp(prefix="mrx-redis-"))
    try:
        server = Redis(home)
        try:
            yield server.url
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _of_this_process(given: str) -> str:
    """The next databases for the next processes: their tasks must not meet."""
    mine = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url = urlsplit(given)
    first = int(url.path.strip("/") or 0)
    return url._replace(path=f"/{first + mine}").geturl()
