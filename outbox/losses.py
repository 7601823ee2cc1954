"""The times in which a member was to have no benefit at a partner: a row a time, life by life.

    good  --a bad status, absent, revoked-->  lost  --a good status-->  good
                                                '--absent, revoked: for good

A row begins with the first reason and is over when none holds. An absence and a revocation are
ended by no status: the life is withdrawn. Two things are known of it besides, so that whoever looks
at a month reads that month's rows and nothing else (`gateway.views.exposure`):

    ended_at      the first moment from which the benefit can be had no more: good again, the
                  deletion confirmed, or something confirmed that was told after the loss
    listed_until  the same where they have one list a month: good again, or told anew

All of it could be read from the ledger's entries "standing" and "revoked" and from the receipts; it
is kept because those are many. It is written in their transactions, under the lock of the ledger's
head: whoever turns a member and whoever settles its receipt come one after the other, and each sees
what the other wrote. So every call here comes last, or right before the ledger's word.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, Row, bindparam, func, select, union_all, update

from outbox import ledger
from outbox.batch import Batch
from schemas import bulk
from schemas.narrowing import filtered
from schemas.status import BAD
from schemas.tables import batch_notices, batches, disclosures, losses, stored

ABSENT: Final = "absent"
REVOKED: Final = "revoked"
CAUSES: Final = ("suspended", "removed", "withdrawn", ABSENT, REVOKED)
"""Why a member lost its benefits; each is the source's word, or the company's."""
TOLD_SO: Final = "told so"
"""The cause of a life that was bad when it was first told. Nobody could have a benefit of it."""

_BAD: Final = frozenset(status.value for status in BAD)
_FOR_GOOD: Final = frozenset({ABSENT, REVOKED})
_STATUS: Final = "status"  # the one ground that may fall away again


class Word(NamedTuple):
    """One word on one life: `word` is a status, absent or revoked; `version` was told last then,
    and `may_hold` says whether the partner might hold the member in good standing.
    """

    partner: str
    account: str
    word: str
    ref: str
    version: int
    may_hold: bool


def bad(word: str) -> bool:
    """Whether a word says that there is no standing any more."""
    return word in _BAD or word in _FOR_GOOD


def heard(tx: Connection, words: Iterable[Word], *, now: datetime) -> None:
    """The source, or a company, said this of these lives, each once. After the ledger's word."""
    said = {word.ref: word for word in words}
    if not said:
        return
    which = {"refs": list(said)}
    last = {row.life: row for row in tx.execute(_LAST, which)}  # by n: the last one stays
    began: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    for ref, word in said.items():
        was, moment = last[ref], stored(now)
        if was.n is None or (was.until is not None and bad(word.word)):
            began.append(_first(word, was, moment))
            continue
        grounds = set(was.grounds)
        if bad(word.word):
            grounds.add(_ground(word.word))
            changed.append((ref, was.n, _list(grounds), _moment(was.until), was.good_version))
            continue
        grounds.discard(_STATUS)
        over = moment if was.until is None and not grounds else _moment(was.until)
        changed.append((ref, was.n, _list(grounds), over, word.version))
    bulk.add(tx, losses, began)
    bulk.amend(tx, losses, ("ref", "n", "grounds", "until", "good_version"), changed)
    if changed:
        tx.execute(_GOOD_AGAIN, which)
    tx.execute(_ENDED_OF, which)


def told_anew(tx: Connection, partner: str, accounts: Collection[str], *, now: datetime) -> None:
    """The partner is told of these members under new references. After the ledger's word."""
    if accounts:
        tx.execute(_ANEW, {"whose": partner, "accounts": list(accounts), "now": now})


def answered(tx: Connection, batch: Batch) -> None:
    """The receipt of this batch is settled. After its outcomes are written: they hold the lock."""
    if tx.scalar(_ANY, {"whose": batch.partner}) is not None:
        tx.execute(_ENDED, {"batch": batch.id, "whose": batch.partner})


def reopened(tx: Connection, refs: Collection[str]) -> None:
    """The deletion of these lives was confirmed and was not so."""
    if refs:
        ledger.hold(tx)
        tx.execute(_ENDED_OF, {"refs": list(refs)})


def _first(word: Word, was: Row[Any], now: int) -> tuple[Any, ...]:
    """The row that begins with a word: a loss, or what a life was till its first good word."""
    good_version, told_at = was.good_version or 0, stored(was.first_told_at)
    whose = (word.ref, (was.n or 0) + 1, word.partner, word.account, told_at)
    if not bad(word.word):
        over = (told_at, now, 0, word.version, 0, now, now)
        return (*whose, TOLD_SO, _list(()), *over)
    # What was told since the last good word is good; if nothing was, the version before it.
    best = word.version if word.version > good_version else (was.best or 0)
    lasts = (now, None, best, good_version, int(word.may_hold), None, None)
    return (*whose, word.word.lower(), _list({_ground(word.word)}), *lasts)


def _ground(word: str) -> str:
    return word if word in _FOR_GOOD else _STATUS


def _list(grounds: Iterable[str]) -> str:
    return orjson.dumps(sorted(grounds)).decode()


def _moment(at: datetime | None) -> int | None:
    return None if at is None else stored(at)


_LAST = (
    select(disclosures.c.ref.label("life"), disclosures.c.told_at.label("first_told_at"), losses)
    .select_from(disclosures.outerjoin(losses, losses.c.ref == disclosures.c.ref))
    .where(bulk.one_of(disclosures.c.ref, "refs"))
    .order_by(disclosures.c.ref, losses.c.n)
)
_GOOD_AGAIN = (
    update(losses)
    .where(
        bulk.one_of(losses.c.ref, "refs"),
        losses.c.until.is_not(None),
        losses.c.listed_until.is_(None),
    )
    .values(listed_until=losses.c.until)
)
_ANEW = (
    update(losses)
    .where(
        bulk.one_of(losses.c.account, "accounts"),
        losses.c.listed_until.is_(None),
        filtered(losses.c.partner) == bindparam("whose"),
        losses.c.since < bindparam("now", type_=losses.c.since.type),
    )
    .values(listed_until=bindparam("now", type_=losses.c.since.type))
)

# The first of its ends, from what stands in the database: good again, confirmed, deleted.
_CONFIRMED = (
    select(func.min(batches.c.closed_at, type_=losses.c.since.type))
    .select_from(batch_notices.join(batches, batches.c.id == batch_notices.c.batch_id))
    .where(
        batch_notices.c.ref == losses.c.ref,
        batch_notices.c.kind == "announcement",
        batch_notices.c.outcome == "held",
        batch_notices.c.version > losses.c.best,
    )
    .correlate(losses)
)
_DELETED = select(disclosures.c.gone_at).where(disclosures.c.ref == losses.c.ref).correlate(losses)
_ENDS = union_all(
    select(losses.c.until.label("at")).correlate(losses), _CONFIRMED, _DELETED
).subquery("ends")
_END = select(func.min(_ENDS.c.at)).correlate(losses).scalar_subquery()
_END_IT = update(losses).values(ended_at=_END)
_ENDED_OF = _END_IT.where(bulk.one_of(losses.c.ref, "refs"), losses.c.cause != TOLD_SO)
# In the order of the index of those that last, so that no other is taken for shorter.
_ANY = (
    select(losses.c.ref)
    .where(losses.c.partner == bindparam("whose"), losses.c.ended_at.is_(None))
    .order_by(losses.c.partner, losses.c.ref)
    .limit(1)
)
_ENDED = _END_IT.where(
    losses.c.partner == bindparam("whose"),
    losses.c.ended_at.is_(None),
    losses.c.ref.in_(
        select(batch_notices.c.ref).where(
            batch_notices.c.batch_id == bindparam("batch"),
            batch_notices.c.outcome.in_(("held", "withdrawn")),
        )
    ),
)
