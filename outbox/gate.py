"""What stands between the home programme and one partner as a whole, before any single member.

A closed gate stops announcements. It never stops a withdrawal (P9): on the urgent lane a change
for the worse that may not be announced leaves as a withdrawal instead (P3).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from outbox.house import House
from partners import agreements, certificates, consents
from schemas.agreement import Agreement
from schemas.status import Status
from schemas.tables import home

UNCERTIFIED: Final = "MRX-2209"
STALE: Final = "MRX-2207"
_VERSIONS_FROM: Final = select(home.c.versions_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What agreement, consent text and gate allow to be said of one kind of member.

    `code` is why none of them may be announced, or None; `gone` and `lasting` as in
    `candidate.Block`. `status` and `schemes` are what the text and the agreement let be named (P2).
    """

    code: str | None
    lasting: bool
    gone: bool
    status: Status
    schemes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Gate:
    """`closed` is the code of why nothing may be announced now, or None.

    `revision` is the agreement's: a draft made under another one is thrown away. What is told anew
    is told in a version above `versions_from`. `grounds` are those found so far, by (text, status, business type, whether the status is unknown).
    """

    agreement: Agreement
    push_url: str | None
    revision: int
    closed: str | None
    versions_from: int
    grounds: dict[tuple[Any, ...], Ground] = field(default_factory=dict, compare=False, repr=False)


def gate(tx: Connection, house: House, partner: str, *, now: datetime) -> Gate:
    """Look at the gate to one partner at one moment."""
    registered = agreements.get(tx, partner)
    closed = registered.agreement.obstacle(now.date())
    if closed is None and not certificates.valid(tx, partner, at=now):
        closed = UNCERTIFIED
    if closed is None and _stale(tx, house, now):
        closed = STALE
    floor: int = tx.scalars(_VERSIONS_FROM).one()
    return Gate(registered.agreement, registered.push_url, registered.revision, closed, floor)


def closed(tx: Connection, house: House, *, now: datetime) -> dict[str, str]:
    """The partners to which nothing may be announced now, each with the code of why: what `gate`
    says of each, in as many statements for all of them.
    """
    believed, stale = certificates.ends(tx, at=now), _stale(tx, house, now)
    found = {}
    for one in agreements.every(tx):
        partner = one.agreement.partner
        why = one.agreement.obstacle(now.date())
        if why is None and partner not in believed:
            why = UNCERTIFIED
        if why is None and stale:
            why = STALE
        if why is not None:
            found[partner] = why
    return found


def _stale(tx: Connection, house: House, now: datetime) -> bool:
    """Whether the consent feed is too old to stand on. Never heard counts as stale."""
    heard = consents.as_of(tx)
    return heard is None or now - heard > house.terms.consents_fresh_for
