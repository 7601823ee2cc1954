"""The consent register: an event log, and the newest event of each (account, programme).

The newest event by its own time decides; of two at one instant the revocation wins. Every event is
kept, older ones too: they are history, and change nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, func, select, update

from schemas import bulk
from schemas.consent import ConsentEvent, Event
from schemas.tables import consents, home, standing_consents, stored


class Effect(StrEnum):
    """What recording an event did."""

    STANDS = "stands"  # it is now the newest
    REPEATED = "repeated"  # this very event was here before
    OLDER = "older"  # a newer one stands; kept as history


@dataclass(frozen=True, slots=True)
class Recorded:
    event: ConsentEvent
    effect: Effect
    consent_id: int


def record(
    tx: Connection, events: Sequence[ConsentEvent], *, now: datetime, by: str
) -> list[Recorded]:
    """Write events in the order given; the answer is in the same order.

    `by` is who brought them: a push or an operator.
    """
    accounts = {event.account for event in events}
    log, last = consents.c, standing_consents.c
    known = select(log.account, log.programme, log.at, log.event, log.id)
    seen = {
        (row.account, row.programme, row.at, row.event): row.id
        for row in tx.execute(known.where(bulk.among(tx, log.account, accounts)))
    }
    stands = select(last.account, last.programme, last.at, last.event)
    standing = {
        (row.account, row.programme): (row.at, row.event)
        for row in tx.execute(stands.where(bulk.among(tx, last.account, accounts)))
    }
    next_id = (tx.scalar(select(func.max(consents.c.id))) or 0) + 1
    recorded_at = stored(now)
    rows: list[tuple[object, ...]] = []
    newest: dict[tuple[str, str], tuple[object, ...]] = {}
    answer: list[Recorded] = []
    for event in events:
        key = (event.account, event.programme, event.at, event.event.value)
        if key in seen:
            answer.append(Recorded(event, Effect.REPEATED, seen[key]))
            continue
        consent_id, next_id = next_id, next_id + 1
        seen[key] = consent_id
        at = stored(event.at)
        rows.append(
            (
                consent_id,
                event.account,
                event.programme,
                event.event.value,
                at,
                event.officer_title,
                event.text,
                event.evidence,
                recorded_at,
                by,
            )
        )
        pair = (event.account, event.programme)
        if pair in standing and not _newer(event, *standing[pair]):
            answer.append(Recorded(event, Effect.OLDER, consent_id))
            continue
        standing[pair] = (event.at, event.event.value)
        newest[pair] = (*pair, consent_id, event.event.value, at, event.text)
        answer.append(Recorded(event, Effect.STANDS, consent_id))
    bulk.add(tx, consents, rows)
    bulk.change(tx, standing_consents, [newest[pair] for pair in sorted(newest)])
    return answer


def _newer(event: ConsentEvent, at: datetime, word: str) -> bool:
    if event.at != at:
        return event.at > at
    return event.event is Event.REVOKED and word != Event.REVOKED


def heard(tx: Connection, as_of: datetime) -> None:
    """The consent feed spoke, describing the world as of that moment (P9)."""
    tx.execute(
        update(home)
        .where((home.c.consents_as_of.is_(None)) | (home.c.consents_as_of < as_of))
        .values(consents_as_of=as_of)
    )


def as_of(tx: Connection) -> datetime | None:
    """How fresh our knowledge of consents is; None when there is none.

    The feed's own word, where there is a feed. Events written by hand do not make a silent feed
    fresh; a gateway that has no feed at all goes by the newest of them.
    """
    by_feed: datetime | None = tx.scalar(select(home.c.consents_as_of))
    if by_feed is not None:
        return by_feed
    return tx.scalar(select(consents.c.recorded_at).order_by(consents.c.id.desc()).limit(1))


def trail(tx: Connection, account: str) -> list[Row[tuple[object, ...]]]:
    """Every event of an account, in the order of their own times."""
    query = select(consents).where(consents.c.account == account)
    return list(tx.execute(query.order_by(consents.c.programme, consents.c.at, consents.c.id)))


def standing(tx: Connection, account: str) -> list[Row[tuple[object, ...]]]:
    """The newest event of each programme for an account."""
    query = select(standing_consents).where(standing_consents.c.account == account)
    return list(tx.execute(query.order_by(standing_consents.c.programme)))
