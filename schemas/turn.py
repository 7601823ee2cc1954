"""Whose turn it is among the processes of one gateway, for work that would only be done twice.

    nobody's --asked--> mine --given up, died, frozen for a minute--> nobody's

It is for economy, never for correctness: two may believe for a moment that it is theirs. So what
is done under it must be harmless when it is done twice. On a server it is an advisory lock of a
session, which ends with the connection; beside a file it is a lock on another (flock), which ends
with the process.
"""

import fcntl
from typing import BinaryIO

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from schemas.database import Database
from schemas.postgresql import PostgreSQL
from schemas.sqlite import SQLiteFile

# A holder that does not ask for so long is taken to be frozen, and the server ends its session.
# Since PostgreSQL 14.
FROZEN_SECONDS = 60
_FROZEN = text(f"SET idle_session_timeout = '{FROZEN_SECONDS}s'")
_STILL = text("SELECT 1")
_TRY = text(
    "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || ' mrx ' || :name, 1))"
)


class Turn:
    """One kind of work, by its name. Ask often, from one thread: `FROZEN_SECONDS` at the most."""

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name
        self._held: Connection | BinaryIO | None = None

    def mine(self) -> bool:
        """Whether it is ours: still, or from now on because it was nobody's. False, too, while
        the database cannot be asked.
        """
        if isinstance(self._database, PostgreSQL):
            return self._on_server(self._database)
        assert isinstance(self._database, SQLiteFile)
        return self._beside(self._database)

    def give_up(self) -> None:
        """Let another one have it."""
        held, self._held = self._held, None
        if isinstance(held, Connection):
            held.invalidate()  # so that the pool does not keep the session, and the lock with it
        if held is not None:
            held.close()

    def _on_server(self, server: PostgreSQL) -> bool:
        try:
            if isinstance(self._held, Connection):
                self._held.scalar(_STILL)
                return True
            session = server.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._held = session
            session.execute(_FROZEN)
            if session.scalar(_TRY, {"name": self._name}):
                return True
        except SQLAlchemyError:  # the server is away, or has ended our session
            self.give_up()
            return False
        self.give_up()
        return False

    def _beside(self, database: SQLiteFile) -> bool:
        if self._held is not None:
            return True
        handle = database.file.with_name(f"{self._name}.turn").open("ab")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        self._held = handle
        return True
