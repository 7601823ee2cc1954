"""Our own keys: the one that signs, the next one, and those that signed before.

    (none) --stage--> next --activate--> current --the next activation--> retired
                        '--retire: it never signed-------------------------^

    keys/signing.key   current      keys/retired-<fingerprint>.key   kept for evidence, signs nothing
    keys/next.key      next         each with its certificate beside it (.crt)

The files are the truth (`signing.keys` draws what a crash leaves), the register follows: a process
that dies between the two leaves a register that the next opening puts right. A server that runs
while a key is activated signs with the old one until it is started again; partners have both
pinned by then.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, select, update

from gateway.identity import shared_secret
from outbox import ledger
from outbox.house import House
from partners import agreements
from schemas.database import upsert
from schemas.errors import BadRequest, NotReady, NotTrusted
from schemas.tables import ledger as entries
from schemas.tables import own_keys
from signing import key_file, keys
from signing.certificate import Certificate
from signing.keeping import Keeping
from signing.key_file import Kept
from signing.keys import SigningKey

KEY = Path("keys") / "signing.key"
NEXT = Path("keys") / "next.key"
_SEEN = "next key seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """One of our keys. `seen_by` are the partners that have fetched its certificate while it was
    the next one; whether they have pinned it, only they know.
    """

    certificate: Certificate
    state: str
    file: str
    created_at: datetime
    seen_by: tuple[str, ...]


def load(folder: Path, keeping: Keeping) -> SigningKey:
    """The key that signs, of the home folder. Raises as `keys.load` does."""
    return keys.current(folder / KEY, folder / NEXT, keeping)


def register_first(tx: Connection, certificate: Certificate, *, now: datetime) -> None:
    """Write the key of a new gateway into the register, once."""
    if tx.scalar(select(own_keys.c.fingerprint).limit(1)) is None:
        _insert(tx, certificate, KEY, "current", now)


def settle(tx: Connection, certificate: Certificate, *, by: str, now: datetime) -> None:
    """Have the register say that this certificate's key is the one that signs."""
    before = _current(tx)
    if before == certificate.fingerprint:
        return
    if before is not None:
        retired = KEY.with_name(f"retired-{before}{KEY.suffix}")
        tx.execute(
            update(own_keys)
            .where(own_keys.c.fingerprint == before)
            .values(state="retired", file=str(retired))
        )
    _insert(tx, certificate, KEY, "current", now)
    told = {"certificate": certificate.fingerprint, "retired": before, "by": by}
    ledger.add(tx, "key activated", told, now=now)


def differs(tx: Connection, certificate: Certificate) -> bool:
    """Whether the register names another key than the one that was loaded."""
    return _current(tx) != certificate.fingerprint


def refuse_ours(tx: Connection, certificate: Certificate) -> None:
    """Raise `NotTrusted` MRX-3012 for a certificate of ours: pinned for a partner, it would make
    every file we ever sealed the partner's word.
    """
    here = own_keys.c.fingerprint == certificate.fingerprint
    if tx.scalar(select(own_keys.c.state).where(here)) is not None:
        raise NotTrusted("MRX-3012", because="it is this gateway's own")


def stage(house: House, folder: Path, *, by: str, now: datetime) -> tuple[Certificate, bool]:
    """Make the next key, and say whether it is new; again changes nothing.

    Killed between key and register, it is finished by the next call.
    """
    path = folder / NEXT
    _end_retiring(path)
    if not path.with_suffix(".crt").exists():
        keys.create(path, f"mrx {house.programme}", now, keeping=house.keeping)
    certificate = keys.load(path, house.keeping).certificate
    with house.database.write() as tx:
        here = own_keys.c.fingerprint == certificate.fingerprint
        if tx.scalar(select(own_keys.c.state).where(here)) is not None:
            return certificate, False
        # One whose files were taken away before it signed anything is the next one no more.
        tx.execute(delete(own_keys).where(own_keys.c.state == "next"))
        _insert(tx, certificate, NEXT, "next", now)
        told = {"certificate": certificate.fingerprint, "by": by}
        ledger.add(tx, "key staged", told, now=now)
    return certificate, True


def activate(house: House, folder: Path, *, by: str, now: datetime) -> Certificate:
    """Make the next key the one that signs, for every process that is started from now on.

    Raises `BadRequest` MRX-5023 if there is no next key, else as `keys.load` does.
    """
    # The register first lets us in: files do not move for a database that takes no writes.
    with house.database.write() as tx:
        certificate = keys.activate(folder / KEY, folder / NEXT, house.keeping).certificate
        # We crash here: the register is put right when the home is opened again.
        settle(tx, certificate, by=by, now=now)
    return certificate


def retire_next(house: House, folder: Path, *, by: str, reason: str, now: datetime) -> Certificate:
    """Take the next key back before it signs anything; its files stay, as a retired one's.

    Raises `BadRequest` MRX-5023 if there is none. Killed between files and register, it is finished
    by the next call, and by the next `stage`.
    """
    with house.database.read() as tx:
        here = select(own_keys.c.certificate).where(own_keys.c.state == "next")
        found = tx.scalar(here)
    if found is None:
        raise BadRequest("MRX-5023")
    certificate = Certificate.parse(found.encode())
    retired = _retired(certificate)
    keys.put_aside(folder / NEXT, folder / retired)
    if not (folder / retired).exists():  # it has been activated meanwhile: there was none to move
        raise BadRequest("MRX-5023")
    # We crash here: the register still calls it the next one, and the next call goes on.
    with house.database.write() as tx:
        mine = own_keys.c.fingerprint == certificate.fingerprint
        tx.execute(update(own_keys).where(mine).values(state="retired", file=str(retired)))
        told = {"certificate": certificate.fingerprint, "by": by, "reason": reason}
        ledger.add(tx, "key retired", told, now=now)
    return certificate


def _end_retiring(path: Path) -> None:
    """Where `retire_next` was killed between the key and its certificate, move that one too.

    A certificate whose key stands elsewhere is not touched: it has been activated, and is
    `keys.current`'s.
    """
    left = path.with_suffix(".crt")
    if left.exists() and not path.exists():
        kept = path.with_name(_retired(Certificate.parse(left.read_bytes())).name)
        if kept.exists():
            keys.put_aside(path, kept)


def _retired(certificate: Certificate) -> Path:
    return KEY.with_name(f"retired-{certificate.fingerprint}{KEY.suffix}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """What became of one key's file. `kept` says how it is kept now; it is None where the file
    could not be used, and `because` says why.
    """

    file: str
    kept: Kept | None
    changed: bool
    because: str | None = None


def protect(house: House, folder: Path, *, by: str, now: datetime) -> list[Protected]:
    """Write every key that is in a file anew under the passphrase; the keys themselves stay.

    Raises `NotReady` MRX-9010 if no passphrase file is set, MRX-9004 if it cannot be used, MRX-9007
    if the disk takes no writes. Killed between two files, the next call goes on: any passphrase of
    the file opens any key.
    """
    if house.keeping.passphrase_file is None:
        raise NotReady("MRX-9010", setting="MRX_KEY_PASSPHRASE_FILE")
    house.keeping.passphrases()  # before the first file is touched
    files = sorted((folder / KEY).parent.glob(f"*{KEY.suffix}"))
    done = [
        _protected(path.relative_to(folder), folder, house.keeping)
        for path in files
        if path.name != shared_secret.FILE.name
    ]
    changed = [one.file for one in done if one.changed]
    if changed:
        # We crash here: the files are as they should be, and the ledger does not say who did it.
        with house.database.write() as tx:
            ledger.add(tx, "keys protected", {"files": len(changed), "by": by}, now=now)
    return done


def _protected(file: Path, folder: Path, keeping: Keeping) -> Protected:
    try:
        changed = keys.protect(folder / file, keeping)
        return Protected(file=str(file), kept=key_file.kept(folder / file), changed=changed)
    except NotReady as unusable:
        if unusable.code != "MRX-9004":  # the disk takes no writes: the next file would not either
            raise
        because = str(unusable.facts.get("because"))
        return Protected(file=str(file), kept=None, changed=False, because=because)


def kept(folder: Path, one: OwnKey) -> Kept | None:
    """How a key of ours is kept; None where its file cannot be read."""
    try:
        return key_file.kept(folder / one.file)
    except NotReady:
        return None


def every(tx: Connection) -> list[OwnKey]:
    """All our keys, the oldest first."""
    seen: dict[str, list[str]] = {}
    for row in tx.execute(
        select(entries.c.subject, entries.c.partner)
        .where(entries.c.subject.in_(select(own_keys.c.fingerprint)), entries.c.kind == _SEEN)
        .order_by(entries.c.position)
    ):
        seen.setdefault(row.subject, []).append(row.partner)
    return [
        OwnKey(
            certificate=Certificate.parse(row.certificate.encode()),
            state=row.state,
            file=row.file,
            created_at=row.created_at,
            seen_by=tuple(seen.get(row.fingerprint, ())),
        )
        for row in tx.execute(select(own_keys).order_by(own_keys.c.created_at))
    ]


def note_seen(house: House, partner: str, shown: OwnKey, *, now: datetime) -> None:
    """Keep that a partner has fetched the certificate of the next key; once is enough."""
    if partner in shown.seen_by:
        return
    fingerprint = shown.certificate.fingerprint
    with house.database.write() as tx:
        ledger.add(
            tx, _SEEN, {"certificate": fingerprint}, now=now, partner=partner, subject=fingerprint
        )


def unaware(tx: Connection, key: OwnKey) -> list[str]:
    """The partners we exchange with that have not fetched this certificate."""
    connected = [one.agreement.partner for one in agreements.every(tx) if one.agreement.enabled]
    return [partner for partner in connected if partner not in key.seen_by]


def _current(tx: Connection) -> str | None:
    return tx.scalar(select(own_keys.c.fingerprint).where(own_keys.c.state == "current"))


def _insert(
    tx: Connection, certificate: Certificate, file: Path, state: str, now: datetime
) -> None:
    known = own_keys.c.fingerprint
    values = {
        "certificate": certificate.pem,
        "file": str(file),
        "created_at": now,
        "state": state,
    }
    there = upsert(tx, own_keys).values(fingerprint=certificate.fingerprint, **values)
    tx.execute(
        there.on_conflict_do_update(
            index_elements=[known], set_={"file": str(file), "state": state}
        )
    )
