"""A gateway made for a row, in a folder of its own; its data in a SQLite file or on the server."""

import io
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL

from bench.ground import Engine, Ground
from bench.row import check
from gateway import home as homes
from gateway.cli.connecting import connect as connect_one
from gateway.intake import push_consents, push_members
from gateway.settings import Settings
from outbox import ledger
from outbox.house import House
from schemas.postgresql import PostgreSQL


@contextmanager
def made(
    ground: Ground, folder: Path, programme: str, *, engine: Engine = "sqlite"
) -> Iterator[House]:
    """The home of `programme` in FOLDER/PROGRAMME, open; its database goes at the end."""
    if engine == "postgresql":
        with ground.database() as url:
            yield from _open(ground, folder, programme, url)
    else:
        yield from _open(ground, folder, programme, None)


def _open(ground: Ground, folder: Path, programme: str, url: URL | None) -> Iterator[House]:
    place = folder / programme
    give_key(ground, place, programme)
    house = homes.init(Settings(home=place, database_url=url), programme)
    try:
        yield house
    finally:
        house.database.close()


def environment(house: House) -> dict[str, str]:
    """What a process of ours needs to open the same home."""
    if isinstance(house.database, PostgreSQL):
        return {"MRX_DATABASE_URL": house.database.url.render_as_string(hide_password=False)}
    return {}


def connect(ours: House, theirs: House, *, url: str | None) -> None:
    """Enable the exchange at our end: their certificate, and the address to push to."""
    connect_one(
        ours,
        theirs.programme,
        push_url=url,
        certificate=theirs.key.certificate,
        by="bench",
        now=datetime.now(UTC),
    )


def push(house: House, lines: Iterable[bytes], *, expect: int) -> None:
    """Push members as the source would. Raises `Wrong` unless that many are news."""
    now = datetime.now(UTC)
    body = b"".join(lines)
    order = push_members.Push(
        open=lambda: io.BytesIO(body), format="ndjson", mode="delta", as_of=now, now=now, by="bench"
    )
    check("members accepted", push_members.push(house, order).accepted, expect)


def push_grants(house: House, lines: Iterable[bytes], *, expect: int) -> None:
    """Push consents as the source would. Raises `Wrong` unless that many stand."""
    now = datetime.now(UTC)
    source = io.BytesIO(b"".join(lines))
    order = push_consents.Push(source=source, format="ndjson", as_of=now, now=now, by="bench")
    check("consents accepted", push_consents.push(house, order).accepted, expect)


def verify_ledger(house: House) -> int:
    """Walk the whole ledger; return its size, or raise `Wrong`."""
    with house.database.read() as tx:
        found = ledger.verify(tx)
    check("the ledger is broken at", found.broken_at, None)
    return found.head.size


def give_key(ground: Ground, place: Path, programme: str) -> None:
    """Lay the key of a programme where its home will look for it."""
    (place / homes.KEY).parent.mkdir(parents=True)
    for suffix in (".key", ".crt"):
        made = ground.key(programme).with_suffix(suffix)
        shutil.copy(made, (place / homes.KEY).with_suffix(suffix))
