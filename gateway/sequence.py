"""The place of a partner's batch in its lane: seen before, next, or out of order (P5).

same issue again, same digest    the receipt it got, byte for byte
same issue, other digest         refused: a sealed batch never changes
an earlier issue or number       the newest receipt of that number; nothing is applied
a later issue of the newest      next, if it names the issue it replaces
the next number                  next, if it names the digest of the one before (and, from issue 2
                                 on, some issue that it replaces)
a number further on              refused: one is missing
number 1 of a new epoch          next; the old epoch is closed for good
"""

from typing import Any

from sqlalchemy import Connection, Row, Table, and_, bindparam, insert, select, update

from schemas.batch import Header
from schemas.errors import Refused
from schemas.tables import inbound_batches, inbound_lanes


def _of(table: Table) -> Any:
    """The condition that a row is of this lane."""
    return and_(
        table.c.partner == bindparam("of"),
        table.c.kind == bindparam("lane"),
        table.c.epoch == bindparam("life"),
    )


_l, _b = inbound_lanes.c, inbound_batches.c
_SAME = and_(_b.number == bindparam("at"), _b.issue == bindparam("sealed"))
_LANE = (
    select(inbound_lanes, _b.digest.label("same"), _b.receipt)
    .select_from(
        inbound_lanes.outerjoin(
            inbound_batches,
            and_(_b.partner == _l.partner, _b.kind == _l.kind, _b.epoch == _l.epoch, _SAME),
        )
    )
    .where(_of(inbound_lanes))
)
_FILE = select(_b.file).where(_of(inbound_batches), _SAME)
_NEWEST = (
    select(_b.receipt)
    .where(_of(inbound_batches), _b.number == bindparam("at"))
    .order_by(_b.issue.desc())
    .limit(1)
)
_CLOSE = (
    update(inbound_lanes)
    .where(_l.partner == bindparam("of"), _l.kind == bindparam("lane"))
    .values(current=False)
)
_OPEN = insert(inbound_lanes)
_ADVANCE = (
    update(inbound_lanes)
    .where(_of(inbound_lanes))
    .values(
        current=True,
        number=bindparam("at"),
        issue=bindparam("sealed"),
        digest=bindparam("named"),
        previous_digest=bindparam("before"),
    )
)


def stored_receipt(
    tx: Connection, partner: str, header: Header, digest: str, *, content: bytes | None = None
) -> bytes | None:
    """The receipt of a batch that is not new; None for one that is next; otherwise `Refused`.

    With the signed `content` at hand, a refusal for other bytes says if the content is the same.
    """
    place = _place(partner, header)
    lane = tx.execute(_LANE, place).one_or_none()
    if lane is None:
        if header.number != 1 or header.previous is not None:
            raise Refused("MRX-4003", expected=1, found=header.number)
        _must_replace(header)
        return None
    if lane.same is not None:
        if lane.same != digest:
            twin = _twin(tx, place, content)
            raise Refused("MRX-4004", number=header.number, issue=header.issue, **twin)
        return bytes(lane.receipt)
    if not lane.current:
        raise Refused("MRX-4006")
    if (header.number, header.issue) < (lane.number, lane.issue):
        return _newest(tx, place)
    _must_follow(lane, header)
    return None


def _must_follow(lane: Row[Any], header: Header) -> None:
    if header.number > lane.number + 1:
        raise Refused("MRX-4003", expected=lane.number + 1, found=header.number)
    again = header.number == lane.number
    if header.previous != (lane.previous_digest if again else lane.digest):
        raise Refused("MRX-4005", number=header.number)
    _must_replace(header)
    if again and header.issue == lane.issue + 1 and header.replaces != lane.digest:
        raise Refused("MRX-4011", number=header.number, issue=header.issue)


def _must_replace(header: Header) -> None:
    """A later issue names the one before it, also where that was lost and cannot be compared."""
    if header.issue > 1 and header.replaces is None:
        raise Refused("MRX-4011", number=header.number, issue=header.issue)


def advance(tx: Connection, partner: str, header: Header, digest: str) -> None:
    """This batch is now the newest of its lane, and its epoch the current one."""
    place = {**_place(partner, header), "named": digest, "before": header.previous}
    if header.number == 1:  # perhaps of a new epoch
        tx.execute(_CLOSE, {"of": partner, "lane": header.lane.value})
    if tx.execute(_ADVANCE, place).rowcount == 0:
        row = {
            "partner": partner,
            "kind": header.lane.value,
            "epoch": header.epoch,
            "current": True,
            "number": header.number,
            "issue": header.issue,
            "digest": digest,
            "previous_digest": header.previous,
        }
        tx.execute(_OPEN, row)


def _place(partner: str, header: Header) -> dict[str, Any]:
    return {
        "of": partner,
        "lane": header.lane.value,
        "life": header.epoch,
        "at": header.number,
        "sealed": header.issue,
    }


def _twin(tx: Connection, place: dict[str, Any], content: bytes | None) -> dict[str, str]:
    """Whether the file we have holds the same content: then nobody has told two stories."""
    file = tx.scalar(_FILE, place)
    if file is None or content is None or content not in bytes(file):
        return {}
    return {"content": "the same"}


def _newest(tx: Connection, place: dict[str, Any]) -> bytes:
    """An issue overtaken by one we have: the newest receipt of that number says how it stands."""
    receipt = tx.scalar(_NEWEST, place)
    if receipt is None:
        raise Refused("MRX-4003", found=place["at"])
    return bytes(receipt)
