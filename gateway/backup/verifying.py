"""Reading a backup to its last byte: it is whole, ours, and its ledger holds.

    the manifest opened under a certificate we trust, the parts named by it and no others
    each part read, its size and digest compared
    the database opened: its facts are those of the manifest, the ledger verifies

Nothing is changed: what is unpacked lies in a private room beside the file, and goes at the end.
"""

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway import own_keys
from gateway.backup import archive, dump, manifest, place
from gateway.backup.archive import Reader
from gateway.backup.manifest import Manifest
from outbox import ledger
from schemas import copies, migration
from schemas.errors import BadDocument, BadRequest, NotReady
from signing.certificate import Certificate
from signing.open import open_sealed, signer_of

Show = Callable[[int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A backup that was read to its end. `known` is False where no certificate at hand could say
    whose it is: its own was taken then, and its fingerprint is to be compared.
    """

    manifest: Manifest
    signed_by: str
    known: bool


Demand = Callable[[Verified], None]


def verify(
    file: Path,
    *,
    trusted: Iterable[Certificate],
    demand: Demand = lambda _found: None,
    now: datetime,
    show: Show = lambda _d, _n: None,
) -> Verified:
    """Read it all. `trusted` are certificates of the gateway it should be of; where there are none,
    the one it carries is believed, and `known` says so. `demand` looks at what the manifest says
    before anything is unpacked, and raises where that is not to be.

    Raises `BadRequest` MRX-5009 (it cannot be read), `BadDocument` MRX-9018 (no backup, or damaged),
    `BadRequest` MRX-5075 (another gateway's), `NotTrusted` (it was changed), `NotReady` MRX-9002 (of
    a newer program) or MRX-9006 (its ledger does not verify).
    """
    beside = file.resolve().parent
    if not os.access(beside, os.W_OK):  # a medium that is only read
        beside = Path(tempfile.gettempdir())
    with place.workroom(beside, "verify") as room:
        found, database = unpacked(file, room, trusted=trusted, demand=demand, now=now, show=show)
        name = database.name
        if name == manifest.SQLITE:
            with copies.opened(database) as tx:
                current = found.manifest.facts.schema == migration.head()
                known = manifest.facts(tx) if current else None
                whole = ledger.verify(tx)
        else:
            known, whole = None, dump.walked(database, found.manifest.facts)
    said = found.manifest.facts
    if whole.broken_at is not None:
        raise NotReady("MRX-9006", position=whole.broken_at)
    if (whole.head.size, whole.head.digest) != (said.ledger_size, said.ledger_digest):
        raise BadDocument("MRX-9018", because="its ledger is not where its manifest says")
    if known is not None and known != said:
        raise BadDocument("MRX-9018", because="its database is not what its manifest says")
    return found


def unpacked(
    file: Path,
    room: Path,
    *,
    trusted: Iterable[Certificate],
    demand: Demand,
    now: datetime,
    show: Show,
    keys: bool = False,
) -> tuple[Verified, Path]:
    """The database of a backup in a private folder, and, if asked for, the files of its keys in
    `room`/keys. All of it has been compared with the signed manifest. Raises as `verify` does.
    """
    with archive.reading(file) as reader:
        found = _believed(reader, [*trusted], now)
        demand(found)
        said = found.manifest
        if not migration.knows(said.facts.schema):
            raise NotReady("MRX-9002", found=said.facts.schema, expected=migration.head())
        databases = [name for name in (manifest.SQLITE, manifest.DUMP) if name in said.parts]
        if len(databases) != 1:
            raise BadDocument("MRX-9018", because="it holds no database, or two")
        done = 0

        def step(more: int) -> None:
            nonlocal done
            done += more
            show(done, "reading")

        for name, part in said.parts.items():
            into = room / name if keys or not name.startswith("keys/") else None
            _take(reader, name, part, into, step)
    return found, room / databases[0]


def _take(
    reader: Reader, name: str, part: manifest.Part, into: Path | None, step: archive.Step
) -> None:
    pieces = reader.part(name, part, step)
    if into is None:
        for _ in pieces:
            pass
        return
    into.parent.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        for piece in pieces:
            try:
                out.write(piece)
            except OSError as error:
                raise NotReady("MRX-9007", because=error.strerror) from error


def demand_signer(found: Verified, fingerprint: str | None) -> None:
    """Raises `BadRequest` MRX-5075 where another certificate was named than the one that signed."""
    if fingerprint is not None and fingerprint.lower() != found.signed_by:
        raise BadRequest("MRX-5075", signed_by=found.signed_by)


def at_home(folder: Path) -> list[Certificate]:
    """Our own certificates that lie in a home folder."""
    lie = (folder / own_keys.KEY).parent
    return [Certificate.parse(file.read_bytes()) for file in sorted(lie.glob("*.crt"))]


def _believed(reader: Reader, trusted: list[Certificate], now: datetime) -> Verified:
    """The manifest, believed under one of the certificates or under the one it carries."""
    sealed = reader.signed()
    signer = signer_of(sealed, bytes_max=archive.SEALED_MAX)
    known = bool(trusted)
    mine = [one for one in trusted if one.fingerprint == signer] if known else None
    if mine is None:
        mine = [_carried(reader, signer)]
    if not mine:
        raise BadRequest("MRX-5075", signed_by=signer)
    # An old backup may outlive the certificate that signed it.
    at = min(now, mine[0].not_after)
    opened = open_sealed(sealed, mine, at, bytes_max=archive.SEALED_MAX)
    said = manifest.read(opened.content)
    reader.check(said)
    return Verified(manifest=said, signed_by=signer, known=known)


def _carried(reader: Reader, signer: str) -> Certificate:
    for one in reader.certificates():
        if one.fingerprint == signer:
            return one
    raise BadDocument("MRX-9018", because="it does not hold the certificate that signed it")
