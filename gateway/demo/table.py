"""What became of everything, per partner: read from the gateway's database, shown as one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from sqlalchemy import ColumnElement, Connection, func, select

from partners import agreements, foreign_roll
from schemas.codes import CODES
from schemas.tables import batch_notices, batches, disclosures, lanes, pending, receipts

# On a pending row these say that the partner refused, not that something stood in the way.
_REFUSED = frozenset({"MRX-2210", "MRX-2211"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One partner. `announced` counts members it ever confirmed, `held` those it holds now;
    `blocked` counts by code; `seconds` from the first batch sent to the last one closed.
    """

    partner: str
    announced: int
    held: int
    withdrawn: int
    refused: int
    blocked: Mapping[str, int]
    batches: int
    receipts: int
    received: int
    seconds: float

    @property
    def done(self) -> int:
        """How many of the consented members need nothing more."""
        return self.held + self.refused + sum(self.blocked.values())


def read(tx: Connection) -> list[Line]:
    """Every partner's line, as the database stands now."""
    return [_line(tx, one.agreement.partner) for one in agreements.every(tx)]


def unsettled(tx: Connection) -> int:
    """How many notices are still to be told and can be, or are told and not confirmed."""
    open_ = select(func.count()).select_from(pending).where(pending.c.blocked.is_(None))
    return tx.scalar(open_) or 0


def held(tx: Connection, partner: str) -> set[str]:
    """The accounts of the members a partner holds as they were told last."""
    return set(tx.scalars(select(disclosures.c.account).where(_held(partner))))


def _held(partner: str) -> ColumnElement[bool]:
    return (
        (disclosures.c.partner == partner)
        & disclosures.c.withdraw_since.is_(None)
        & (disclosures.c.held_version == disclosures.c.version)
    )


def _line(tx: Connection, partner: str) -> Line:
    known = disclosures.c.partner == partner
    stopped = (
        select(pending.c.blocked, func.count())
        .where(pending.c.partner == partner, pending.c.blocked.is_not(None))
        .group_by(pending.c.blocked)
        .order_by(pending.c.blocked)
    )
    mine = lanes.c.partner == partner
    sent = (
        select(func.count(), func.min(batches.c.first_sent_at), func.max(batches.c.closed_at))
        .join_from(batches, lanes, lanes.c.id == batches.c.lane_id)
        .where(mine)
    )
    count, began, ended = tx.execute(sent.where(batches.c.announcements > 0)).one()
    every = tx.execute(sent).one()[0]
    refused = (
        select(func.count())
        .select_from(batch_notices)
        .join(batches, batches.c.id == batch_notices.c.batch_id)
        .join(lanes, lanes.c.id == batches.c.lane_id)
        .where(mine, batch_notices.c.outcome == "refused")
    )
    answered = select(func.count()).join_from(receipts, lanes, lanes.c.id == receipts.c.lane_id)
    return Line(
        partner=partner,
        announced=_count(tx, known & disclosures.c.held_version.is_not(None)),
        held=_count(tx, _held(partner)),
        withdrawn=_count(tx, known & disclosures.c.gone_at.is_not(None)),
        refused=tx.scalar(refused) or 0,
        blocked={code: n for code, n in tx.execute(stopped) if code not in _REFUSED},
        batches=every,
        receipts=tx.scalar(answered.where(mine)) or 0,
        received=foreign_roll.size(tx, partner),
        seconds=(ended - began).total_seconds() if count and ended else 0.0,
    )


def _count(tx: Connection, where: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(disclosures).where(where)
    return tx.scalar(query) or 0


def render(lines: Sequence[Line]) -> Table:
    """The closing table; it fits into 80 columns."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("partner", no_wrap=True)
    for heading in ("announced", "withdrawn", "refused"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("blocked, why", justify="right", no_wrap=True)
    for heading in ("batches", "receipts", "theirs", "time"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in lines:
        table.add_row(
            line.partner,
            f"{line.announced:,}",
            f"{line.withdrawn:,}",
            f"{line.refused:,}",
            "\n".join(f"{code} {count:,}" for code, count in line.blocked.items()) or "0",
            f"{line.batches:,}",
            f"{line.receipts:,}",
            f"{line.received:,}",
            f"{line.seconds:.1f}s",
        )
    return table


def reasons(lines: Sequence[Line]) -> list[str]:
    """What each code in the table means, and what a person can do about it."""
    codes = sorted({code for line in lines for code in line.blocked})
    return [f"{code}  {CODES[code].title}; {CODES[code].repair}" for code in codes]
