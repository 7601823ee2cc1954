"""A partner's batch, from raw bytes to a signed receipt.

    size -> whose certificate -> signature over the raw bytes -> guard, parse, XSD -> header
         -> seen before? -> in order? -> each record -> their roll, the receipt and the ledger
            in one transaction -> the receipt

What breaks a rule of the exchange raises `Refused`, is not receipted and can be sent again. What
is in order but cannot be used is receipted as refused, so that the lane goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from gateway import sequence
from mappers import MAPPERS
from mappers.base import Mapper, Misread
from outbox import ledger, receipts
from outbox.house import House
from partners import agreements, certificates, foreign_roll
from schemas import exchange
from schemas import ref as refs
from schemas.batch import Header
from schemas.errors import BadDocument, NotTrusted, Refused
from schemas.receipt import Erasure, Fate, Level, Receipt, Refusal, Verdict
from schemas.record import Record
from schemas.tables import inbound_batches, lanes
from signing.certificate import Certificate
from signing.open import Opened, open_sealed, signer_of
from signing.seal import seal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrived:
    """A batch that is believed and addressed to us."""

    partner: str
    header: Header
    opened: Opened
    file: bytes
    withdrawals: tuple[str, ...]
    records: tuple[Record, ...]
    refused: tuple[Refusal, ...]
    unusable: str | None  # why the document as a whole cannot be used


def take(house: House, file: bytes, *, bytes_max: int, now: datetime) -> bytes:
    """Take a partner's batch and return our receipt, sealed.

    Raises `NotTrusted` (not believed), `BadDocument` (no batch of ours could look like this) or
    `Refused` (a rule of the exchange is broken). Nothing of it is kept then.
    """
    partner, opened = believe(house, file, bytes_max=bytes_max, now=now)
    arrived = _read(house, partner, opened, file, now=now)
    with house.database.write() as tx:
        known = sequence.stored_receipt(tx, partner, arrived.header, opened.digest)
        if known is not None:
            return known
        receipt = _apply(tx, house, arrived, now=now)
        sealed = seal(exchange.write_receipt(receipt), house.key, now)
        _keep(tx, arrived, receipt, sealed, now=now)
    return sealed


def take_receipt(house: House, file: bytes, *, bytes_max: int, now: datetime) -> None:
    """Take a receipt that a partner brings by itself (it pulled, or its nightly load is done).

    The same receipt again changes nothing. Raises as `take` does, and `Refused` MRX-4009 or
    MRX-4010 if it does not answer the newest issue of a batch of ours.
    """
    partner, _ = believe(house, file, bytes_max=bytes_max, now=now)
    believed = receipts.believe(house, partner, file, now=now)
    with house.database.write() as tx:
        tx.execute(select(lanes.c.id).where(lanes.c.partner == partner).with_for_update())
        try:
            batch = receipts.answered(tx, believed, partner, now=now)
        except Refused as reason:
            refused = reason  # raised after the commit: what it proves has been filed
        else:
            receipts.settle(tx, house, batch, believed, now=now)
            return
    raise refused


def believe(house: House, file: bytes, *, bytes_max: int, now: datetime) -> tuple[str, Opened]:
    """Whose file this is, and what was signed. The signer is whoever the certificate is pinned
    for; nobody else's word is asked (P6).
    """
    fingerprint = signer_of(file, bytes_max=bytes_max)
    with house.database.read() as tx:
        partner = certificates.owner(tx, fingerprint)
        pinned = [] if partner is None else certificates.pinned(tx, partner)
    if partner is None:
        raise NotTrusted("MRX-3004")
    trusted = [Certificate.parse(one.pem.encode()) for one in pinned]
    return partner, open_sealed(file, trusted, now, bytes_max=bytes_max)


def _read(house: House, partner: str, opened: Opened, file: bytes, *, now: datetime) -> _Arrived:
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
    with house.database.read() as tx:
        agreed = agreements.get(tx, partner).agreement.format
    records: list[Record] = []
    refused: list[Refusal] = []
    if header.format != agreed:
        unusable = "MRX-4008"
    if batch is not None and unusable is None:
        try:
            _sort(batch, MAPPERS[agreed.partition("/")[0]], records, refused, now=now)
        except (BadDocument, Refused) as reason:
            unusable = reason.code
    return _Arrived(
        partner=partner,
        header=header,
        opened=opened,
        file=file,
        withdrawals=() if batch is None else batch.withdrawals,
        records=tuple(records),
        refused=tuple(refused),
        unusable=unusable,
    )


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
    for one in () if batch.document is None else mapper.read(batch.document):
        if isinstance(one, Misread):
            if one.ref is None or not refs.is_ref(one.ref):
                raise BadDocument(one.code)
            refused.append(Refusal(ref=one.ref, code=one.code))
        elif one.member_since > now.date():
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


def _apply(tx: Connection, house: House, arrived: _Arrived, *, now: datetime) -> Receipt:
    header = arrived.header
    erasures: list[Erasure] = []
    verdict = Verdict.REFUSED
    if arrived.unusable is None:
        held = foreign_roll.withdraw(tx, arrived.partner, arrived.withdrawals, now=now)
        foreign_roll.announce(tx, arrived.partner, arrived.records, now=now)
        erasures = [
            Erasure(ref=ref, fate=Fate.ERASED if ref in held else Fate.NOT_HELD)
            for ref in arrived.withdrawals
        ]
        verdict = Verdict.REFUSALS if arrived.refused else Verdict.ALL
    return Receipt(
        sender=house.programme,
        recipient=arrived.partner,
        lane=header.lane,
        epoch=header.epoch,
        number=header.number,
        issue=header.issue,
        digest=arrived.opened.digest,
        level=Level.APPLIED,
        at=now.replace(microsecond=0),
        verdict=verdict,
        code=arrived.unusable,
        refused=arrived.refused if arrived.unusable is None else (),
        withdrawals=tuple(erasures),
        held=foreign_roll.size(tx, arrived.partner),
    )


def _keep(
    tx: Connection, arrived: _Arrived, receipt: Receipt, sealed: bytes, *, now: datetime
) -> None:
    """The file and its receipt, the lane's new place, and the ledger's word."""
    header = arrived.header
    tx.execute(
        insert(inbound_batches).values(
            partner=arrived.partner,
            kind=header.lane.value,
            epoch=header.epoch,
            number=header.number,
            issue=header.issue,
            digest=arrived.opened.digest,
            file=arrived.file,
            receipt=sealed,
            certificate=arrived.opened.signer.fingerprint,
            received_at=now,
        )
    )
    sequence.advance(tx, arrived.partner, header, arrived.opened.digest)
    told = {
        "lane": header.lane.value,
        "epoch": header.epoch,
        "batch": header.number,
        "issue": header.issue,
        "digest": arrived.opened.digest,
        "announced": header.announcements,
        "withdrawn": header.withdrawals,
        "verdict": receipt.verdict,
        "refused": len(receipt.refused),
        "code": receipt.code,
    }
    ledger.add(tx, "received", told, now=now, partner=arrived.partner)
