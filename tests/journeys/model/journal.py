"""What went over the wire, read as a partner reads it: its own reader over the bytes it got."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mappers import MAPPERS
from schemas import exchange
from schemas.batch import Header
from schemas.receipt import Receipt
from schemas.record import Record
from signing.certificate import Certificate
from signing.open import content_of, open_sealed
from tests.journeys.model.model import Items


class Number(NamedTuple):
    """One number of one lane."""

    partner: str
    lane: str
    epoch: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that left; `announced` is version and items by ref."""

    number: Number
    header: Header
    digest: str
    content: bytes
    announced: Mapping[str, tuple[int, Items]]
    withdrawn: Sequence[str]


def read(partner: str, file: bytes, ours: Sequence[Certificate], at: datetime) -> File:
    """What a file says; `ours` are the certificates the partner believes."""
    opened = open_sealed(file, ours, at)
    said = exchange.read_batch(opened.content)
    head = said.header
    announced = {}
    for one in () if said.document is None else MAPPERS[partner].read(said.document):
        assert isinstance(one, Record), f"{partner} cannot read a record of {head}"
        assert one.ref not in announced, f"{one.ref} stands twice in {head}"
        announced[one.ref] = (one.version, items_of(one))
    assert head.announcements == len(announced)
    assert head.withdrawals == len(said.withdrawals)
    return File(
        number=Number(partner, head.lane.value, head.epoch, head.number),
        header=head,
        digest=opened.digest,
        content=opened.content,
        announced=announced,
        withdrawn=said.withdrawals,
    )


def items_of(one: Record) -> Items:
    return Items(
        name=one.name,
        identifiers=frozenset((i.scheme, i.value) for i in one.identifiers),
        status=one.status.value,
        since=one.member_since,
    )


def receipt(file: bytes) -> Receipt:
    """What a receipt says, its signature aside."""
    return exchange.read_receipt(content_of(file))


def number_of(partner: str, said: Receipt) -> Number:
    return Number(partner, said.lane.value, said.epoch, said.number)
