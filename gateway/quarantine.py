"""A person's word on a batch that waits.

    quarantined --approve--> applied     the stored file is applied now
                --reject --> rejected    nothing of it is taken

Either way the partner is owed a new receipt, "applied" in place of "received". It is stored in
place of the old one, so that a repetition of the batch is answered with it, and brought to the
partner where we know its address (`gateway.owed`). Later batches of the lane have gone on
meanwhile; versions and tombstones make their order harmless.
"""

from datetime import datetime

from sqlalchemy import Connection, select, update

from gateway import arrived as reading
from gateway import inbound, inbound_batches
from gateway.arrived import Arrived
from gateway.inbound_batches import Inbound, State
from outbox import ledger
from outbox.house import House
from partners import agreements, foreign_news, foreign_roll, holdings, quarantine
from partners.foreign_roll import Standing
from partners.holdings import Side
from schemas import exchange
from schemas.errors import BadRequest, NotTrusted
from schemas.receipt import Receipt, Verdict
from schemas.tables import certificates
from schemas.tables import inbound_batches as batches
from signing.certificate import Certificate
from signing.open import open_sealed
from signing.seal import seal

TURNED_DOWN = "MRX-4015"


def approve(
    house: House, batch_id: str, *, by: str, reason: str, now: datetime, gone: int | None = None
) -> Inbound:
    """Let a batch in that waits. `gone` is how many of the roll would go, as a person typed it.

    Raises `BadRequest`: MRX-5014 (no such batch), MRX-5022 (it does not wait, or not any more),
    MRX-7024 (another number would go by now), and `NotTrusted` MRX-3004 if the certificate that
    signed it has been withdrawn meanwhile.

    What it changes is what the roll is measured against from now on: a person has seen it.
    """
    arrived = _again(house, batch_id, now=now, withdrawn=False)
    with house.database.write() as tx:
        standing = _must_wait(tx, arrived, now=now)
        if gone is not None and gone != quarantine.plan(tx, arrived.place).gone:
            raise BadRequest("MRX-7024")
        quarantine.release(tx, arrived.place)
        terms = agreements.get(tx, arrived.partner)
        news = inbound.weigh(tx, arrived)
        receipt, ready = inbound.apply(tx, house, arrived, news, standing, terms, now=now)
        foreign_news.write(tx, ready, now=now)
        foreign_roll.measure_anew(tx, arrived.partner, now=now)
        # A gateway that has since agreed on another format refuses what it approved.
        taken = receipt.verdict is not Verdict.REFUSED
        state = State.APPLIED if taken else State.REJECTED
        _decide(tx, house, arrived, receipt, state, by=by, reason=reason, now=now)
        return inbound_batches.get(tx, batch_id)


def reject(house: House, batch_id: str, *, by: str, reason: str, now: datetime) -> Inbound:
    """Turn a batch down that waits; the partner hears MRX-4015. Raises as `approve` does."""
    arrived = _again(house, batch_id, now=now, withdrawn=True)
    with house.database.write() as tx:
        standing = _must_wait(tx, arrived, now=now)
        quarantine.release(tx, arrived.place)
        digest = holdings.held(tx, arrived.partner, Side.THEIRS).digest
        receipt = inbound.refused(house, arrived, TURNED_DOWN, standing, digest, now=now)
        _decide(tx, house, arrived, receipt, State.REJECTED, by=by, reason=reason, now=now)
        return inbound_batches.get(tx, batch_id)


def receipt_of(tx: Connection, batch_id: str) -> bytes:
    """Our newest receipt for a batch, to be handed over by other means."""
    place = inbound_batches.get(tx, batch_id).place
    return bytes(tx.scalars(select(batches.c.receipt).where(inbound_batches.where(place))).one())


def _again(house: House, batch_id: str, *, now: datetime, withdrawn: bool) -> Arrived:
    """The stored file, read again outside of any transaction: it may be large. `withdrawn`: also
    one whose certificate is trusted no more.
    """
    with house.database.read() as tx:
        found = inbound_batches.get(tx, batch_id)
        if found.state is not State.QUARANTINED:
            raise BadRequest("MRX-5022", state=found.state.value)
        query = select(batches.c.file).where(inbound_batches.where(found.place))
        file = bytes(tx.scalars(query).one())
        mine = certificates.c.fingerprint == found.certificate
        pinned = tx.execute(select(certificates).where(mine)).one()
        agreed = agreements.get(tx, found.place.partner).agreement.format
    if pinned.withdrawn_at is not None and not withdrawn:
        raise NotTrusted("MRX-3004")
    # It was believed when it came; that its certificate may be over by now changes nothing.
    signer = Certificate.parse(pinned.pem.encode())
    opened = open_sealed(file, [signer], found.received_at, bytes_max=len(file))
    return reading.read(house, found.place.partner, opened, file, agreed=agreed, now=now)


def _must_wait(tx: Connection, arrived: Arrived, *, now: datetime) -> Standing:
    """Lock the roll, and look once more: another person may have been faster."""
    standing = foreign_roll.lock(tx, arrived.partner, now=now)
    query = select(batches.c.state).where(inbound_batches.where(arrived.place))
    state = tx.scalars(query).one()
    if state != State.QUARANTINED:
        raise BadRequest("MRX-5022", state=state)
    return standing


def _decide(
    tx: Connection,
    house: House,
    arrived: Arrived,
    receipt: Receipt,
    state: State,
    *,
    by: str,
    reason: str,
    now: datetime,
) -> None:
    tx.execute(
        update(batches)
        .where(inbound_batches.where(arrived.place))
        .values(
            state=state.value,
            receipt=seal(exchange.write_receipt(receipt), house.key, now),
            decided_by=by,
            decided_at=now,
            reason=reason,
            owed=True,
        )
    )
    place = arrived.place
    told = {
        "lane": place.kind,
        "epoch": place.epoch,
        "batch": place.number,
        "issue": place.issue,
        "digest": arrived.opened.digest,
        "state": state.value,
        "verdict": receipt.verdict,
        "refused": len(receipt.refused),
        "code": receipt.code,
        "by": by,
        "reason": reason,
    }
    ledger.add(tx, "quarantine decided", told, now=now, partner=place.partner)
