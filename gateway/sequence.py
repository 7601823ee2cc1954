"""The place of a partner's batch in its lane: seen before, next, or out of order (P5).

same issue again, same digest    the receipt it got, byte for byte
same issue, other digest         refused: a sealed batch never changes
an earlier issue or number       the newest receipt of that number; nothing is applied
a later issue of the newest      next, if it names the issue it replaces
the next number                  next, if it names the digest of the one before
a number further on              refused: one is missing
number 1 of a new epoch          next; the old epoch is closed for good
"""

from typing import Any

from sqlalchemy import Connection, Row, select, update

from schemas.batch import Header
from schemas.database import upsert
from schemas.errors import Refused
from schemas.tables import inbound_batches, inbound_lanes


def stored_receipt(
    tx: Connection, partner: str, header: Header, digest: str, *, content: bytes | None = None
) -> bytes | None:
    """The receipt of a batch that is not new; None for one that is next; otherwise `Refused`.

    With the signed `content` at hand, a refusal for other bytes says if the content is the same.
    """
    lane = tx.execute(
        select(inbound_lanes).where(_of(inbound_lanes, partner, header))
    ).one_or_none()
    same = tx.execute(
        select(inbound_batches.c.digest, inbound_batches.c.receipt).where(_same(partner, header))
    ).one_or_none()
    if same is not None:
        if same.digest != digest:
            raise Refused(
                "MRX-4004",
                number=header.number,
                issue=header.issue,
                **_twin(tx, partner, header, content),
            )
        return bytes(same.receipt)
    if lane is None:
        if header.number != 1 or header.previous is not None:
            raise Refused("MRX-4003", expected=1, found=header.number)
        return None
    if not lane.current:
        raise Refused("MRX-4006")
    if (header.number, header.issue) < (lane.number, lane.issue):
        return _newest(tx, partner, header)
    _must_follow(lane, header)
    return None


def _must_follow(lane: Row[Any], header: Header) -> None:
    if header.number > lane.number + 1:
        raise Refused("MRX-4003", expected=lane.number + 1, found=header.number)
    again = header.number == lane.number
    if header.previous != (lane.previous_digest if again else lane.digest):
        raise Refused("MRX-4005", number=header.number)
    if again and header.issue == lane.issue + 1 and header.replaces != lane.digest:
        raise Refused("MRX-4011", number=header.number, issue=header.issue)


def advance(tx: Connection, partner: str, header: Header, digest: str) -> None:
    """This batch is now the newest of its lane, and its epoch the current one."""
    tx.execute(
        update(inbound_lanes)
        .where(inbound_lanes.c.partner == partner, inbound_lanes.c.kind == header.lane.value)
        .values(current=False)
    )
    into = upsert(tx, inbound_lanes)
    place = ("current", "number", "issue", "digest", "previous_digest")
    tx.execute(
        into.on_conflict_do_update(
            index_elements=["partner", "kind", "epoch"],
            set_={name: into.excluded[name] for name in place},
        ),
        {
            "partner": partner,
            "kind": header.lane.value,
            "epoch": header.epoch,
            "current": True,
            "number": header.number,
            "issue": header.issue,
            "digest": digest,
            "previous_digest": header.previous,
        },
    )


def _twin(tx: Connection, partner: str, header: Header, content: bytes | None) -> dict[str, str]:
    """Whether the file we have holds the same content: then nobody has told two stories."""
    file = tx.scalar(select(inbound_batches.c.file).where(_same(partner, header)))
    if file is None or content is None or content not in bytes(file):
        return {}
    return {"content": "the same"}


def _newest(tx: Connection, partner: str, header: Header) -> bytes:
    """An issue overtaken by one we have: the newest receipt of that number says how it stands."""
    receipt = tx.scalar(
        select(inbound_batches.c.receipt)
        .where(_of(inbound_batches, partner, header), inbound_batches.c.number == header.number)
        .order_by(inbound_batches.c.issue.desc())
        .limit(1)
    )
    if receipt is None:
        raise Refused("MRX-4003", found=header.number)
    return bytes(receipt)


def _of(table: Any, partner: str, header: Header) -> Any:
    return (
        (table.c.partner == partner)
        & (table.c.kind == header.lane.value)
        & (table.c.epoch == header.epoch)
    )


def _same(partner: str, header: Header) -> Any:
    return (
        _of(inbound_batches, partner, header)
        & (inbound_batches.c.number == header.number)
        & (inbound_batches.c.issue == header.issue)
    )
