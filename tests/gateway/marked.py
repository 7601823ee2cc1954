"""Secrets with a mark, wherever a gateway may hold some, and what finds them again."""

import base64
import io
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway import log
from gateway.identity.shared_secret import FILE as SHARED
from gateway.own_keys import KEY
from outbox import watch
from signing import keys
from tests.gateway.cli.command import Mrx

MARK = "5ecre7"
PASSPHRASE = f"{MARK}-passphrase-of-keys"
PIN = f"{MARK}-pin"
DATABASE = f"postgresql+psycopg://mrx:{MARK}-database@127.0.0.1:1/mrx"
BROKER = f"redis://:{MARK}-broker@127.0.0.1:1/0"
CLIENT = f"{MARK}-client"
PLANTED = {
    "MRX_DATABASE_URL": DATABASE,
    "MRX_ENGINE": "celery",
    "MRX_BROKER_URL": BROKER,
    "MRX_OIDC_ISSUER": "http://127.0.0.1:1",
    "MRX_OIDC_CLIENT_ID": "mrx",
    "MRX_OIDC_CLIENT_SECRET": CLIENT,
    "MRX_CONSOLE_URL": "https://mrx.example/console",
}


class Secrets:
    """What must stand nowhere: the mark of what we plant, and what is made at random."""

    def __init__(self, home: Path) -> None:
        key = keys.load(home / KEY)._private
        shared = (home / SHARED).read_bytes()
        numbers = key.private_numbers()
        private = getattr(numbers, "d", None) or numbers.private_value
        body = (home / KEY).read_text().splitlines()[1:-1]
        self.texts = {
            MARK,
            *body,
            str(private),
            f"{private:x}",
            shared.hex(),
            base64.b64encode(shared).decode(),
            repr(shared)[2:-1],
        }

    def add(self, *more: str) -> None:
        self.texts.update(one for one in more if len(one) >= 8)

    def within(self, text: str) -> list[str]:
        return [one for one in self.texts if one in text]


@pytest.fixture(scope="session")
def marked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home as `mrx init` makes it, made once."""
    home = tmp_path_factory.mktemp("secrets") / "home"
    Mrx(home)("init", "--no-admin")
    return home


@pytest.fixture
def marked_home(marked_once: Path, tmp_path: Path) -> Path:
    """A home whose secrets are known, in the test's own folder."""
    shutil.copytree(marked_once, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def secrets(marked_home: Path) -> Secrets:
    return Secrets(marked_home)


def written(file: Path, text: str) -> Path:
    file.touch(mode=0o600)
    file.write_text(f"{text}\n")
    return file


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    with all_logged() as out:
        yield out


@contextmanager
def all_logged() -> Iterator[io.StringIO]:
    """All that is logged meanwhile, by whomever, from DEBUG on."""
    out = io.StringIO()
    root, ours = logging.getLogger(), logging.getLogger(log.OURS)
    before = (root.handlers[:], root.level, ours.level)
    with pytest.MonkeyPatch.context() as patch, watch.watched_by(log.steps):
        patch.setattr(log, "sys", SimpleNamespace(stderr=out))
        log.begin("json", level=logging.DEBUG)
        root.setLevel(logging.DEBUG)
        try:
            yield out
        finally:
            root.handlers[:] = before[0]
            root.setLevel(before[1])
            ours.setLevel(before[2])
