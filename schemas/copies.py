"""A consistent copy of a SQLite database, made while it is written, and read without changing it.

`VACUUM INTO` reads one snapshot, as any reader of a WAL does: writers go on, and whatever they commit
meanwhile is not in the copy. The online backup API would begin anew whenever another process writes,
or hold its snapshot just as long when told to copy all at once; and it copies free pages too. A
vacuumed copy has none: nothing stands in it but rows.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import Connection, create_engine

from schemas.errors import BadDocument, NotReady

_STEPS = 200_000  # of SQLite's machine, between two looks at how far it is


def copy(database: Path, into: Path, step: Callable[[int], None]) -> None:
    """Copy a database in use into a new file; `step` is told how many bytes are there.

    Raises `NotReady` MRX-9007 where the disk refuses. The file is as private as its folder.
    """
    source = pysqlite3.connect(str(database), isolation_level=None)
    try:
        source.execute("PRAGMA busy_timeout=10000")

        def look() -> int:
            with suppress(OSError):
                step(into.stat().st_size)
            return 0

        source.set_progress_handler(look, _STEPS)
        source.execute("VACUUM INTO ?", (str(into),))
    except pysqlite3.Error as error:
        raise NotReady("MRX-9007", because=_kind(error)) from error
    finally:
        source.close()
    into.chmod(0o600)


@contextmanager
def opened(file: Path) -> Iterator[Connection]:
    """Read a copy that nobody else uses; nothing of it changes. Raises `BadDocument` MRX-9018 where
    it is no database.
    """
    # A file is taken to be what its header says, also a hostile one: no view, no trigger is run.
    engine = create_engine(
        f"sqlite:///file:{file.resolve().as_posix()}?mode=ro&immutable=1&uri=true",
        module=pysqlite3,
        hide_parameters=True,
    )
    try:
        with engine.connect() as tx:
            tx.exec_driver_sql("PRAGMA trusted_schema=OFF")
            tx.exec_driver_sql("PRAGMA cell_size_check=ON")
            found: Any = tx.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if found != "ok":
                raise BadDocument("MRX-9018", because="its database is damaged")
            yield tx
    except pysqlite3.DatabaseError as error:
        raise BadDocument("MRX-9018", because="its database cannot be read") from error
    finally:
        engine.dispose()


def _kind(error: Exception) -> str:
    return type(error).__name__
