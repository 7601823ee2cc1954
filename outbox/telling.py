"""Writing down who is being told what: the notices of a batch, and one disclosure a life.

A disclosure opens when a ref may first be heard, and carries two pictures of what the partner has:
what it was told last, and the best it may still hold (the highest status and every identifier it
was told since the last confirmation). Bad news is measured against the second.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, bindparam, select, update

from outbox.candidate import Tell
from outbox.draft import Draft
from schemas import bulk
from schemas.identifiers import Identifier
from schemas.status import Status
from schemas.tables import batch_notices, disclosures, stored

_SAID = select(batch_notices.c.ref).where(batch_notices.c.batch_id == bindparam("batch"))
_TOLD_AGAIN = (
    "ref",
    "lane_id",
    "consent_id",
    "version",
    "told_digest",
    "told_status",
    "told_identifiers",
    "best_status",
    "best_identifiers",
)
# The columns of a disclosure from `held_version` on.
_NOTHING_HELD = (None,) * 10


# The best that a partner may hold of lives it knows, by ref: a status, and (scheme, value) pairs.
Best = Mapping[str, tuple[str, list[list[str]]]]


def tell(
    tx: Connection,
    batch_id: int,
    lane_id: int,
    partner: str,
    draft: Draft,
    best: Best,
    *,
    now: datetime,
) -> None:
    """Write the notices of one issue; called before its first byte leaves. `best` is of now."""
    _notice(tx, batch_id, draft)
    first: list[tuple[object, ...]] = []
    again: list[tuple[object, ...]] = []
    for account, tell, _ in draft.lines:
        record, pairs = tell.record, tell.pairs
        status, named = record.status.value, orjson.dumps(pairs).decode()
        told = (tell.consent_id, record.version, record.items_digest, status, named)
        if tell.first:
            mine = (record.ref, partner, account, lane_id)
            first.append((*mine, *told, status, named, stored(now), *_NOTHING_HELD))
        else:
            was, had = best[record.ref]
            most = max(Status(was), record.status, key=_by_rank).value
            union = [pair for pair in had if pair not in pairs] + pairs
            again.append((record.ref, lane_id, *told, most, orjson.dumps(union).decode()))
    bulk.add(tx, disclosures, first)
    bulk.amend(tx, disclosures, _TOLD_AGAIN, again)


def _notice(tx: Connection, batch_id: int, draft: Draft) -> None:
    nothing = (None,) * 3  # neither dropped, nor answered
    notices: list[tuple[object, ...]] = []
    for account, tell, _ in draft.lines:
        record = tell.record
        said = (batch_id, record.ref, "announcement", account, record.version)
        notices.append((*said, record.items_digest, tell.consent_id, *nothing))
    notices += [
        (batch_id, ref, "withdrawal", account, None, None, None, *nothing)
        for ref, account in draft.withdrawals
    ]
    if draft.reissue_of is None:
        bulk.add(tx, batch_notices, notices)
        return
    # Another issue says these again, and perhaps a withdrawal more.
    there = set(tx.scalars(_SAID, {"batch": batch_id}))
    bulk.add(tx, batch_notices, [notice for notice in notices if notice[1] not in there])
    again = [
        (batch_id, tell.record.ref, tell.record.version, tell.record.items_digest, tell.consent_id)
        for _, tell, _ in draft.lines
        if tell.record.ref in there
    ]
    names = ("batch_id", "ref", "version", "items_digest", "consent_id")
    bulk.amend(tx, batch_notices, names, again)


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


def _by_rank(status: Status) -> int:
    return status.rank
