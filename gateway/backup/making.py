"""Making a backup while the gateway runs and writes.

    a private room beside the destination
    the database copied into it     one moment of it; writers go on       [schemas.copies, server]
    the parts into one archive      each with its digest, then the signed manifest
    on disk, then linked to its name                  <-- before this, nothing is there
    the ledger's word that a backup was made          <-- killed here: the file is whole, and unsaid

A file of that name that is there already is left as it is.
"""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from gateway import own_keys
from gateway.backup import archive, manifest, place, server
from gateway.backup.manifest import Facts, Manifest
from gateway.identity import shared_secret
from outbox import ledger
from outbox.house import House
from schemas import copies
from schemas.errors import BadRequest, NotReady
from schemas.postgresql import PostgreSQL
from schemas.sqlite import SQLiteFile
from signing import key_file
from signing.seal import seal

Show = Callable[[int, str], None]

_README = """\
A backup of the gateway {programme}, made at {made_at} by mrx {version}.

It holds company data: every member, every consent, everything that partners were told. Keep it where
only those may read it who may read the gateway's own database, and encrypt it wherever it travels.
{keys}
Do not unpack it. `mrx backup verify FILE` reads all of it; `mrx restore FILE` makes a gateway of it,
which tells nobody anything before it has asked each partner what it missed.
"""
_NO_KEYS = "Private keys are not in it: a gateway is restored where they are.\n"
_KEYS = "Private keys are in it, each under its passphrase.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    file: Path
    bytes: int
    manifest: Manifest


def make(
    house: House,
    destination: Path,
    *,
    with_keys: bool,
    by: str,
    now: datetime,
    show: Show = lambda _done, _note: None,
) -> Made:
    """Make a backup. `destination` is the file, or a folder that will hold it.

    Raises `BadRequest`: MRX-5012 (it is there, or cannot be written), MRX-5071 (`pg_dump` is missing
    or failed), MRX-5072 (a private key without a passphrase); `NotReady` MRX-9007 (a full disk).
    """
    file = _named(house, destination, now)
    keys = _key_files(house.folder, with_keys=with_keys)
    if file.exists() or file.is_symlink():
        raise BadRequest("MRX-5012", because="a file of this name is there")
    with _refusals(), place.workroom(file.parent, "backup") as room:
        name, copied, found = _copied(house, room, show)
        draft = room / "archive.zip"
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        made = _packed(house, draft, name, copied, found, keys, with_keys, by, now, show)
        copied.unlink()
        place.flushed(draft)
        os.link(draft, file)  # fails where somebody was faster
        place.flushed(file.parent)
    told = {"by": by, "ledger_size": found.ledger_size, "ledger_digest": found.ledger_digest}
    with house.database.write() as tx:
        ledger.add(tx, "backup made", {**told, "with_keys": with_keys}, now=now)
    return Made(file=file, bytes=file.stat().st_size, manifest=made)


def _copied(house: House, room: Path, show: Show) -> tuple[str, Path, Facts]:
    """The database in a file of the room, and what it says of itself."""
    database = house.database
    if isinstance(database, PostgreSQL):
        file = room / manifest.DUMP
        with server.dump(database) as (tx, into):
            found = manifest.facts(tx)
            show(0, "pg_dump")
            into(file)
        return manifest.DUMP, file, found
    assert isinstance(database, SQLiteFile), "there are two kinds"
    file = room / manifest.SQLITE
    copies.copy(database.file, file, lambda done: show(done // 2, "copying"))
    with copies.opened(file) as tx:
        return manifest.SQLITE, file, manifest.facts(tx)


def _packed(
    house: House,
    draft: Path,
    name: str,
    copied: Path,
    found: Facts,
    keys: list[Path],
    with_keys: bool,  # noqa: FBT001
    by: str,
    now: datetime,
    show: Show,
) -> Manifest:
    size, done = copied.stat().st_size, 0

    def step(more: int) -> None:
        nonlocal done
        done += more
        show(size // 2 + done // 2, "packing")

    said = {"programme": house.programme, "version": version("mrx")}
    readme = _README.format(
        made_at=f"{now:%Y-%m-%dT%H:%M:%SZ}", keys=_KEYS if with_keys else _NO_KEYS, **said
    )
    with archive.writing(draft, now=now) as out:
        out.add(manifest.README, io.BytesIO(readme.encode()), step=lambda _: None)
        for key in keys:
            with key.open("rb") as source:
                out.add(f"keys/{key.name}", source, step=lambda _: None)
        with copied.open("rb") as source:
            # A dump is packed already; a database file shrinks to a third.
            out.add(name, source, packed=name == manifest.DUMP, step=step)
        made = Manifest(
            made_at=now,
            made_by=by,
            version=said["version"],
            database=house.database.version,
            certificate=house.key.certificate.fingerprint,
            with_keys=with_keys,
            facts=found,
            parts=out.parts,
        )
        out.close(seal(manifest.written(made), house.key, now))
    return made


def _named(house: House, destination: Path, now: datetime) -> Path:
    place_ = destination.resolve()
    if place_.is_dir():
        return place_ / f"mrx-{house.programme}-{now:%Y%m%dT%H%M%SZ}.zip"
    return place_


def _key_files(folder: Path, *, with_keys: bool) -> list[Path]:
    """Our certificates; with `with_keys` the keys too, if none is plain. What all servers
    of the gateway know is never copied: a new one is made.
    """
    lie = (folder / own_keys.KEY).parent
    keys = sorted(lie.glob("*.key")) if with_keys else []
    found = [key for key in keys if key.name != shared_secret.FILE.name]
    for key in found:
        if key_file.kept(key) == "plain":
            raise BadRequest("MRX-5072", file=f"keys/{key.name}")
    return [*sorted(lie.glob("*.crt")), *found]


@contextmanager
def _refusals() -> Iterator[None]:
    """What a disk says, in our codes."""
    try:
        yield
    except FileExistsError as error:
        raise BadRequest("MRX-5012", because="a file of this name is there") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NotReady("MRX-9007", because=error.strerror) from error
        raise BadRequest("MRX-5012", because=error.strerror) from error
