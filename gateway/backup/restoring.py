"""Making a gateway of a backup: whole and RESTORED, or not there.

    a private room in the home folder             while it is there, nothing opens or makes this home
    all of the backup read, compared, unpacked
    file     the copy migrated and marked in the room, then linked to its place
    server   `pg_restore`, one transaction; then the schema's row, the migration and the mark, another:
             in between there are tables, and no gateway opens them
    the room goes

The mark (`outbox.restored`) is in the transaction that makes the copy openable. Killed before it, the
same command goes on with a file; a server's database is emptied first, and says so.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select, table
from sqlalchemy import column as named

from gateway import home, own_keys
from gateway.backup import access, manifest, place, server, verifying
from gateway.backup.manifest import Manifest
from gateway.backup.verifying import Verified
from gateway.settings import Settings
from outbox import ledger, restored
from schemas import copies, migration
from schemas.errors import BadDocument, BadRequest, NotReady
from schemas.postgresql import PostgreSQL
from schemas.sqlite import SQLiteFile
from schemas.tables import home as homes

ROOM = home.RESTORING
Show = Callable[[int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was made of which backup, and what of it counts no more."""

    backup: Verified
    ended: Mapping[str, int]
    schema: str


def restore(
    settings: Settings,
    file: Path,
    *,
    fingerprint: str | None = None,
    keep_access: bool = False,
    by: str,
    now: datetime,
    show: Show = lambda _done, _note: None,
) -> Done:
    """Restore into the home folder, and the database, of these settings. `fingerprint` is that of the
    certificate that must have signed the backup, needed where the home folder has none.

    Raises as `verifying.verify` does; `BadRequest` MRX-5073 (something is there already), MRX-5071
    (`pg_restore`), MRX-5075 (another's, or nobody said whose); `NotReady` MRX-9004 (no
    key to go on with), MRX-9002 (of a newer program). Nothing has happened then.
    """
    folder = settings.home
    refuse_occupied(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with place.workroom(folder, ROOM) as room:
        found, copied = verifying.unpacked(
            file,
            room,
            trusted=verifying.at_home(folder),
            demand=lambda said: _demand(said, settings, fingerprint),
            now=now,
            show=show,
            keys=True,
        )
        _place_keys(room, folder, found.manifest)
        key = own_keys.load(folder, settings.keeping)
        told = {
            "by": by,
            "backup_made_at": found.manifest.made_at.isoformat(),
            "backup_made_by": found.manifest.made_by,
            "signed_by": found.signed_by,
            "key": key.certificate.fingerprint,
        }
        act = _Act(found.manifest, told, keep_access, now)
        if copied.name == manifest.SQLITE:
            ended = _file(settings, copied, act)
        else:
            ended = _server(settings, copied, act)
    return Done(backup=found, ended=ended, schema=migration.head())


def rehearse(
    settings: Settings, file: Path, *, fingerprint: str | None = None, now: datetime, show: Show
) -> Verified:
    """Read all of it, and say what `restore` would refuse; nothing is changed. Raises as it does."""
    refuse_occupied(settings)
    return verifying.verify(
        file,
        trusted=verifying.at_home(settings.home),
        demand=lambda said: _demand(said, settings, fingerprint),
        now=now,
        show=show,
    )


def brought_back(
    tx: Connection, *, made_at: datetime, keep_access: bool, by: str, reason: str, now: datetime
) -> Mapping[str, int]:
    """Mark a database that other tools brought back (a server's archive, a snapshot of a disk)."""
    ended = access.end(tx, keep=keep_access, now=now)
    told = {"by": by, "reason": reason, "backup_made_at": made_at.isoformat(), "ended": ended}
    restored.mark(tx, told=told, now=now)
    return ended


def refuse_occupied(settings: Settings) -> None:
    """Nothing is ever overwritten: `BadRequest` MRX-5073, or `NotReady` MRX-9019 for the tables of a
    restore that was killed.
    """
    if settings.database_url is None:
        # A log that is left of a database that was taken away would be read into the new one.
        for end in ("", "-wal", "-journal"):
            if os.path.lexists(settings.home / f"{home.DATABASE}{end}"):
                raise BadRequest("MRX-5073", there=f"{home.DATABASE}{end}")
        return
    database = PostgreSQL(settings.database_url)
    try:
        with database.read() as tx:
            there = server.tables(tx)
            if there and migration.current(tx) is None and homes.name in there:
                raise NotReady("MRX-9019", tables=len(there))
            if there:
                raise BadRequest("MRX-5073", tables=len(there))
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class _Act:
    manifest: Manifest
    told: Mapping[str, object]
    keep_access: bool
    now: datetime

    def mark(self, tx: Connection) -> Mapping[str, int]:
        """In the transaction that makes the copy openable: look at it, migrate it, mark it."""
        head, said = ledger.head(tx), self.manifest.facts
        if (head.size, head.digest) != (said.ledger_size, said.ledger_digest):
            raise BadDocument("MRX-9018", because="its ledger is not where its manifest says")
        if tx.scalar(select(homes.c.programme)) != said.programme:
            raise BadDocument("MRX-9018", because="its database is another programme's")
        migration.upgrade(tx)
        ended = access.end(tx, keep=self.keep_access, now=self.now)
        restored.mark(tx, told={**self.told, "ended": ended}, now=self.now)
        return ended


def _file(settings: Settings, copied: Path, act: _Act) -> Mapping[str, int]:
    with copies.opened(copied):
        pass  # whole, or it says so
    database = SQLiteFile(copied)
    try:
        with database.migrate() as tx:
            ended = act.mark(tx)
    finally:
        database.close()  # the last connection folds the log into the file
    if copied.with_name(copied.name + "-wal").exists():
        raise NotReady("MRX-9012")
    place.flushed(copied)
    # We are killed before this: no gateway is there, and the next call begins anew. After it: it is
    # restored; the room that is left is swept by whoever opens the home.
    try:
        os.link(copied, settings.home / home.DATABASE)  # fails where somebody was faster
    except FileExistsError as error:
        raise BadRequest("MRX-5073", there=home.DATABASE) from error
    place.flushed(settings.home)
    return ended


def _server(settings: Settings, copied: Path, act: _Act) -> Mapping[str, int]:
    assert settings.database_url is not None, "_demand has seen to it"
    database = PostgreSQL(settings.database_url)
    try:
        server.fill(database, copied)
        # We are killed here: the tables have no schema's row, so nothing opens them (MRX-9019).
        with database.migrate() as tx:
            versions = table(server.UNNAMED, named("version_num"))
            tx.execute(insert(versions).values(version_num=act.manifest.facts.schema))
            return act.mark(tx)
    finally:
        database.close()


# -- whose it is, and with which key it goes on ----------------------------------------------------


def _demand(found: Verified, settings: Settings, fingerprint: str | None) -> None:
    """What must be so before anything of a backup is unpacked. Somebody has said whose it is: the
    home folder's certificates, or a person. It fits these settings; there is a key to go on with.
    """
    if not found.known and fingerprint is None:
        raise BadRequest("MRX-5075", signed_by=found.signed_by)
    verifying.demand_signer(found, fingerprint)
    on_server = settings.database_url is not None
    if on_server and manifest.DUMP not in found.manifest.parts:
        raise BadRequest("MRX-5073", holds="a file, and MRX_DATABASE_URL names a server")
    if not on_server and manifest.SQLITE not in found.manifest.parts:
        raise BadRequest("MRX-5073", holds="a server's database, and MRX_DATABASE_URL names none")
    key = f"keys/{own_keys.KEY.name}"
    if not (settings.home / own_keys.KEY).exists() and key not in found.manifest.parts:
        raise NotReady("MRX-9004", because="neither the home folder nor the backup has it")


def _place_keys(room: Path, folder: Path, said: Manifest) -> None:
    """Put the keys of the backup where there are none. Killed in between, the next call goes on: what
    lies there already is the same, or it is refused.
    """
    if not said.with_keys:
        return
    lie = (folder / own_keys.KEY).parent
    lie.mkdir(mode=0o700, exist_ok=True)
    brought = sorted((room / "keys").iterdir())
    for one in brought:
        there = lie / one.name
        if there.exists() and there.read_bytes() != one.read_bytes():
            raise BadRequest("MRX-5073", there=f"keys/{one.name}")
    for one in brought:
        if not (lie / one.name).exists():
            one.chmod(0o644 if one.suffix == ".crt" else 0o600)
            place.flushed(one)
            one.rename(lie / one.name)
    place.flushed(lie)
