"""The database: the file or the server, and what the gateway keeps there."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from gateway import home
from gateway.checkup.finding import Found, Result
from gateway.checkup.reaching import Failed
from gateway.doctor.case import Case
from outbox import restored
from partners import consents, roll
from schemas import migration, server_settings
from schemas.errors import NotReady
from schemas.postgresql import CONNECTIONS, PostgreSQL
from schemas.server_settings import ServerSettings
from schemas.sqlite import SQLiteFile
from schemas.tables import ledger_head

VERSION_MIN = 14


def database(case: Case) -> Found:
    url = case.settings.database_url
    if url is None:
        return _file(case)
    case.database = PostgreSQL(url)
    server = case.server = _server(case)
    said = f"PostgreSQL {server.version_said}"
    if server.version < VERSION_MIN * 10_000:
        raise Failed(said, f"it must be {VERSION_MIN} or newer")
    if server.standby or server.read_only:
        what = "a standby" if server.standby else "set to default_transaction_read_only"
        raise Failed(
            f"{said} is {what}: it takes no writes", "name the primary in MRX_DATABASE_URL"
        )
    return Found(f"{said} takes connections")


def _file(case: Case) -> Found:
    file = case.settings.home / home.DATABASE
    case.database = SQLiteFile(file)
    if not file.exists():
        raise NotReady("MRX-9001")
    said = f"{case.data.version}, in {file}"
    if case.settings.engine == "celery":
        return Found(
            f"{said}: workers of other hosts cannot use it, and those of this one queue for it",
            "name a PostgreSQL server in MRX_DATABASE_URL",
            Result.WARNING,
        )
    return Found(said)


def _server(case: Case) -> ServerSettings:
    try:
        with case.data.read() as tx:
            return server_settings.look(tx)
    except NotReady as refused:
        # The driver's words name host, role and database, and never a password.
        because = getattr(refused.__cause__, "orig", None)
        said = " ".join(str(because).split()) if because else refused.reason
        raise Failed(f"{refused.code} {said}", refused.repair) from refused


def encoding(case: Case) -> Found:
    found = _facts(case).encoding
    if found != "UTF8":
        raise Failed(
            f"the database keeps text in {found}: names in other scripts are refused",
            NotReady("MRX-9015").repair,
        )
    return Found("the database keeps text in UTF8")


def durability(case: Case) -> Found:
    """What is committed before the first byte leaves must be there after a power cut (P3, P4)."""
    server = _facts(case)
    said = {
        "fsync": server.fsync,
        "full_page_writes": server.full_page_writes,
        "synchronous_commit": server.synchronous_commit,
    }
    off = [name for name, value in said.items() if value == "off"]
    if off:
        raise Failed(
            f"a power cut may lose what was committed: {', '.join(off)} off",
            "have them on in the server, and for this role and database",
        )
    return Found(", ".join(f"{name} {value}" for name, value in said.items()))


def isolation(case: Case) -> Found:
    found = _facts(case).isolation
    if found != "read committed":
        return Found(
            f"the default here is {found}; the gateway asks for its own, other tools may not",
            "ALTER DATABASE ... SET default_transaction_isolation TO 'read committed'",
            Result.WARNING,
        )
    return Found(found)


def connections(case: Case) -> Found:
    server = _facts(case)
    said = f"{server.connections_used} in use of the {server.connections_max} we may have"
    repair = "raise max_connections, or the limit of the role or the database"
    if server.connections_max < CONNECTIONS:
        raise Failed(f"{said}; one process may need {CONNECTIONS}", repair)
    if server.connections_max - server.connections_used < CONNECTIONS:
        return Found(f"{said}; one more process may need {CONNECTIONS}", repair, Result.WARNING)
    return Found(said)


def transactions(case: Case) -> Found:
    with case.data.read() as tx:
        age = server_settings.oldest(tx)
    if age is None:
        return Found("no other transaction is open")
    said = f"the oldest transaction has been open for {age.total_seconds():,.0f} s"
    if age > case.bounds.transaction_old:
        return Found(
            f"{said}: dead rows pile up behind it, and everything slows down",
            "see pg_stat_activity and pg_prepared_xacts, and end it",
            Result.WARNING,
        )
    return Found(said)


def clock(case: Case) -> Found:
    def theirs() -> datetime:
        with case.data.read() as tx:
            return server_settings.clock(tx)

    theirs()  # so that a connection is there, and the next answer comes at once
    return compared("the database server", theirs, case)


def compared(whose: str, theirs: Callable[[], datetime], case: Case) -> Found:
    """Another host's clock beside ours, both taken in the middle of one question."""
    before = case.clock()
    their_time = theirs()
    after = case.clock()
    apart = abs(their_time - (before + (after - before) / 2))
    slack = (after - before) / 2
    said = f"{apart.total_seconds():,.1f} s between this host and {whose}"
    if apart - slack > case.bounds.clock_wrong:
        raise Failed(said, "have both hosts keep time by NTP")
    if apart - slack > case.bounds.clock_apart:
        return Found(said, "have both hosts keep time by NTP", Result.WARNING)
    return Found(said)


def schema(case: Case) -> Found:
    with case.data.read() as tx:
        found = migration.current(tx)
    if found is None:
        raise NotReady("MRX-9001")
    if found != migration.head():
        if not migration.knows(found):
            raise Failed(
                f"the database has schema {found}, which this program does not know",
                "run the program that made it, or a newer one",
            )
        raise NotReady("MRX-9002", found=found, expected=migration.head())
    return Found(f"schema {found}, which is this program's")


def ledger(case: Case) -> Found:
    with case.data.read() as tx:
        size = tx.scalar(select(ledger_head.c.size))
    if size is None:
        raise Failed("the ledger has no head: nothing can be written", "run `mrx init`")
    return Found(f"{size:,} entries; `mrx ledger verify` reads them all")


def restore(case: Case) -> Found:
    with case.data.read() as tx:
        found = restored.standing(tx)
    if found is None:
        return Found("never restored from a backup")
    said = f"restored at {found.at:%Y-%m-%d %H:%M:%S} UTC"
    if found.over:
        return Found(f"{said}; all is known again")
    waits = [
        f"shut: {' '.join(found.shut)}" if found.shut else "",
        f"not asked for what is missing: {' '.join(found.unasked)}" if found.unasked else "",
        "the source's consents are owed" if found.consents_owed_since else "",
    ]
    return Found(
        f"{said}; {'; '.join(filter(None, waits))}", "see `mrx restored show`", Result.WARNING
    )


def feeds(case: Case) -> Found:
    now, bound = case.clock(), case.settings.terms.consents_fresh_for
    with case.data.read() as tx:
        heard = {"consents": consents.as_of(tx), "members": roll.as_of(tx)}
    said = ", ".join(f"{name} {_age(at, now)}" for name, at in heard.items())
    at = heard["consents"]
    if at is None or now - at > bound:
        return Found(
            f"{said}: nobody is announced (MRX-2207)",
            "`mrx push consents`; an empty file says 'nothing new'",
            Result.WARNING,
        )
    return Found(said)


def _age(at: datetime | None, now: datetime) -> str:
    return "never heard" if at is None else f"{(now - at) / timedelta(hours=1):,.1f} h old"


def _facts(case: Case) -> ServerSettings:
    assert case.server is not None, "these steps need a server that answered"
    return case.server
