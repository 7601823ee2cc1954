"""A draft: scratch paper for the next issue of a lane.

    candidates --judge--> tell / block / nothing
    tell --mapper--> document --XSD--> batch --sign--> file --read again--> draft

A draft is made with no lock held and may be thrown away; only `release` turns it into a batch. It
remembers the basis of every line, so that release can tell whether anything changed meanwhile.
What cannot be told is set aside in a transaction of its own before the draft is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Text, bindparam, select

from mappers import MAPPERS
from mappers.base import Mapper
from outbox.batch import Batch
from outbox.candidate import (
    Basis,
    Block,
    Nothing,
    Pair,
    Tell,
    basis,
    facts,
    judge,
    live,
    pair,
    unsayable,
)
from outbox.gate import Gate
from outbox.house import House
from outbox.withdrawals import ANNOUNCE
from schemas import exchange
from schemas.batch import Header, Lane
from schemas.errors import NotReady
from schemas.tables import batch_notices, pending
from signing.open import open_sealed
from signing.seal import seal


class Line(NamedTuple):
    """One announcement of a draft, and what it rests on."""

    account: str
    tell: Tell
    basis: Basis


@dataclass(frozen=True, slots=True)
class Aside:
    """One pair that will not be told now, and what that rests on."""

    pair: Pair
    judgement: Block | Nothing
    basis: Basis

    @property
    def moves(self) -> bool:
        """Whether setting it aside changes anything; a pair that only waits for the gate stays."""
        if isinstance(self.judgement, Nothing):
            return True
        known = self.pair.live_ref is not None
        return self.judgement.lasting or (known and (self.judgement.gone or self.judgement.worse))


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the next issue would say. `withdrawals` are (ref, account)."""

    lines: tuple[Line, ...]
    withdrawals: tuple[tuple[str, str], ...]
    asides: tuple[Aside, ...]
    moved: bool = False

    @property
    def untrue(self) -> bool:
        """Of a batch in flight: whether it may not leave again as it was sealed. Somebody in it
        may not be told any more, or stands on another consent or agreement than it was sealed
        under, which may name less.
        """
        return self.moved or bool(self.asides)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A sealed file that may become issue `header.issue` of `header.number`; `reissue_of` is the
    batch whose earlier issue it would replace.
    """

    header: Header
    lines: tuple[Line, ...]
    withdrawals: tuple[tuple[str, str], ...]
    dropped: tuple[Aside, ...]
    left_over: Mapping[str, Basis]
    reissue_of: Batch | None
    file: bytes
    digest: str


_WAITING = (
    facts(pending, pending.c.partner, pending.c.account, pending.c.ref.label("row_ref"))
    .where(
        pending.c.lane_id == bindparam("lane"),
        pending.c.batch_id.is_(None),
        pending.c.blocked.is_(None),
    )
    .order_by(pending.c.rank, pending.c.since, pending.c.account)
)
_NEXT = _WAITING.limit(bindparam("most"))
_KNOWN = _WAITING.where((pending.c.ref != ANNOUNCE) | live.c.ref.is_not(None))
_SAID = (batch_notices.c.batch_id == bindparam("batch")) & batch_notices.c.dropped_issue.is_(None)
_ANNOUNCED = facts(
    batch_notices,
    bindparam("partner", type_=Text),
    batch_notices.c.account,
    batch_notices.c.ref.label("row_ref"),
    batch_notices.c.consent_id.label("said_consent"),
).where(_SAID, batch_notices.c.kind == "announcement")
_WITHDRAWN = select(batch_notices.c.ref, batch_notices.c.account).where(
    _SAID, batch_notices.c.kind == "withdrawal"
)


def mapper_of(gate: Gate) -> Mapper:
    """The mapper of the document this pair of programmes exchanges."""
    return MAPPERS[gate.agreement.format.partition("/")[0]]


def select_next(
    tx: Connection, house: House, lane: Row[Any], gate: Gate, *, limit: int
) -> Selection:
    """Choose up to `limit` pending rows of a lane, withdrawals first, oldest first."""
    if gate.closed is not None:
        # Behind a closed gate only withdrawals leave, and news of lives the partner may know:
        # the urgent lane turns those into withdrawals where they are bad. All of them are looked
        # at: those that only wait must not hide one that is worse.
        rows = tx.execute(_KNOWN, {"lane": lane.id}).all()
    else:
        rows = tx.execute(_NEXT, {"lane": lane.id, "most": limit}).all()
    withdrawals: list[tuple[str, str]] = []
    announcing = []
    for row in rows:
        found, ref = pair(row), row[-1]
        if ref == ANNOUNCE:
            announcing.append(found)
        else:
            withdrawals.append((ref, found.account))
    chosen = _sorted(house, gate, announcing, withdrawals=tuple(withdrawals[:limit]))
    return replace(chosen, asides=tuple([aside for aside in chosen.asides if aside.moves]))


def select_again(tx: Connection, house: House, gate: Gate, stale: Batch) -> Selection:
    """Choose what the next issue of an unanswered batch may still say, at its newest values."""
    rows = tx.execute(_ANNOUNCED, {"partner": stale.partner, "batch": stale.id}).all()
    withdrawn = tx.execute(_WITHDRAWN, {"batch": stale.id})
    # A life that ended meanwhile is not said again, even if the company has consented anew: the
    # new life gets its own number. Its withdrawal is already on the urgent lane.
    ended = tuple(
        [
            Aside(pair(row), Nothing(), basis(row, gate))
            for row in rows
            if row.live_ref != row.row_ref
        ]
    )
    chosen = _sorted(
        house,
        gate,
        [pair(row) for row in rows if row.live_ref == row.row_ref],
        withdrawals=tuple([(row.ref, row.account) for row in withdrawn]),
    )
    sealed_on = {row.account: row.said_consent for row in rows}
    moved = stale.revision != gate.revision or any(
        sealed_on[line.account] != line.tell.consent_id for line in chosen.lines
    )
    return replace(chosen, asides=chosen.asides + ended, moved=moved)


def _sorted(
    house: House, gate: Gate, pairs: list[Pair], *, withdrawals: tuple[tuple[str, str], ...]
) -> Selection:
    mapper = mapper_of(gate)
    lines: list[Line] = []
    asides: list[Aside] = []
    for found in pairs:
        judgement = judge(found, gate, house)
        if isinstance(judgement, Tell):
            code = mapper.unsayable(judgement.record)
            if code is None:
                lines.append(Line(found.account, judgement, basis(found, gate)))
                continue
            judgement = unsayable(found, judgement, code)
        asides.append(Aside(found, judgement, basis(found, gate)))
    return Selection(lines=tuple(lines), withdrawals=withdrawals, asides=tuple(asides))


def make(
    house: House,
    lane: Row[Any],
    gate: Gate,
    chosen: Selection,
    *,
    now: datetime,
    reissue_of: Batch | None = None,
    limit: int | None = None,
) -> Draft:
    """Write, check, sign and read again. `limit` leaves the rest of a re-issue for later numbers."""
    withdrawals = chosen.withdrawals[:limit]
    lines = chosen.lines if limit is None else chosen.lines[: limit - len(withdrawals)]
    mapper = mapper_of(gate)
    header = Header(
        sender=house.programme,
        recipient=lane.partner,
        lane=Lane(lane.kind),
        epoch=lane.epoch if reissue_of is None else reissue_of.epoch,
        number=lane.next_number if reissue_of is None else reissue_of.number,
        issue=1 if reissue_of is None else reissue_of.issue + 1,
        replaces=None if reissue_of is None else reissue_of.digest,
        previous=lane.last_digest if reissue_of is None else reissue_of.previous_digest,
        created=now.replace(microsecond=0),
        format=gate.agreement.format,
        agreement=f"{house.programme}:{lane.partner}",
        texts=tuple(sorted({line.tell.text for line in lines})),
        announcements=len(lines),
        withdrawals=len(withdrawals),
    )
    records = [line.tell.record for line in lines]
    content = exchange.write_batch(
        header,
        [ref for ref, _ in withdrawals],
        mapper.write(records) if records else None,
    )
    file = seal(content, house.key, now)
    digest = _read_again(house, file, header, withdrawals, lines, mapper, now)
    return Draft(
        header=header,
        lines=lines,
        withdrawals=withdrawals,
        dropped=chosen.asides,
        left_over={line.account: line.basis for line in chosen.lines[len(lines) :]},
        reissue_of=reissue_of,
        file=file,
        digest=digest,
    )


def _read_again(
    house: House,
    file: bytes,
    header: Header,
    withdrawals: tuple[tuple[str, str], ...],
    lines: tuple[Line, ...],
    mapper: Mapper,
    now: datetime,
) -> str:
    """Outbound bytes are read back before they may leave (P6): ours, valid, and these refs only."""
    opened = open_sealed(file, [house.key.certificate], now)
    batch = exchange.read_batch(opened.content)
    expected = [(line.tell.record.ref, line.tell.record.version) for line in lines]
    # `told` holds the envelope and every record against the XSD on its way.
    told = [] if batch.document is None else mapper.told(batch.document)
    meant = (header, tuple(ref for ref, _ in withdrawals), expected)
    if (batch.header, batch.withdrawals, told) != meant:
        raise NotReady("MRX-9008")
    return opened.digest
