"""What a bad partner does to its roll behind the sender's back: refuse members, or lose them.

A refusal is kept as the receipt of its batch, so that the batch, when it comes again, is answered
alike. What is forgotten is gone without a tombstone, as after a restored backup.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from gateway import inbound, sequence
from gateway.sandbox import receipts
from gateway.sandbox.receipts import REFUSING_CODE
from outbox.house import House
from partners import foreign_roll, holdings
from partners.holdings import Side
from schemas import exchange
from schemas.batch import Header
from schemas.receipt import Level, Receipt, Refusal, Verdict
from schemas.tables import foreign_identifiers, foreign_members, foreign_rolls, inbound_batches
from signing.seal import seal

# What this partner calls its refusal of a member: a word of its own, as real ones have.
PICKY_CODE = "NOT-IN-OUR-REGISTER"


def known(house: House, partner: str) -> frozenset[str]:
    """The refs of the members of a partner that live on our roll."""
    with house.database.read() as tx:
        return frozenset(tx.scalars(_live(partner)))


def refuse_some(
    house: House, sealed: bytes, before: Collection[str], *, now: datetime
) -> bytes | None:
    """Refuse every second member of an applied batch that was not known `before`; the receipt
    that says so, or None where there is none to refuse.
    """
    receipt = receipts.read(house, sealed, now=now)
    if receipt.level is Level.RECEIVED or receipt.verdict is Verdict.REFUSED:
        return None
    with house.database.write() as tx:
        new = sorted(set(tx.scalars(_live(receipt.recipient))) - set(before))
        chosen = new[::2]
        if not chosen:
            return None
        forget(tx, receipt.recipient, chosen)
        refusals = tuple(Refusal(ref=ref, code=PICKY_CODE) for ref in chosen)
        said = replace(
            receipt,
            verdict=Verdict.REFUSALS,
            refused=receipt.refused + refusals,
            matches=tuple(match for match in receipt.matches if match.ref not in chosen),
            **_counted(tx, receipt),
        )
        answer = seal(exchange.write_receipt(said), house.key, now)
        tx.execute(update(inbound_batches).where(_of(receipt)).values(receipt=answer))
    return answer


def refuse_whole(house: House, file: bytes, *, bytes_max: int, now: datetime) -> bytes:
    """Refuse a batch without applying any of it: its number is closed, its receipt is kept.

    Raises as `inbound.take` does where the batch would not even be refused.
    """
    partner, opened = inbound.believe(house, file, bytes_max=bytes_max, now=now)
    header = exchange.read_header(opened.content)
    with house.database.write() as tx:
        there = sequence.stored_receipt(tx, partner, header, opened.digest)
        if there is not None:
            return there
        receipt = _refusal(house, partner, header, opened.digest, now=now)
        answer = seal(
            exchange.write_receipt(replace(receipt, **_counted(tx, receipt))), house.key, now
        )
        tx.execute(
            insert(inbound_batches).values(
                partner=partner,
                kind=header.lane.value,
                epoch=header.epoch,
                number=header.number,
                issue=header.issue,
                digest=opened.digest,
                file=file,
                receipt=answer,
                certificate=opened.signer.fingerprint,
                received_at=now,
            )
        )
        sequence.advance(tx, partner, header, opened.digest)
    return answer


def forget_half(house: House, partner: str) -> int:
    """Lose every second member of a partner; how many that were."""
    with house.database.write() as tx:
        lost = sorted(tx.scalars(_live(partner)))[::2]
        forget(tx, partner, lost)
    return len(lost)


def lose_tombstones(house: House, partner: str) -> int:
    """Forget which members were withdrawn; how many that were."""
    with house.database.write() as tx:
        gone = foreign_members.c.programme == partner, foreign_members.c.gone_at.is_not(None)
        return tx.execute(delete(foreign_members).where(*gone)).rowcount


def forget(tx: Connection, partner: str, refs: Collection[str]) -> None:
    """These members were never there."""
    mine = foreign_members.c.programme == partner
    some = mine & foreign_members.c.ref.in_(refs) & foreign_members.c.gone_at.is_(None)
    rows = tx.execute(select(foreign_members.c.ref, foreign_members.c.leaf).where(some)).all()
    counted = [(row.ref, bytes(row.leaf)) for row in rows if row.leaf is not None]
    holdings.change(tx, partner, Side.THEIRS, take=counted)
    tx.execute(
        delete(foreign_identifiers).where(
            foreign_identifiers.c.programme == partner, foreign_identifiers.c.ref.in_(refs)
        )
    )
    tx.execute(delete(foreign_members).where(some))
    tx.execute(
        update(foreign_rolls)
        .where(foreign_rolls.c.programme == partner)
        .values(size=foreign_rolls.c.size - len(rows))
    )


def earlier(house: House, receipt: Receipt) -> bytes | None:
    """The receipt of another batch of the same partner, if there is one."""
    with house.database.read() as tx:
        found: bytes | None = tx.scalar(
            select(inbound_batches.c.receipt)
            .where(inbound_batches.c.partner == receipt.recipient)
            .where(inbound_batches.c.digest != receipt.digest)
            .order_by(inbound_batches.c.received_at.desc())
            .limit(1)
        )
    return None if found is None else bytes(found)


def _live(partner: str) -> Any:
    mine = foreign_members.c.programme == partner
    return select(foreign_members.c.ref).where(mine, foreign_members.c.gone_at.is_(None))


def _counted(tx: Connection, receipt: Receipt) -> dict[str, Any]:
    """What we now hold of the sender, said as the honest end says it."""
    return {
        "held": foreign_roll.size(tx, receipt.recipient),
        "holdings": holdings.held(tx, receipt.recipient, Side.THEIRS).digest,
    }


def _refusal(house: House, partner: str, header: Header, digest: str, *, now: datetime) -> Receipt:
    return Receipt(
        sender=house.programme,
        recipient=partner,
        lane=header.lane,
        epoch=header.epoch,
        number=header.number,
        issue=header.issue,
        digest=digest,
        level=Level.APPLIED,
        at=now.replace(microsecond=0),
        verdict=Verdict.REFUSED,
        code=REFUSING_CODE,
    )


def _of(receipt: Receipt) -> Any:
    return (
        (inbound_batches.c.partner == receipt.recipient)
        & (inbound_batches.c.kind == receipt.lane.value)
        & (inbound_batches.c.epoch == receipt.epoch)
        & (inbound_batches.c.number == receipt.number)
        & (inbound_batches.c.issue == receipt.issue)
    )
