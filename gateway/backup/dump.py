"""The ledger in a dump of a server: walked without a server.

`pg_restore` says the dump in statements; the rows of the ledger go into a database in a file without
a name, gone with this process, where the chain is walked as everywhere else. Other rows are counted.
"""

from pathlib import Path
from typing import Final

import pysqlite3
from sqlalchemy import Connection, Table, create_engine
from sqlalchemy.pool import StaticPool

from gateway.backup import server
from gateway.backup.manifest import Facts
from outbox import ledger
from schemas.errors import BadDocument
from schemas.tables import ledger as entries
from schemas.tables import ledger_head

_ROWS: Final = 1_000
_NULL: Final = b"\\N"
# What the backslash stands for before each, but for itself.
_ESCAPED: Final = ((b"\\t", b"\t"), (b"\\n", b"\n"), (b"\\r", b"\r"))


def walked(file: Path, said: Facts) -> ledger.Verified:
    """The ledger of a dump, walked. Raises `BadDocument` MRX-9018 where its rows are not as many as
    the manifest says, `BadRequest` MRX-5071 without `pg_restore`.
    """
    engine = create_engine(
        "sqlite://",
        creator=lambda: pysqlite3.connect(""),  # a file without a name, gone with us
        module=pysqlite3,
        poolclass=StaticPool,
        hide_parameters=True,
    )
    try:
        with engine.begin() as tx:
            entries.create(tx)
            ledger_head.create(tx)
            rows = _read(tx, file)
            unlike = [name for name, n in rows.items() if said.rows.get(name, 0) != n]
            missing = [name for name, n in said.rows.items() if n and name not in rows]
            if unlike or missing:
                raise BadDocument("MRX-9018", because="its rows are not those of its manifest")
            return ledger.verify(tx)
    finally:
        engine.dispose()


def _read(tx: Connection, file: Path) -> dict[str, int]:
    """How many rows each table has; those of the ledger go into the connection's own."""
    kept: dict[str, Table] = {"ledger": entries, "ledger_head": ledger_head}
    counted: dict[str, int] = {}
    table, columns, held = "", list[str](), list[dict[str, str | None]]()

    def keep() -> None:
        if held:
            names = ", ".join(held[0])
            marks = ", ".join(f":{name}" for name in held[0])
            tx.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", held)  # noqa: S608
            held.clear()

    with server.script(file) as lines:
        for line in lines:
            if not table:
                if line.startswith(b"COPY ") and line.rstrip().endswith(b"FROM stdin;"):
                    table, columns = _copied(line)
                    counted[table] = 0
                    if table in kept and not set(kept[table].c.keys()) >= set(columns):
                        raise BadDocument("MRX-9018", because="its ledger has another shape")
            elif line == b"\\.\n":
                keep()
                table = ""
            else:
                counted[table] += 1
                if table in kept:
                    values = map(_value, line.rstrip(b"\n").split(b"\t"))
                    held.append(dict(zip(columns, values, strict=True)))
                    if len(held) == _ROWS:
                        keep()
    counted.pop(server.UNNAMED, None)
    return counted


def _copied(line: bytes) -> tuple[str, list[str]]:
    """The table and the columns of a COPY statement; only names that we know are taken further."""
    head, _, rest = line.decode().partition(" (")
    name = head.removeprefix("COPY ").rpartition(".")[2].strip('"')
    return name, [one.strip().strip('"') for one in rest.partition(")")[0].split(",")]


def _value(field: bytes) -> str | None:
    """One field of COPY's text format."""
    if field == _NULL:
        return None
    if b"\\" not in field:
        return field.decode()
    parts = field.split(b"\\\\")
    for written, meant in _ESCAPED:
        parts = [part.replace(written, meant) for part in parts]
    return b"\\".join(parts).decode()
