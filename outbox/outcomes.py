"""The feed of outcomes: what became of each notice, for the source to read and go on from.

    held        the partner confirmed it                     by its receipt
    matched, unmatched, ambiguous                            ... if it says whom it found
    refused     the partner refused it                       ... `code` ours, `partner_code` its own
    withdrawn   the partner confirmed the deletion           ... `code` is the fate
    blocked     it is consented and cannot be told: `code`   when its row in the queue says so

Rows are only added, in the transaction in which the thing happens, and hold accounts, references
and codes: nothing that a company would want erased.

**Positions are given in the order of commits.** A reader asks "what is there after 41?" and never
asks for 42 again; so 42 must not appear once 43 has been seen. A sequence of PostgreSQL gives out
numbers before the commit and would do just that. Here each writer locks the ledger's head first,
takes the positions after the last one, and holds the lock until its commit. That lock is the last
one of a transaction (`schemas.tables`): outcomes are therefore written at the end of an act, when
all else is done. A crash before the commit leaves neither the thing nor its outcome.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Text, and_, bindparam, case, func, insert, null, or_, select

from outbox.batch import Batch
from schemas.codes import CODES, Repairer
from schemas.receipt import Fate, Match
from schemas.tables import batch_notices, disclosures, home, ledger_head, outcomes


class Kind(StrEnum):
    HELD = "held"
    MATCHED = "matched"
    UNMATCHED = "unmatched"
    AMBIGUOUS = "ambiguous"
    REFUSED = "refused"
    BLOCKED = "blocked"
    WITHDRAWN = "withdrawn"


FATES: Mapping[Fate, str] = {
    Fate.ERASED: "the partner has erased it",
    Fate.RETAINED: "the partner retains it unused, under a law of its own",
    Fate.NOT_HELD: "the partner did not have it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One outcome. `ref` and `version` are None where the partner has not been told yet.

    `code` is MRX-nnnn for `blocked` and `refused`, the fate for `withdrawn` (`erased`, `retained`,
    `not-held`), else None; `partner_code` is the partner's own word.
    """

    position: int
    at: datetime
    kind: Kind
    partner: str
    account: str
    ref: str | None
    version: int | None
    code: str | None
    partner_code: str | None

    @property
    def reason(self) -> str | None:
        """The code in words."""
        if self.code is None:
            return None
        return CODES[self.code].title if self.code in CODES else FATES[Fate(self.code)]

    @property
    def repairer(self) -> Repairer | None:
        """Who can repair it, if anybody has to."""
        return CODES[self.code].repairer if self.code in CODES else None


def after(
    tx: Connection, position: int, *, limit: int, partner: str | None = None
) -> list[Outcome]:
    """The next outcomes after a position (0: from the beginning), in order."""
    query = select(outcomes).where(outcomes.c.position > position)
    if partner is not None:
        query = query.where(outcomes.c.partner == partner)
    rows = tx.execute(query.order_by(outcomes.c.position).limit(limit))
    return [Outcome(**{**row._mapping, "kind": Kind(row.kind)}) for row in rows]  # noqa: SLF001  # public


# -- what a receipt says ---------------------------------------------------------------------------


def answered(
    tx: Connection, batch: Batch, matches: Iterable[Match], *, code: str, now: datetime
) -> None:
    """What the receipt that closed this batch at `now` made of its notices.

    Called once a batch, after its notices and disclosures are written. `code` is ours for what was
    refused. A withdrawal that is told again has no outcome yet. One statement, however large the
    batch; the matches are another.
    """
    whose = {"batch": batch.id, "partner_": batch.partner, "code_": code, "now": now}
    tx.execute(_ANSWERED, {"last": _last(tx), **whose})
    matched(tx, batch, matches, now)


def matched(tx: Connection, batch: Batch, matches: Iterable[Match], now: datetime) -> None:
    """Whom the partner found. Only references this batch announced are believed, each once."""
    found = {match.ref: match for match in matches}
    if not found:
        return
    said = select(batch_notices.c.ref, batch_notices.c.account, batch_notices.c.version).where(
        batch_notices.c.batch_id == batch.id,
        batch_notices.c.kind == "announcement",
        batch_notices.c.dropped_issue.is_(None),
    )
    _add(
        tx,
        [
            {
                "kind": Kind(found[row.ref].matching.value).value,
                "partner": batch.partner,
                "account": row.account,
                "ref": row.ref,
                "version": row.version,
                "code": None,
                "partner_code": found[row.ref].code,
            }
            for row in tx.execute(said.order_by(batch_notices.c.ref))
            if row.ref in found
        ],
        now,
    )


# -- what stands in the way ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Blocked:
    """A pair whose row in the queue has just been blocked."""

    account: str
    code: str


def blocked(tx: Connection, partner: str, pairs: Sequence[Blocked], *, now: datetime) -> None:
    """Write that these pairs of one partner are blocked now. The last act of a transaction.

    `ref` and `version` are those of the live telling, where there is one.
    """
    if not pairs:
        return
    known = {
        row.account: row
        for row in tx.execute(
            select(disclosures.c.account, disclosures.c.ref, disclosures.c.version).where(
                disclosures.c.partner == partner,
                disclosures.c.account.in_([pair.account for pair in pairs]),
                disclosures.c.withdraw_since.is_(None),
            )
        )
    }
    _add(
        tx,
        [
            {
                "kind": Kind.BLOCKED.value,
                "partner": partner,
                "account": pair.account,
                "ref": known[pair.account].ref if pair.account in known else None,
                "version": known[pair.account].version if pair.account in known else None,
                "code": pair.code,
                "partner_code": None,
            }
            for pair in pairs
        ],
        now,
    )


# -- positions -------------------------------------------------------------------------------------

_LOCK = select(ledger_head.c.id).with_for_update()
_LAST = select(func.max(outcomes.c.position), select(home.c.places_from).scalar_subquery())
_ANNOUNCED = and_(
    batch_notices.c.kind == "announcement",
    batch_notices.c.outcome.in_([Kind.HELD.value, Kind.REFUSED.value]),
    batch_notices.c.dropped_issue.is_(None),
)
_NOW = bindparam("now", type_=outcomes.c.at.type)
# A deletion that was asked for twice is confirmed once.
_FORGOTTEN = (batch_notices.c.outcome == Kind.WITHDRAWN.value) & (disclosures.c.gone_at == _NOW)
_REFUSED = batch_notices.c.outcome == Kind.REFUSED.value
_ANSWERED = insert(outcomes).from_select(
    [column.name for column in outcomes.c],
    select(
        bindparam("last", type_=outcomes.c.position.type)
        + func.row_number().over(order_by=batch_notices.c.ref),
        _NOW,
        batch_notices.c.outcome,
        bindparam("partner_", type_=Text),
        batch_notices.c.account,
        batch_notices.c.ref,
        batch_notices.c.version,
        case(
            (_REFUSED, bindparam("code_", type_=Text)),
            (batch_notices.c.outcome == Kind.WITHDRAWN.value, batch_notices.c.code),
            else_=null(),
        ),
        case((_REFUSED, batch_notices.c.code), else_=null()),
    )
    .join(disclosures, disclosures.c.ref == batch_notices.c.ref)
    .where(batch_notices.c.batch_id == bindparam("batch"), or_(_ANNOUNCED, _FORGOTTEN)),
)


def _last(tx: Connection) -> int:
    """The last position; nobody else gets one until we have committed."""
    tx.execute(_LOCK).one()
    last, floor = tx.execute(_LAST).one()
    return max(last or 0, floor or 0)


def _add(tx: Connection, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    if not rows:
        return
    last = _last(tx)
    tx.execute(
        insert(outcomes),
        [{"position": last + n, "at": now, **row} for n, row in enumerate(rows, start=1)],
    )
