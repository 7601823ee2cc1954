"""A partner's batch that is believed, read: what can be taken of it, and what cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mappers import MAPPERS
from mappers.base import Mapper, Misread
from outbox.house import House
from partners.quarantine import Place
from schemas import exchange
from schemas import ref as refs
from schemas.batch import Header
from schemas.errors import BadDocument, Refused
from schemas.receipt import Refusal
from schemas.record import Record
from signing.open import Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A batch that is believed and addressed to us. `unusable` says why the document as a whole
    cannot be used; `categories` what kind of member a ref is, where their format says it.
    """

    partner: str
    header: Header
    opened: Opened
    file: bytes = field(repr=False)
    withdrawals: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
    refused: tuple[Refusal, ...] = ()
    categories: Mapping[str, str] = field(default_factory=dict)
    unusable: str | None = None

    @property
    def place(self) -> Place:
        return Place(
            partner=self.partner,
            kind=self.header.lane.value,
            epoch=self.header.epoch,
            number=self.header.number,
            issue=self.header.issue,
        )

    @property
    def announced(self) -> list[str]:
        """The refs of all announcements, those that are refused too."""
        return [record.ref for record in self.records] + [refusal.ref for refusal in self.refused]


def read(
    house: House, partner: str, opened: Opened, file: bytes, *, agreed: str, now: datetime
) -> Arrived:
    """Read what this partner signed; `agreed` is the format of its agreement.

    Raises `BadDocument` if not even its header can be read, and `Refused` MRX-4001 or MRX-4002 if
    it is not from it to us.
    """
    batch: exchange.ReadBatch | None = None
    unusable: str | None = None
    try:
        batch = exchange.read_batch(opened.content)
        header = batch.header
    except (BadDocument, Refused) as reason:
        # Signed, and no batch that can be used: if its header at least can be read, it is answered.
        header, unusable = exchange.read_header(opened.content), reason.code
    if header.sender != partner:
        raise Refused("MRX-4002")
    if header.recipient != house.programme:
        raise Refused("MRX-4001")
    if header.format != agreed:
        unusable = unusable or "MRX-4008"
    if batch is None or unusable is not None:
        return Arrived(partner=partner, header=header, opened=opened, file=file, unusable=unusable)
    mapper = MAPPERS[agreed.partition("/")[0]]
    records: list[Record] = []
    refused: list[Refusal] = []
    try:
        _sort(batch, mapper, records, refused, now=now)
    except (BadDocument, Refused) as reason:
        return Arrived(
            partner=partner, header=header, opened=opened, file=file, unusable=reason.code
        )
    return Arrived(
        partner=partner,
        header=header,
        opened=opened,
        file=file,
        withdrawals=batch.withdrawals,
        records=tuple(records),
        refused=tuple(refused),
        categories=_categories(batch, mapper, partner),
    )


def _categories(batch: exchange.ReadBatch, mapper: Mapper, partner: str) -> dict[str, str]:
    """Only a programme's own members have its categories; what it says of ours has none."""
    if batch.document is None or partner != mapper.PROGRAMME:
        return {}
    return mapper.categories(batch.document)


def _sort(
    batch: exchange.ReadBatch,
    mapper: Mapper,
    records: list[Record],
    refused: list[Refusal],
    *,
    now: datetime,
) -> None:
    """Read the document: what can be taken, and what is refused by its ref and a code. A record
    that does not even say its ref cannot be refused alone: the document is refused with it.
    """
    today = now.date()
    for one in () if batch.document is None else mapper.read(batch.document):
        if isinstance(one, Misread):
            if one.ref is None or not refs.is_ref(one.ref):
                raise BadDocument(one.code)
            refused.append(Refusal(ref=one.ref, code=one.code))
        elif one.member_since > today:
            refused.append(Refusal(ref=one.ref, code="MRX-1112"))
        else:
            records.append(one)
    _check(batch.header, records, refused, batch.withdrawals)


def _check(
    header: Header, records: Sequence[Record], refused: Sequence[Refusal], withdrawn: Sequence[str]
) -> None:
    refs = [record.ref for record in records] + [refusal.ref for refusal in refused]
    if (len(refs), len(withdrawn)) != (header.announcements, header.withdrawals):
        raise Refused("MRX-4007")
    if len({*refs, *withdrawn}) != len(refs) + len(withdrawn):
        raise BadDocument("MRX-2308")
