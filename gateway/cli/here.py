"""Where a command runs, and for whom: the home folder, its gateway, the person."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from gateway.home import open_home
from gateway.settings import Settings
from outbox.house import House
from schemas.errors import NotReady


def settings() -> Settings:
    """The settings of the environment. Raises `NotReady` MRX-9010 that names the wrong ones."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = sorted({f"MRX_{str(fault['loc'][0]).upper()}" for fault in error.errors()})
    raise NotReady("MRX-9010", setting=" ".join(wrong))


@contextmanager
def house() -> Iterator[House]:
    """The gateway of $MRX_HOME while the block lasts; raises `NotReady` as `open_home` does."""
    under = settings()
    opened = open_home(under)
    try:
        yield opened
    finally:
        if opened.bell.strokes and under.engine == "celery":
            from gateway.engine import wake  # noqa: PLC0415  # nobody else pays for Celery

            wake.once(opened, under)
        opened.database.close()


def who() -> str:
    """Who gives this command: what the ledger names as `by`."""
    try:
        return os.environ.get("USER") or getpass.getuser()
    except (KeyError, OSError):  # a process whose user has no name
        return f"uid {os.getuid()}"
