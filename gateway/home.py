"""A gateway's home folder: what lies there, how it is made, and how it is opened.

    $MRX_HOME/
      mrx.db           the database (WAL mode: mrx.db-wal and -shm beside it), unless
                       MRX_DATABASE_URL names a server
      keys/signing.key the private key, 0600; or the line that stands for one in a token
      keys/signing.crt its certificate
      keys/next.*      the key to follow it, once it is staged (gateway.own_keys)
      keys/retired-*   those that signed before
      keys/sign-in.key what all servers of the gateway know (gateway.identity.shared_secret)
      errands.turn     a lock beside mrx.db: which process runs the errands (schemas.turn)

`init` writes the key before the database row that names it: a crash in between leaves a key that
the next `init` finds and uses. Nothing here is ever replaced but the key, by the one that was
staged to follow it.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, inspect, select

from gateway import own_keys
from gateway.backup import place
from gateway.identity import passwords, shared_secret, users
from gateway.identity.roles import Role
from gateway.settings import Settings
from outbox import lane, ledger
from outbox.house import House
from partners import agreements, seed
from schemas import migration
from schemas.database import Database
from schemas.errors import BadRequest, NotReady
from schemas.postgresql import PostgreSQL
from schemas.programme import PROGRAMMES
from schemas.sqlite import SQLiteFile
from schemas.tables import home
from signing import keys

DATABASE = "mrx.db"
RESTORING = "restore"  # what a restore calls its room (gateway.backup.place)
KEY = own_keys.KEY
ADMINISTRATOR = "admin"


def init(settings: Settings, programme: str) -> House:
    """Make or migrate the home of `programme`; safe to repeat. Raises `NotReady`: MRX-9003 if the
    folder is another programme's home, MRX-9007 if the disk takes no writes.
    """
    if programme not in PROGRAMMES:
        raise BadRequest("MRX-5001")
    folder = settings.home
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / KEY).parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as refused:
        raise NotReady("MRX-9007") from refused
    with _opened(settings) as database:
        return _house(settings, database, programme, _made(settings, database, programme))


def _made(settings: Settings, database: Database, programme: str) -> keys.SigningKey:
    folder, keeping = settings.home, settings.keeping
    half_restored = bool(place.left(folder, RESTORING))
    if isinstance(database, SQLiteFile):
        if half_restored and not database.exists():
            raise NotReady("MRX-9019")
        # Made by us and for us alone, before SQLite would make it for everyone.
        try:
            database.file.touch(mode=0o600)
        except OSError as refused:
            raise NotReady("MRX-9007") from refused
    now = datetime.now(UTC)
    with database.write() as tx:
        found = migration.current(tx)
        here = None
        half_restored = half_restored and not isinstance(database, SQLiteFile)
        if found is None and (half_restored or inspect(tx).has_table(home.name)):
            raise _absent(settings, tx)
        if found is not None:
            if not migration.knows(found):
                raise NotReady("MRX-9002", found=found, expected=migration.head())
            here = tx.scalar(select(home.c.programme))
            _refuse_other(here, programme)
    # A first `init` that was killed, or whose token was not there, left a key without certificate.
    half_made = here is None and not (folder / KEY).with_suffix(".crt").exists()
    key = (
        own_keys.load(folder, keeping)
        if (folder / KEY).exists() and not half_made
        else keys.create(folder / KEY, f"mrx {programme}", now, keeping=keeping)
    )
    shared_secret.make(folder)  # now, so that it is there where the keys are copied from
    with database.migrate() as tx:
        migration.upgrade(tx)
    with database.write() as tx:
        ours = tx.scalar(select(home.c.programme))
        _refuse_other(ours, programme)
        if ours is None:
            tx.execute(insert(home).values(id=1, programme=programme, created_at=now))
        ledger.open_first(tx)
        own_keys.register_first(tx, key.certificate, now=now)
        seed.seed(tx, programme)
        for registered in agreements.every(tx):
            lane.lay(tx, registered.agreement.partner)
    return key


def first_administrator(house: House, roles: Collection[Role], *, now: datetime) -> str | None:
    """Make the user `admin` if there is no user yet; returns their one-time password, which is kept
    nowhere. None where there is one: then nothing was done.
    """
    one_time = passwords.one_time()
    with house.database.write() as tx:
        if users.exist(tx):
            return None
        users.create(tx, ADMINISTRATOR, roles, by="mrx init", now=now, password=one_time)
    return one_time


def open_home(settings: Settings) -> House:
    """Open a home that `init` has made. Raises `NotReady`: MRX-9001 if there is none, MRX-9002 if
    its schema is not this program's, MRX-9004 if its key is missing or open to others.
    """
    with _opened(settings) as database:
        programme, key = _found(settings, database)
        return _house(settings, database, programme, key)


def _found(settings: Settings, database: Database) -> tuple[str, keys.SigningKey]:
    if not database.exists():
        raise _absent(settings)
    with database.read() as tx:
        found = migration.current(tx)
        if found is None:
            raise _absent(settings, tx)
        if found != migration.head():
            raise NotReady("MRX-9002", found=found, expected=migration.head())
        programme = tx.scalar(select(home.c.programme))
    if programme is None:
        raise NotReady("MRX-9001")
    place.sweep(settings.home, RESTORING)  # of a restore that was killed at its very end
    key = own_keys.load(settings.home, settings.keeping)
    with database.read() as tx:
        differs = own_keys.differs(tx, key.certificate)
    if differs:  # a process died while it activated the key
        with database.write() as tx:
            own_keys.settle(tx, key.certificate, by="opening", now=datetime.now(UTC))
    return programme, key


def _absent(settings: Settings, tx: Connection | None = None) -> NotReady:
    """There is no gateway here; or one that a killed restore has not finished."""
    half = place.left(settings.home, RESTORING) or (
        tx is not None and inspect(tx).has_table(home.name)
    )
    return NotReady("MRX-9019" if half else "MRX-9001")


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    """The database of these settings, as it is; closed if what is tried with it fails."""
    url = settings.database_url
    database = SQLiteFile(settings.home / DATABASE) if url is None else PostgreSQL(url)
    try:
        yield database
    except BaseException:
        database.close()
        raise


def _refuse_other(found: str | None, programme: str) -> None:
    if found is not None and found != programme:
        raise NotReady("MRX-9003", found=found, asked=programme)


def _house(settings: Settings, database: Database, programme: str, key: keys.SigningKey) -> House:
    return House(
        programme=programme,
        folder=settings.home,
        database=database,
        key=key,
        keeping=settings.keeping,
        texts=seed.texts(programme),
        terms=settings.terms,
    )
