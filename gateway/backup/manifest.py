"""What a backup says of itself: whose it is, of when, where its ledger and lanes stood, its parts."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, select

from outbox import ledger
from schemas import migration
from schemas.errors import BadDocument
from schemas.programme import PROGRAMMES
from schemas.tables import home, lanes, metadata

FORMAT: Final = 1
SQLITE: Final = "database.sqlite"
DUMP: Final = "database.dump"
README: Final = "README.txt"
SIGNED: Final = "manifest.p7m"
BYTES_MAX: Final = 1 << 20
_PART = re.compile(r"database\.(sqlite|dump)|README\.txt|keys/[A-Za-z0-9][A-Za-z0-9.-]{0,99}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SCHEMA = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of the archive."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a lane had come: the number that would have been sealed next."""

    partner: str
    lane: str
    epoch: str
    next_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the copied database says, at the moment of the copy."""

    programme: str
    schema: str
    ledger_size: int
    ledger_digest: str
    lanes: tuple[Place, ...]
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`made_at` is just before the copy's moment: all that it lacks was written after."""

    made_at: datetime
    made_by: str
    version: str
    database: str
    certificate: str
    with_keys: bool
    facts: Facts
    parts: Mapping[str, Part]


def facts(tx: Connection) -> Facts:
    """What a database says of itself, from one view of it."""
    head = ledger.head(tx)
    places = select(lanes.c.partner, lanes.c.kind, lanes.c.epoch, lanes.c.next_number)
    counted = {
        name: tx.scalar(select(func.count()).select_from(table)) or 0
        for name, table in sorted(metadata.tables.items())
    }
    return Facts(
        programme=tx.scalars(select(home.c.programme)).one(),
        schema=migration.current(tx) or "",
        ledger_size=head.size,
        ledger_digest=head.digest,
        lanes=tuple(
            Place(partner=row.partner, lane=row.kind, epoch=row.epoch, next_number=row.next_number)
            for row in tx.execute(places.order_by(lanes.c.partner, lanes.c.kind))
        ),
        rows=counted,
    )


def written(manifest: Manifest) -> bytes:
    told = {"format": FORMAT, **asdict(manifest)}
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z) + b"\n"


def read(document: bytes) -> Manifest:
    """The manifest in these bytes. Raises `BadDocument` MRX-9018 for anything else."""
    try:
        said = orjson.loads(document)
        if said["format"] != FORMAT:
            raise BadDocument("MRX-9018", because="it is of another format")
        told = said["facts"]
        return Manifest(
            made_at=_moment(said["made_at"]),
            made_by=_word(said["made_by"]),
            version=_word(said["version"]),
            database=_word(said["database"]),
            certificate=_shape(_DIGEST, said["certificate"]),
            with_keys=said["with_keys"] is True,
            facts=Facts(
                programme=_programme(told["programme"]),
                schema=_shape(_SCHEMA, told["schema"]),
                ledger_size=_whole(told["ledger_size"]),
                ledger_digest=_shape(_DIGEST, told["ledger_digest"]),
                lanes=tuple(_place(one) for one in told["lanes"]),
                rows={_word(name): _whole(n) for name, n in told["rows"].items()},
            ),
            parts={
                _shape(_PART, name): Part(
                    bytes=_whole(part["bytes"]), sha256=_shape(_DIGEST, part["sha256"])
                )
                for name, part in said["parts"].items()
            },
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadDocument("MRX-9018", because="its manifest has another shape") from error


def _place(said: Mapping[str, Any]) -> Place:
    return Place(
        partner=_word(said["partner"]),
        lane=_word(said["lane"]),
        epoch=_word(said["epoch"]),
        next_number=_whole(said["next_number"]),
    )


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


def _programme(text: str) -> str:
    if text not in PROGRAMMES:
        raise ValueError(text)
    return text


def _word(text: Any) -> str:
    if not isinstance(text, str) or len(text) > 200 or not text.isprintable():
        raise ValueError
    return text


def _whole(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 1 << 62:
        raise ValueError
    return number


def _shape(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError
    return text
