"""Bringing a database to this program's schema, and saying which schema it has.

    (empty) --upgrade--> 0001 --upgrade--> ... --upgrade--> head

The migrations lie in `schemas/migrations` and travel in the wheel.
"""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_SCRIPTS = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


@cache
def head() -> str:
    """The newest schema this program knows."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None, "there is always a first migration"
    return found


def current(tx: Connection) -> str | None:
    """The schema the database has, or None before the first migration."""
    return MigrationContext.configure(tx).get_current_revision()


def knows(revision: str) -> bool:
    """Whether this program has that schema among its migrations; a newer program's it has not."""
    return any(
        script.revision == revision
        for script in ScriptDirectory.from_config(_config()).walk_revisions()
    )


def upgrade(tx: Connection) -> None:
    """Bring the database to `head()`, in the caller's transaction: all of it or nothing."""
    config = _config()
    config.attributes["connection"] = tx
    command.upgrade(config, "head")
