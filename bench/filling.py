"""Rows put straight into the tables, well-formed, where a row needs a large roll and not the day it
takes to exchange one: what is measured on top of it goes the product's own way.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count

from sqlalchemy import Connection, Table, insert, select

from bench import members
from outbox import lane, pending
from outbox.house import House
from partners import consents
from schemas import ref as refs
from schemas.batch import Lane
from schemas.consent import Event
from schemas.status import Status
from schemas.tables import consents as events
from schemas.tables import (
    disclosures,
    foreign_identifiers,
    foreign_members,
    foreign_rolls,
    standing_consents,
)

AT_ONCE = 5_000
Values = dict[str, object]


def consented(house: House, partner: str, first: int, beyond: int) -> None:
    """These members' officers have signed for this partner; nothing is queued by that."""
    now = datetime.now(UTC)
    with house.database.read() as tx:
        number = count(
            (tx.scalar(select(events.c.id).order_by(events.c.id.desc()).limit(1)) or 0) + 1
        )
    log, standing = [], []
    for event in members.grants(beyond - first, (partner,), start=first):
        common: Values = {
            "account": event.account,
            "programme": partner,
            "event": Event.GRANTED.value,
            "at": event.at,
            "text": event.text,
        }
        consent = next(number)
        title = {"officer_title": event.officer_title}
        log.append({"id": consent, **common, **title, "recorded_at": now, "recorded_by": "bench"})
        standing.append({"consent_id": consent, **common})
    _insert(house, events, log)
    _insert(house, standing_consents, standing)
    with house.database.write() as tx:
        consents.heard(tx, now)


def told(house: House, partner: str, first: int, beyond: int) -> None:
    """The partner holds these members as they are."""
    now = datetime.now(UTC)
    with house.database.read() as tx:
        routine = lane.ids(tx, Lane.ROUTINE)[partner]
    _insert(
        house,
        disclosures,
        (
            {
                "ref": refs.new(),
                "partner": partner,
                "account": one.account,
                "lane_id": routine,
                "consent_id": 1,
                "version": 1,
                "told_digest": b"\0" * 32,
                "told_status": one.status.said(tiers=False).value,
                "told_identifiers": [[i.scheme, i.value] for i in one.identifiers],
                "best_status": one.status.said(tiers=False).value,
                "best_identifiers": [[i.scheme, i.value] for i in one.identifiers],
                "told_at": now,
                "held_version": 1,
                "held_digest": b"\0" * 32,
                "held_at": now,
            }
            for one in members.members(beyond - first, start=first)
        ),
    )


def queued(house: House, partner: str, first: int, beyond: int) -> None:
    """These members wait to be announced to the partner, as an intake would have queued them."""
    for start in range(first, beyond, 2_000):
        some = range(start, min(start + 2_000, beyond))
        with house.database.write() as tx:
            accounts = [members.account(n) for n in some]
            pending.mark(tx, house, accounts, now=datetime.now(UTC), partner=partner)


def recognised(house: House, programme: str, size: int) -> None:
    """A partner's roll of this size; the n-th member carries the n-th MID."""
    now = datetime.now(UTC)
    rows = [(refs.new(), n) for n in range(size)]
    common: Values = {"programme": programme}
    _insert(
        house,
        foreign_members,
        (
            {
                **common,
                "ref": ref,
                "version": 1,
                "name": f"Invented Company {n}, S.A. de C.V.",
                "identifiers": [["MID", mid(n)]],
                "status": Status.VALIDATED.value,
                "member_since": now.date(),
                "changed_at": now,
                "covered": True,
                "quarantined": False,
                "change": n + 1,
            }
            for ref, n in rows
        ),
    )
    _insert(
        house,
        foreign_identifiers,
        (
            {
                **common,
                "ref": ref,
                "scheme": "MID",
                "value": mid(n),
                "source": "partner",
                "from_on": now.date(),
                "added_at": now,
            }
            for ref, n in rows
        ),
    )
    heard = {"size": size, "as_of": now, "heard_at": now, "baseline": size, "baseline_at": now}
    _insert(house, foreign_rolls, [{**common, **heard}])


def mid(n: int) -> str:
    """The n-th MID: as many as there are members, spread over the index as real ones are."""
    letters = ""
    spread = n * 7_919 % 26**5
    for _ in range(5):
        spread, letter = divmod(spread, 26)
        letters += chr(65 + letter)
    return f"MX{letters}{1 + n % 9_000}TIJ"


def _insert(house: House, table: Table, rows: Iterable[Values]) -> None:
    for some in _some(rows):
        with house.database.write() as tx:
            _add(tx, table, some)


def _add(tx: Connection, table: Table, rows: list[Values]) -> None:
    tx.execute(insert(table), rows)


def _some(rows: Iterable[Values]) -> Iterator[list[Values]]:
    some: list[Values] = []
    for row in rows:
        some.append(row)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some
