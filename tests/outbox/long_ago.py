"""A gateway with a story long past: told, revoked, quarantined, and years gone by."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from outbox import retention_run
from outbox.house import House
from schemas.postgresql import PostgreSQL
from schemas.sqlite import SQLiteFile
from schemas.tables import metadata
from tests import servers
from tests.world import World, member

PLANT = "Plantago Invented"
"""Stands in the name of every company that is to be forgotten, ours and theirs."""
NUMBER = "QXZP"
STAYS = "Staying Invented"
GONE, THERE = "10000001", "10000002"

YEAR, LONG, VERY_LONG = timedelta(days=364), timedelta(days=500), timedelta(days=14 * 366)
"""No term is over yet; all are but those of proof; all are."""

FILES = "SELECT count(*) FROM batch_files WHERE file IS NOT NULL"


def told_and_left(world: World) -> World:
    """Two members told to Mexico; one revokes and leaves the roll, and Mexico confirms."""
    planted = [{"scheme": "SCAC", "value": NUMBER}]
    world.push(
        member(GONE, name=f"{PLANT} 1", identifiers=planted),
        member(THERE, name=f"{STAYS} 2"),
        mode="snapshot",
    )
    world.grant(GONE, THERE)
    world.deliver()
    world.revoke(GONE, of="mx-neec")
    world.deliver()
    world.push(member(THERE, name=f"{STAYS} 2"), mode="snapshot", approve=True)
    world.deliver()
    return world


def run(house: House, *, now: datetime, chunk: int = retention_run.CHUNK) -> retention_run.Run:
    """A run from its beginning to its end."""
    with house.database.write() as tx:
        retention_run.begin(tx, house, by="test", reason="a test", now=now)
    while retention_run.go_on(house, now=now, chunk=chunk):
        pass
    with house.database.read() as tx:
        ended = retention_run.last_ended(tx)
    assert ended is not None
    return ended


def counted(world: World, query: str) -> int:
    """The one number that a query of our database finds."""
    with world.house.database.read() as tx:
        found: int = tx.execute(text(query)).scalar_one()
        return found


def says(tx: Connection, word: str) -> list[str]:
    """The columns of the database in which a word stands, in text or in bytes."""
    found = []
    for table in metadata.sorted_tables:
        for row in tx.execute(text(f"SELECT * FROM {table.name}")).mappings():
            found += [
                f"{table.name}.{name}"
                for name, value in row.items()
                if word.encode() in (bytes(value) if _octets(value) else str(value).encode())
            ]
    return sorted(set(found))


def _octets(value: object) -> bool:
    return isinstance(value, bytes | memoryview)


def in_files(house: House, word: str) -> list[str]:
    """The files of a database in which a word stands, whatever the database says of them."""
    database = house.database
    assert isinstance(database, SQLiteFile)
    files = [Path(f"{database.file}{suffix}") for suffix in ("", "-wal", "-journal")]
    return [file.name for file in files if file.exists() and word.encode() in file.read_bytes()]


def under(world: World, **terms: object) -> World:
    """The same world under other terms of retention."""
    now_so = world.house.terms.retention
    changed = replace(now_so, terms={**now_so.terms, **terms})
    world.house = replace(world.house, terms=replace(world.house.terms, retention=changed))
    return world


def in_cluster(database: PostgreSQL, word: str) -> list[str]:
    """The files of a server's database in which a word stands. Not those of the write-ahead log."""
    with database.read() as tx:
        folder = tx.scalar(text("SHOW data_directory"))
        number = tx.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    servers.execute(database.url, "CHECKPOINT")
    files = sorted(Path(folder, "base", str(number)).iterdir())
    return [file.name for file in files if word.encode() in file.read_bytes()]
