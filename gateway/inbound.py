"""A partner's batch, from raw bytes to a signed receipt.

    size -> whose certificate -> signature over the raw bytes -> guard, parse, XSD -> header
         -> seen before? -> in order? -> each record -> sudden? no: their roll
                                                        yes: it waits for a person
         -> the receipt and the ledger, in the same transaction -> the receipt

What breaks a rule of the exchange raises `Refused`, is not receipted and can be sent again. What
is in order but cannot be used is receipted as refused, so that the lane goes on. What waits is
receipted as received; how it is decided stands in `gateway.quarantine`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from gateway import arrived as reading
from gateway import sequence
from gateway.arrived import Arrived
from outbox import ledger, receipts
from outbox.house import House
from partners import agreements, certificates, foreign_roll, holdings, quarantine
from partners.foreign_roll import Standing
from partners.holdings import Side
from schemas import exchange
from schemas.errors import NotTrusted, Refused
from schemas.receipt import Erasure, Fate, Level, Receipt, Verdict
from schemas.tables import inbound_batches, lanes
from schemas.tables import receipts as receipts_
from signing.certificate import Certificate
from signing.open import Opened, open_sealed, signer_of
from signing.seal import seal


def take(house: House, file: bytes, *, bytes_max: int, now: datetime) -> bytes:
    """Take a partner's batch and return our receipt, sealed.

    Raises `NotTrusted` (not believed), `BadDocument` (no batch of ours could look like this) or
    `Refused` (a rule of the exchange is broken). Nothing of it is kept then.
    """
    partner, opened = believe(house, file, bytes_max=bytes_max, now=now)
    arrived = reading.read(house, partner, opened, file, now=now)
    with house.database.write(partner=partner) as tx:
        # The roll's row first: two deliveries of one batch at once are one after the other.
        standing = foreign_roll.lock(tx, partner, now=now)
        known = sequence.stored_receipt(
            tx, partner, arrived.header, opened.digest, content=opened.content
        )
        if known is not None:
            _told(tx, arrived)
            return known
        foreign_roll.heard(tx, partner, now)
        _replace(tx, arrived, now=now)
        waits = _is_sudden(tx, arrived, standing)
        if waits:
            quarantine.hold(tx, arrived.place, arrived.announced, arrived.withdrawals)
            receipt = _receipt(house, arrived, Level.RECEIVED, now=now)
        else:
            receipt = apply(tx, house, arrived, now=now)
        sealed = seal(exchange.write_receipt(receipt), house.key, now)
        _keep(tx, arrived, receipt, sealed, state="quarantined" if waits else "applied", now=now)
    return sealed


def take_receipt(house: House, file: bytes, *, bytes_max: int, now: datetime) -> None:
    """Take a receipt that a partner brings by itself (it pulled, or its nightly load is done).

    The same receipt again changes nothing. Raises as `take` does, and `Refused` MRX-4009 or
    MRX-4010 if it does not answer the newest issue of a batch of ours.
    """
    partner, _ = believe(house, file, bytes_max=bytes_max, now=now)
    believed = receipts.believe(house, partner, file, now=now)
    with house.bell.after(), house.database.write(partner=partner) as tx:
        tx.execute(select(lanes.c.id).where(lanes.c.partner == partner).with_for_update())
        known = select(receipts_.c.digest).where(receipts_.c.digest == believed.digest)
        if tx.scalar(known) is None:  # anybody may bring an old one again
            foreign_roll.heard(tx, partner, now)
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


def apply(tx: Connection, house: House, arrived: Arrived, *, now: datetime) -> Receipt:
    """Bring the roll up to this batch, and say what became of it. Refs and versions make the order
    harmless: what the roll has newer stays, what was withdrawn stays away.
    """
    if arrived.unusable is not None:
        return refused(tx, house, arrived, arrived.unusable, now=now)
    partner = arrived.partner
    held = foreign_roll.withdraw(tx, partner, arrived.withdrawals, now=now)
    foreign_roll.announce(tx, partner, arrived.records, categories=arrived.categories, now=now)
    # Their clock may run ahead; what they said is no newer than now.
    foreign_roll.described(tx, partner, min(arrived.header.created, now))
    erasures = tuple(
        Erasure(ref=ref, fate=Fate.ERASED if ref in held else Fate.NOT_HELD)
        for ref in arrived.withdrawals
    )
    now_held = holdings.held(tx, partner, Side.THEIRS)
    return _receipt(
        house,
        arrived,
        Level.APPLIED,
        now=now,
        verdict=Verdict.REFUSALS if arrived.refused else Verdict.ALL,
        refused=arrived.refused,
        withdrawals=erasures,
        held=foreign_roll.size(tx, partner),
        holdings=now_held.digest,
    )


def refused(tx: Connection, house: House, arrived: Arrived, code: str, *, now: datetime) -> Receipt:
    """Nothing of this batch is taken, for this reason; its number is closed."""
    return _receipt(
        house,
        arrived,
        Level.APPLIED,
        now=now,
        verdict=Verdict.REFUSED,
        code=code,
        held=foreign_roll.size(tx, arrived.partner),
        holdings=holdings.held(tx, arrived.partner, Side.THEIRS).digest,
    )


def _receipt(
    house: House, arrived: Arrived, level: Level, *, now: datetime, **said: Any
) -> Receipt:
    header = arrived.header
    return Receipt(
        sender=house.programme,
        recipient=arrived.partner,
        lane=header.lane,
        epoch=header.epoch,
        number=header.number,
        issue=header.issue,
        digest=arrived.opened.digest,
        level=level,
        at=now.replace(microsecond=0),
        **said,
    )


def _is_sudden(tx: Connection, arrived: Arrived, standing: Standing) -> bool:
    """Whether it would change their roll by more than a day should."""
    if arrived.unusable is not None:
        return False
    percent = agreements.get(tx, arrived.partner).quarantine_percent
    announced = [record.ref for record in arrived.records]

    def sudden(come: int, gone: int) -> bool:
        return quarantine.sudden(
            size=standing.size, baseline=standing.baseline, percent=percent, come=come, gone=gone
        )

    if not sudden(len(announced), len(arrived.withdrawals)):  # not even at the most
        return False
    return sudden(*foreign_roll.effect(tx, arrived.partner, announced, arrived.withdrawals))


def _replace(tx: Connection, arrived: Arrived, *, now: datetime) -> None:
    """An earlier issue that waits for a person is overtaken by this one: nobody need decide it,
    and what it was decided need not be told.
    """
    b, place = inbound_batches.c, arrived.place
    number = (
        (b.partner == place.partner)
        & (b.kind == place.kind)
        & (b.epoch == place.epoch)
        & (b.number == place.number)
    )
    tx.execute(update(inbound_batches).where(number).values(owed=False))
    waiting = number & (b.state == "quarantined")
    for issue in tx.scalars(select(b.issue).where(waiting)).all():
        earlier = quarantine.Place(
            partner=place.partner,
            kind=place.kind,
            epoch=place.epoch,
            number=place.number,
            issue=issue,
        )
        quarantine.release(tx, earlier)
        said = {"state": "rejected", "decided_at": now, "reason": "a newer issue replaced it"}
        tx.execute(update(inbound_batches).where(waiting, b.issue == issue).values(**said))


def _told(tx: Connection, arrived: Arrived) -> None:
    """They have come again for the receipt that is owed. One that we can bring, we bring."""
    agreement = agreements.get(tx, arrived.partner)
    if agreement.push_url is None and agreement.pull_url is None:
        b, place = inbound_batches.c, arrived.place
        mine = (b.partner == place.partner) & (b.kind == place.kind) & (b.epoch == place.epoch)
        number = b.number == place.number
        tx.execute(update(inbound_batches).where(mine, number).values(owed=False))


def _keep(
    tx: Connection, arrived: Arrived, receipt: Receipt, sealed: bytes, *, state: str, now: datetime
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
            state=state,
            announced=header.announcements,
            withdrawn=header.withdrawals,
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
        "state": state,
        "verdict": receipt.verdict,
        "refused": len(receipt.refused),
        "code": receipt.code,
    }
    ledger.add(tx, "received", told, now=now, partner=arrived.partner)
