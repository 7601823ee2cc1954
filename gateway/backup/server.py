"""A PostgreSQL database into a file and out of it, by the server's own tools.

`pg_dump` reads one snapshot, which we have exported: the facts of the manifest are of the same moment.
It takes the gateway's tables and nothing else that the database may hold (an extension that its
administrator put there, another program's tables): none of it is ours to copy or to make again.
The table that names the schema is dumped without its row. So a dump that somebody restores by hand is
a gateway for nobody, until `mrx restore` has written the row in the transaction that says RESTORED.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from sqlalchemy import URL, Connection, inspect, text

from schemas.errors import BadDocument, BadRequest, NotReady
from schemas.postgresql import PostgreSQL
from schemas.tables import metadata

UNNAMED: Final = "alembic_version"
_SNAPSHOT = text("SELECT pg_export_snapshot()")
# The snapshot lives as long as this transaction, which does nothing meanwhile.
_PATIENT = text("SET LOCAL idle_in_transaction_session_timeout = 0")
_SCHEMA = text("SELECT current_schema()")
_FULL: Final = "No space left on device"
_PLAIN: Final = ("--no-owner", "--no-privileges", "--no-comments")


@contextmanager
def dump(database: PostgreSQL) -> Iterator[tuple[Connection, Callable[[Path], None]]]:
    """One view of the database, and what writes a dump of that very view into a file.

    Raises `BadRequest` MRX-5071 where the tool is missing or refuses, `NotReady` MRX-9007 where a
    disk is full.
    """
    program = tool("pg_dump")
    with database.read() as tx:
        tx.execute(_PATIENT)
        snapshot = tx.scalar(_SNAPSHOT)

        def into(file: Path) -> None:
            # Packed here: `-Z` is the same in all versions.
            options = ("--format=custom", "-Z1", f"--snapshot={snapshot}", *_PLAIN)
            schema = tx.scalar(_SCHEMA)
            ours = [f'--table="{schema}"."{name}"' for name in (*metadata.tables, UNNAMED)]
            left_out = f"--exclude-table-data=*.{UNNAMED}"
            with _private(file) as out:
                _run([program, *options, *ours, left_out], database.url, stdout=out)

        yield tx, into


def fill(database: PostgreSQL, file: Path) -> None:
    """Make an empty database what a dump says, all of it or nothing. Raises as `dump` does."""
    program = tool("pg_restore")
    options = ("--single-transaction", "--exit-on-error", *_PLAIN)
    _run([program, *options, "--dbname", _address(database.url), str(file)], database.url)


@contextmanager
def script(file: Path) -> Iterator[IO[bytes]]:
    """A dump as the statements it stands for, line by line. No server is asked. Raises `BadRequest`
    MRX-5071 where the tool is missing, `BadDocument` MRX-9018 where it cannot read the dump.
    """
    command = [tool("pg_restore"), "--data-only", "--file=-", str(file)]
    with subprocess.Popen(  # noqa: S603  # our own words, no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(None)
    ) as running:
        assert running.stdout is not None
        try:
            yield running.stdout
            if running.wait() != 0:
                raise BadDocument("MRX-9018", because="pg_restore cannot read its database")
        finally:
            with suppress(ProcessLookupError):
                running.kill()


def tables(tx: Connection) -> list[str]:
    """The tables that are there, in the schema that we would use."""
    return sorted(inspect(tx).get_table_names())


def tool(name: str) -> str:
    """Where a program of PostgreSQL's is, or `BadRequest` MRX-5071 with what to install."""
    found = shutil.which(name)
    if found is None:
        raise BadRequest("MRX-5071", because=f"{name} is not on PATH")
    return found


def _run(command: list[str], url: URL, *, stdout: IO[bytes] | int = subprocess.DEVNULL) -> None:
    name = Path(command[0]).name
    if name == "pg_dump":
        command = [*command, "--dbname", _address(url)]
    try:
        subprocess.run(  # noqa: S603  # our own words, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=_environment(url),
            check=True,
        )
    except subprocess.CalledProcessError as error:
        if _FULL.encode() in error.stderr:  # here or at the server: no tool is missing
            raise NotReady("MRX-9007", because=_FULL) from None
        raise BadRequest("MRX-5071", because=_said(name, error.stderr)) from None
    except OSError as error:
        raise NotReady("MRX-9007", because=error.strerror or name) from error


def _said(name: str, stderr: bytes) -> str:
    """What a tool complains of, as far as it can hold nothing but the server's own words: a line
    about rows repeats them.
    """
    for line in stderr.decode(errors="replace").splitlines():
        if "version mismatch" in line:
            return f"{name} is older than the server"
        if "connection to server" in line:
            return f"{name} cannot reach the server"
        if "permission denied" in line:
            return f"{name} may not read or write all of it"
    return f"{name} failed"


def _address(url: URL) -> str:
    """The database, without the password: everybody on this host can read a command line."""
    if "sslpassword" in url.query:  # no environment carries it
        raise BadRequest("MRX-5071", because="they are given no sslpassword: use a plain sslkey")
    # `URL.set` takes None for "as it is", so it is made anew from everything else.
    query = {name: value for name, value in url.query.items() if name != "password"}
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    return plain.render_as_string(hide_password=False)


def _environment(url: URL | None) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MRX_")}
    password = None if url is None else url.query.get("password", url.password)
    if password is not None:
        ours["PGPASSWORD"] = str(password)
    return ours | {"LC_ALL": "C"}


@contextmanager
def _private(file: Path) -> Iterator[IO[bytes]]:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        yield out
