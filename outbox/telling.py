"""Writing down who is being told what: the notices of a batch, and one disclosure a life.

A disclosure opens when a ref may first be heard, and carries two pictures of what the partner has:
what it was told last, and the best it may still hold (the highest status and every identifier it
was told since the last confirmation). Bad news is measured against the second.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from outbox.candidate import Tell
from outbox.draft import Draft
from schemas.database import upsert
from schemas.identifiers import Identifier
from schemas.status import Status
from schemas.tables import batch_notices, disclosures


def tell(
    tx: Connection, batch_id: int, lane_id: int, partner: str, draft: Draft, *, now: datetime
) -> None:
    """Write the notices of one issue; called before its first byte leaves."""
    announced = [
        {
            "batch_id": batch_id,
            "ref": line.tell.record.ref,
            "kind": "announcement",
            "account": line.account,
            "version": line.tell.record.version,
            "items_digest": line.tell.record.items_digest,
            "consent_id": line.tell.consent_id,
        }
        for line in draft.lines
    ]
    if announced:
        into = upsert(tx, batch_notices)
        again = {name: into.excluded[name] for name in ("version", "items_digest", "consent_id")}
        tx.execute(
            into.on_conflict_do_update(index_elements=["batch_id", "ref"], set_=again), announced
        )
    withdrawn = [
        {"batch_id": batch_id, "ref": ref, "kind": "withdrawal", "account": account}
        for ref, account in draft.withdrawals
    ]
    if withdrawn:
        tx.execute(
            upsert(tx, batch_notices).on_conflict_do_nothing(index_elements=["batch_id", "ref"]),
            withdrawn,
        )
    first = [line for line in draft.lines if line.tell.first]
    if first:
        tx.execute(
            insert(disclosures),
            [
                {
                    "ref": line.tell.record.ref,
                    "partner": partner,
                    "account": line.account,
                    "lane_id": lane_id,
                    **_told(line),
                    "best_status": line.tell.record.status.value,
                    "best_identifiers": _pairs(line),
                    "told_at": now,
                }
                for line in first
            ],
        )
    _tell_again(tx, lane_id, [line for line in draft.lines if not line.tell.first])


def answered(
    tx: Connection, row: Row[Any] | None, tell: Tell | None, asked: Identifier | None
) -> None:
    """A partner asked and is told this status; None: it is told nothing, and nothing changes.

    What differs from the last telling counts as told: bad news is measured against it. The version
    moves on then, so that a receipt for what was told before does not take it back. The same
    question again changes nothing. `row` has `told_status` and `told_identifiers` too.
    """
    ref, moved = "", False
    values: dict[str, Any] = {"told_status": "", "told_identifiers": []}
    values |= {"best_status": "", "best_identifiers": []}
    if row is not None and tell is not None and asked is not None:
        ref, pair, status = row.live_ref, [asked.scheme, asked.value], tell.record.status
        moved = status != row.told_status or pair not in row.told_identifiers
        best = max(Status(row.best_status), status, key=lambda s: s.rank)
        values = {
            "told_status": status.value,
            "told_identifiers": _with(row.told_identifiers, pair),
            "best_status": best.value,
            "best_identifiers": _with(row.best_identifiers, pair),
        }
    tx.execute(
        update(disclosures)
        .where(disclosures.c.ref == ref)
        .values(version=disclosures.c.version + int(moved), **values)
    )


def _with(pairs: list[list[str]], pair: list[str]) -> list[list[str]]:
    return pairs if pair in pairs else [*pairs, pair]


def _tell_again(tx: Connection, lane_id: int, lines: list[Any]) -> None:
    if not lines:
        return
    refs = [line.tell.record.ref for line in lines]
    best = {
        row.ref: (row.best_status, row.best_identifiers)
        for row in tx.execute(
            select(
                disclosures.c.ref, disclosures.c.best_status, disclosures.c.best_identifiers
            ).where(disclosures.c.ref.in_(refs))
        )
    }
    values = []
    for line in lines:
        record = line.tell.record
        status, identifiers = best[record.ref]
        union = [pair for pair in identifiers if pair not in _pairs(line)] + _pairs(line)
        values.append(
            {
                "which": record.ref,
                "lane_id": lane_id,
                **_told(line),
                "best_status": max(Status(status), record.status, key=lambda s: s.rank).value,
                "best_identifiers": union,
            }
        )
    tx.execute(update(disclosures).where(disclosures.c.ref == bindparam("which")), values)


def _told(line: Any) -> dict[str, Any]:
    record = line.tell.record
    return {
        "consent_id": line.tell.consent_id,
        "version": record.version,
        "told_digest": record.items_digest,
        "told_status": record.status.value,
        "told_identifiers": _pairs(line),
    }


def _pairs(line: Any) -> list[list[str]]:
    return [[i.scheme, i.value] for i in line.tell.record.identifiers]
