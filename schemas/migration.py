"""Bringing a database to this program's schema, and saying which schema it has.

    (empty) --upgrade--> 0001 --upgrade--> ... --upgrade--> head

The migrations lie in `schemas/migrations`, one file a schema, and travel in the wheel. Alembic is
asked only to migrate: every command wants to know where a database stands, and importing Alembic
takes as long as the rest of what a small command does.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

_SCRIPTS = Path(__file__).parent / "migrations"
_VERSION = text("SELECT version_num FROM alembic_version")


@cache
def _known() -> tuple[str, ...]:
    """All schemas, the oldest first: a migration's file begins with its number."""
    files = (_SCRIPTS / "versions").glob("[0-9]*_*.py")
    return tuple(sorted(file.name.partition("_")[0] for file in files))


def head() -> str:
    """The newest schema this program knows."""
    return _known()[-1]


def current(tx: Connection) -> str | None:
    """The schema the database has, or None before the first migration."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    found: str | None = tx.scalar(_VERSION)
    return found


def knows(revision: str) -> bool:
    """Whether this program has that schema among its migrations; a newer program's it has not."""
    return revision in _known()


def upgrade(tx: Connection, to: str = "head") -> None:
    """Bring the database to that schema, in the caller's transaction: all of it or nothing."""
    from alembic import command  # noqa: PLC0415  # nobody else pays for Alembic
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = tx
    command.upgrade(config, to)
