"""The consent register: an event log, and the newest event of each (account, programme).

The newest event by its own time decides; of two at one instant the revocation wins. Every event is
kept, older ones too: they are history, and change nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, select, type_coerce, update

from schemas import bulk
from schemas.consent import ConsentEvent, Event
from schemas.tables import Big, consents, home, standing_consents, stored

_WORDS = {event: event.value for event in Event}
_LOG, _LAST = consents.c, standing_consents.c
_BEFORE = select(
    _LOG.account, _LOG.programme, type_coerce(_LOG.at, Big), _LOG.event, _LOG.id
).where(bulk.one_of(_LOG.account, "accounts"))
_STANDING = select(_LAST.account, _LAST.programme, type_coerce(_LAST.at, Big), _LAST.event).where(
    bulk.one_of(_LAST.account, "accounts")
)
_NEWEST_ID = select(func.max(_LOG.id))
_MOMENT = bindparam("moment", type_=_LOG.at.type)
_HEARD = (
    update(home)
    .where((home.c.consents_as_of.is_(None)) | (home.c.consents_as_of < _MOMENT))
    .values(consents_as_of=_MOMENT)
)
_BY_FEED = select(home.c.consents_as_of, home.c.consents_owed_since)
_SAID_ANEW = (
    update(home)
    .where(home.c.consents_owed_since >= bindparam("since", type_=_LOG.at.type))
    .values(consents_owed_since=None)
)
_BY_HAND = select(_LOG.recorded_at).order_by(_LOG.id.desc()).limit(1)
_TRAIL = (
    select(consents)
    .where(_LOG.account == bindparam("whose"))
    .order_by(_LOG.programme, _LOG.at, _LOG.id)
)
_STANDING_OF = (
    select(standing_consents).where(_LAST.account == bindparam("whose")).order_by(_LAST.programme)
)


class Effect(StrEnum):
    """What recording an event did."""

    STANDS = "stands"  # it is now the newest
    REPEATED = "repeated"  # this very event was here before
    OLDER = "older"  # a newer one stands; kept as history


class Recorded(NamedTuple):
    event: ConsentEvent
    effect: Effect
    consent_id: int


def record(
    tx: Connection, events: Sequence[ConsentEvent], *, now: datetime, by: str
) -> list[Recorded]:
    """Write events in the order given; the answer is in the same order.

    `by` is who brought them: a push or an operator.
    """
    accounts = {"accounts": {event.account for event in events}}
    seen = {row[:4]: row[4] for row in tx.execute(_BEFORE, accounts)}
    standing = {row[:2]: row[2:] for row in tx.execute(_STANDING, accounts)}
    there = set(standing)
    next_id = (tx.scalar(_NEWEST_ID) or 0) + 1
    recorded_at = stored(now)
    rows: list[tuple[object, ...]] = []
    newest: dict[tuple[Any, ...], tuple[object, ...]] = {}
    answer: list[Recorded] = []
    for event in events:
        at, word = stored(event.at), _WORDS[event.event]
        pair = event.account, event.programme
        key = (*pair, at, word)
        if key in seen:
            answer.append(Recorded(event, Effect.REPEATED, seen[key]))
            continue
        consent_id = seen[key] = next_id
        next_id += 1
        rows.append(
            (
                consent_id,
                *pair,
                word,
                at,
                event.officer_title,
                event.text,
                event.evidence,
                recorded_at,
                by,
            )
        )
        if pair in standing and not _newer((at, word), standing[pair]):
            answer.append(Recorded(event, Effect.OLDER, consent_id))
            continue
        standing[pair] = at, word
        newest[pair] = (*pair, consent_id, word, at, event.text)
        answer.append(Recorded(event, Effect.STANDS, consent_id))
    bulk.add(tx, consents, rows)
    bulk.add(tx, standing_consents, [newest[pair] for pair in sorted(newest.keys() - there)])
    bulk.change(tx, standing_consents, [newest[pair] for pair in sorted(newest.keys() & there)])
    return answer


def _newer(event: Sequence[Any], standing: Sequence[Any]) -> bool:
    """Each a moment and a word."""
    (at, word), (stands_at, stands) = event, standing
    if at != stands_at:
        return bool(at > stands_at)
    return bool(word == Event.REVOKED and stands != Event.REVOKED)


def heard(tx: Connection, as_of: datetime) -> None:
    """The consent feed spoke, describing the world as of that moment (P9)."""
    tx.execute(_HEARD, {"moment": as_of})


class Feed(NamedTuple):
    """`as_of`: how fresh our knowledge of consents is; None when there is none. `owed_since`: in a
    gateway that was restored from a backup, since when the source must say everything anew.
    """

    as_of: datetime | None
    owed_since: datetime | None


def feed(tx: Connection) -> Feed:
    """What the source has told us.

    The feed's own word, where there is a feed. Events written by hand do not make a silent feed
    fresh; a gateway that has no feed at all goes by the newest of them. Nothing is fresh while the
    source owes what it said since a backup (`said_anew`).
    """
    mine = tx.execute(_BY_FEED).one_or_none()
    if mine is None or mine.consents_owed_since is not None:
        return Feed(None, None if mine is None else mine.consents_owed_since)
    by_feed: datetime | None = mine.consents_as_of
    return Feed(by_feed if by_feed is not None else tx.scalar(_BY_HAND), None)


def as_of(tx: Connection) -> datetime | None:
    """How fresh our knowledge of consents is, as `feed` says it."""
    return feed(tx).as_of


def said_anew(tx: Connection, since: datetime) -> bool:
    """The source has said every event that it knows since that moment. Says whether that is what a
    restored gateway waited for: one that begins later than the backup's knowledge ends is not.
    """
    return bool(tx.execute(_SAID_ANEW, {"since": since}).rowcount)


def trail(tx: Connection, account: str) -> list[Row[tuple[object, ...]]]:
    """Every event of an account, in the order of their own times."""
    return list(tx.execute(_TRAIL, {"whose": account}))


def standing(tx: Connection, account: str) -> list[Row[tuple[object, ...]]]:
    """The newest event of each programme for an account."""
    return list(tx.execute(_STANDING_OF, {"whose": account}))
