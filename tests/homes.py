"""Gateways of tests in folders of their own, or with their data on a server: made once a session and
copied, connected, and opened here or by another process.
"""

import functools
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from sqlalchemy import URL

from gateway import home
from gateway.settings import Settings
from outbox.house import House
from partners import agreements, certificates
from partners.certificates import Pinned
from schemas.postgresql import PostgreSQL
from signing import keys
from tests import servers
from tests.clock import START

HOME = "us-ctpat"


class Server:
    """A PostgreSQL server on which gateways of tests keep their data: a database each."""

    _templates: ClassVar[dict[tuple[URL, str], URL]] = {}

    def __init__(self, url: URL) -> None:
        self._url = url
        self._open = ExitStack()

    def database(self, what: str, fill: Callable[[URL], House]) -> URL:
        """A new database: a copy of what `fill` made of an empty one, the first time `what` was
        asked for.
        """
        template = self._templates.get((self._url, what))
        if template is None:
            template = servers.create(self._url)
            fill(template).database.close()  # nobody may be connected to what is copied
            self._templates[self._url, what] = template
        url = servers.create(self._url, template=template)
        self._open.callback(servers.drop, self._url, url)
        return url

    def close(self) -> None:
        """Drop every database that was not dropped yet."""
        self._open.close()


def settings(house: House, **more: object) -> Settings:
    """The settings under which this gateway is opened."""
    return Settings(**told(house, **more))


def told(house: House, **more: object) -> dict[str, object]:
    """The same in words that may be handed to another process; settings may not."""
    url = written(house.database.url) if isinstance(house.database, PostgreSQL) else None
    return {"home": house.folder, "database_url": url, **more}


def _settings(folder: Path, url: URL | None = None) -> Settings:
    """The settings of a home that is opened here. Reading them all takes 4 ms, and worlds are made
    by the thousand: they are read once for all homes under one environment.
    """
    told = frozenset((name, said) for name, said in os.environ.items() if name.startswith("MRX_"))
    here = {"home": folder, "database_url": url}
    return _read(told).model_copy(update=here)


@functools.cache
def _read(_told: frozenset[tuple[str, str]]) -> Settings:
    return Settings()


def environment(house: House) -> dict[str, str]:
    """The same, as the environment of a command."""
    database = house.database
    url = {"MRX_DATABASE_URL": written(database.url)} if isinstance(database, PostgreSQL) else {}
    return {"MRX_HOME": str(house.folder), **url}


def written(url: URL) -> str:
    """A URL as a setting."""
    return url.render_as_string(hide_password=False)


def make(folder: Path, programme: str, key: Path, *, server: Server | None = None) -> House:
    """A gateway in `folder`: a copy of one that was made once a session, with a key of its own.

    Making one (key, migrations) takes half a second; copying it does not. With a server, it keeps
    its data there.
    """
    kept = key.parent / f"home-{programme}"
    if not kept.exists():
        draft = key.parent / f"draft-{programme}"
        (draft / home.KEY).parent.mkdir(parents=True)
        for suffix in (".key", ".crt"):
            shutil.copy(key.with_suffix(suffix), (draft / home.KEY).with_suffix(suffix))
        made = home.init(_settings(draft), programme)
        made.database.close()  # the last connection folds the log into the file
        draft.rename(kept)
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    if server is None:
        return home.open_home(_settings(folder))
    (folder / home.DATABASE).unlink()
    url = server.database(programme, lambda empty: _init(folder, programme, empty))
    return home.open_home(_settings(folder, url))


def _init(folder: Path, programme: str, url: URL) -> House:
    return home.init(_settings(folder, url), programme)


def connected(
    folder: Path, key_files: Mapping[str, Path], codes: Sequence[str], *, server: Server | None
) -> tuple[House, dict[str, House]]:
    """us-ctpat in `folder`, on the server if there is one, and partners in files, connected by
    wires that are called by their codes: copies of what was made once a session.
    """
    what = "-".join(("world", *codes))
    kept = key_files[HOME].parent / what
    if not kept.exists():
        draft = kept.with_name(f"draft-{what}")
        house, *ends = (make(draft / code, code, key_files[code]) for code in (HOME, *codes))
        for end in ends:
            connect(house, end, url=end.programme)
        for each in (house, *ends):
            each.database.close()
        draft.rename(kept)
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    partners = {code: home.open_home(_settings(folder / code)) for code in codes}
    if server is None:
        return home.open_home(_settings(folder / HOME)), partners
    (folder / HOME / home.DATABASE).unlink()

    def fill(empty: URL) -> House:
        house = _init(folder / HOME, HOME, empty)
        for code, end in partners.items():
            introduce(house, end, url=code)
        return house

    url = server.database(what, fill)
    return home.open_home(_settings(folder / HOME, url)), partners


def pinned(house: House, partner: str) -> Pinned:
    """The certificate of `house` as `partner`'s, ready to be pinned by somebody else."""
    certificate = house.key.certificate
    return Pinned(
        fingerprint=certificate.fingerprint,
        partner=partner,
        pem=certificate.pem,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
    )


def connect(ours: House, theirs: House, *, url: str = "wire", now: datetime = START) -> None:
    """Enable the exchange on both ends."""
    introduce(ours, theirs, url=url, now=now)
    introduce(theirs, ours, url=None, now=now)


def introduce(one: House, other: House, *, url: str | None, now: datetime = START) -> None:
    """Enable the exchange on one end."""
    with one.database.write() as tx:
        certificates.pin(tx, pinned(other, other.programme), now=now)
        agreements.change(tx, other.programme, enabled=True, push_url=url)


def new_key(folder: Path, name: str, *, kind: keys.Kind = "rsa") -> Path:
    path = folder / f"{name}.key"
    keys.create(path, f"mrx {name}", START, kind=kind)
    return path


def hastened(house: House, **terms: timedelta) -> House:
    """The same gateway under other terms."""
    return replace(house, terms=replace(house.terms, **terms))
