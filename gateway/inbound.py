"""A partner's batch, from raw bytes to a signed receipt.

    size -> whose certificate -> signature over the raw bytes -> guard, parse, XSD -> header
         -> seen before? -> in order? -> each record -> sudden? no: their roll
                                                        yes: it waits for a person
         -> the receipt and the ledger, in the same transaction -> the receipt

What breaks a rule of the exchange raises `Refused`, is not receipted and can be sent again. What
is in order but cannot be used is receipted as refused, so that the lane goes on. What waits is
receipted as received; how it is decided stands in `gateway.quarantine`.
"""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from gateway import arrived as reading
from gateway import contradiction, sequence
from gateway.arrived import Arrived
from outbox import ledger, receipts, watch
from outbox.house import House
from partners import agreements, certificates, foreign_news, foreign_roll, quarantine
from partners.agreements import Registered
from partners.foreign_news import News, Ready
from partners.foreign_roll import Standing
from schemas import exchange
from schemas.errors import NotTrusted, Refused
from schemas.receipt import Erasure, Fate, Level, Receipt, Verdict
from schemas.tables import inbound_batches, lanes
from schemas.tables import receipts as receipts_
from signing.certificate import Certificate
from signing.open import Opened, open_sealed, signer_of
from signing.seal import seal

_STORE = insert(inbound_batches)
_LANES = select(lanes.c.id).where(lanes.c.partner == bindparam("of")).with_for_update()
_FILED = select(receipts_.c.digest).where(receipts_.c.digest == bindparam("file"))


@watch.step("inbound")
def take(house: House, file: bytes, *, bytes_max: int, now: datetime) -> bytes:
    """Take a partner's batch and return our receipt, sealed.

    Raises `NotTrusted` (not believed), `BadDocument` (no batch of ours could look like this) or
    `Refused` (a rule of the exchange is broken). Nothing of it is kept then; that it contradicts
    what we have is noted.
    """
    partner, opened, terms = _believed(house, file, bytes_max=bytes_max, now=now)
    agreed = terms.agreement.format
    arrived = reading.read(house, partner, opened, file, agreed=agreed, now=now)
    watch.say(partner=partner, lane=arrived.place.kind, batch=arrived.place.number, outcome="known")
    with house.database.write(partner=partner) as tx:
        # The roll's row first: two deliveries of one batch at once are one after the other.
        standing = foreign_roll.lock(tx, partner, now=now)
        known = contradiction.or_known(tx, arrived, now=now)
        if isinstance(known, bytes):
            _told(tx, arrived)
        elif known is None:
            known = _new(tx, house, arrived, standing.heard(now), now=now)
    if isinstance(known, Refused):
        raise known  # after the commit: what it proves has been noted
    return known


def _new(
    tx: Connection, house: House, arrived: Arrived, standing: Standing, *, now: datetime
) -> bytes:
    """Take what is next in its lane; our receipt, sealed."""
    if arrived.header.issue > 1:
        _replace(tx, arrived, now=now)
    terms = agreements.get(tx, arrived.partner)  # once more: now nobody changes it meanwhile
    news = weigh(tx, arrived)
    if _is_sudden(news, standing, terms):
        receipt = _receipt(house, arrived, Level.RECEIVED, now=now)
        sealed = _keep(tx, house, arrived, receipt, now=now)
        foreign_roll.keep(tx, arrived.partner, standing)
        quarantine.hold(tx, arrived.place, arrived.announced, arrived.withdrawals)
    else:
        receipt, ready = apply(tx, house, arrived, news, standing, terms, now=now)
        sealed = _keep(tx, house, arrived, receipt, now=now)
        foreign_news.write(tx, ready, now=now)
    _tell(tx, arrived, receipt, now=now)
    watch.say(outcome=receipt.level.value)
    return sealed


def take_receipt(house: House, file: bytes, *, bytes_max: int, now: datetime) -> None:
    """Take a receipt that a partner brings by itself (it pulled, or its nightly load is done).

    The same receipt again changes nothing. Raises as `take` does, and `Refused` MRX-4009 or
    MRX-4010 if it does not answer the newest issue of a batch of ours.
    """
    partner, _ = believe(house, file, bytes_max=bytes_max, now=now)
    believed = receipts.believe(house, partner, file, now=now)
    with house.bell.after(), house.database.write(partner=partner) as tx:
        tx.execute(_LANES, {"of": partner})
        if (
            tx.scalar(_FILED, {"file": believed.digest}) is None
        ):  # anybody may bring an old one again
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
    partner, opened, _ = _believed(house, file, bytes_max=bytes_max, now=now)
    return partner, opened


def _believed(
    house: House, file: bytes, *, bytes_max: int, now: datetime
) -> tuple[str, Opened, Registered]:
    """The same, with that partner's agreement as it stands."""
    fingerprint = signer_of(file, bytes_max=bytes_max)
    with house.database.read() as tx:
        # Of all that are pinned for its owner, a file can only be opened with the one it carries.
        pinned = certificates.get(tx, fingerprint)
        if pinned is None:
            raise NotTrusted("MRX-3004")
        terms = agreements.get(tx, pinned.partner)
    trusted = [Certificate.parse(pinned.pem.encode())]
    return pinned.partner, open_sealed(file, trusted, now, bytes_max=bytes_max), terms


def weigh(tx: Connection, arrived: Arrived) -> News:
    """What this batch would change of the roll, which the caller has locked."""
    return foreign_news.weigh(tx, arrived.partner, arrived.records, arrived.withdrawals)


def apply(
    tx: Connection,
    house: House,
    arrived: Arrived,
    news: News,
    standing: Standing,
    terms: Registered,
    *,
    now: datetime,
) -> tuple[Receipt, Ready]:
    """What becomes of this batch, and what is to be written then (`foreign_news.write`). Refs and
    versions make the order harmless: what the roll has newer stays, what was withdrawn stays away.
    """
    if arrived.unusable is None:
        # Their clock may run ahead; what they said is no newer than now.
        standing = standing.described(min(arrived.header.created, now))
    ready = foreign_news.ready(
        tx, news, standing, coverage=terms.coverage, categories=arrived.categories, now=now
    )
    if arrived.unusable is not None:
        return refused(house, arrived, arrived.unusable, standing, ready.digest, now=now), ready
    held = frozenset(news.gone)
    receipt = _receipt(
        house,
        arrived,
        Level.APPLIED,
        now=now,
        verdict=Verdict.REFUSALS if arrived.refused else Verdict.ALL,
        refused=arrived.refused,
        withdrawals=tuple(
            [
                Erasure(ref=ref, fate=Fate.ERASED if ref in held else Fate.NOT_HELD)
                for ref in arrived.withdrawals
            ]
        ),
        held=ready.standing.size,
        holdings=ready.digest,
    )
    return receipt, ready


def refused(
    house: House, arrived: Arrived, code: str, standing: Standing, digest: str, *, now: datetime
) -> Receipt:
    """Nothing of this batch is taken, for this reason; its number is closed."""
    return _receipt(
        house,
        arrived,
        Level.APPLIED,
        now=now,
        verdict=Verdict.REFUSED,
        code=code,
        held=standing.size,
        holdings=digest,
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


def _is_sudden(news: News, standing: Standing, terms: Registered) -> bool:
    """Whether it would change their roll by more than a day should."""
    return quarantine.sudden(
        size=standing.size,
        baseline=standing.baseline,
        percent=terms.quarantine_percent,
        come=news.come,
        gone=len(news.gone),
    )


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
        quarantine.release(tx, replace(place, issue=issue))
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
    tx: Connection, house: House, arrived: Arrived, receipt: Receipt, *, now: datetime
) -> bytes:
    """The file and its receipt, which is returned sealed, and the lane's new place."""
    header, digest = arrived.header, arrived.opened.digest
    sealed = seal(exchange.write_receipt(receipt), house.key, now)
    row = {
        **asdict(arrived.place),
        "digest": digest,
        "file": arrived.file,
        "receipt": sealed,
        "certificate": arrived.opened.signer.fingerprint,
        "received_at": now,
        "state": _state(receipt),
        "announced": header.announcements,
        "withdrawn": header.withdrawals,
    }
    tx.execute(_STORE, row)
    sequence.advance(tx, arrived.partner, header, digest)
    return sealed


def _tell(tx: Connection, arrived: Arrived, receipt: Receipt, *, now: datetime) -> None:
    """The ledger's word."""
    header = arrived.header
    told = {
        "lane": header.lane.value,
        "epoch": header.epoch,
        "batch": header.number,
        "issue": header.issue,
        "digest": arrived.opened.digest,
        "announced": header.announcements,
        "withdrawn": header.withdrawals,
        "state": _state(receipt),
        "verdict": receipt.verdict,
        "refused": len(receipt.refused),
        "code": receipt.code,
    }
    ledger.add(tx, "received", told, now=now, partner=arrived.partner)


def _state(receipt: Receipt) -> str:
    return "quarantined" if receipt.level is Level.RECEIVED else "applied"
