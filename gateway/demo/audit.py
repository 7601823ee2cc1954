"""A look from the outside: does each end hold exactly what was consented and can be said?

What should be held is worked out from the invented companies and consents themselves, never from
the gateway's database; what is held is read from the other end's own roll.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from mappers import MAPPERS
from outbox.house import House
from partners import foreign_roll, seed
from schemas import ref as refs
from schemas.consent import ConsentEvent
from schemas.member import Member
from schemas.record import Record

Items = tuple[str, tuple[tuple[str, str], ...], str, date]  # the four things, and no fifth


@dataclass(frozen=True, slots=True)
class Due:
    """What one partner should hold, and how many of the consented cannot be said, by code."""

    said: Counter[Items]
    blocked: Counter[str]

    @property
    def consented(self) -> int:
        return self.said.total() + self.blocked.total()


def due(
    members: Sequence[Member],
    events: Sequence[ConsentEvent],
    *,
    home: str,
    partner: str,
    document: str,
) -> Due:
    """What members of `home` that granted `partner` their consent come to.

    `document` is the programme whose document the pair exchanges. Every event is a grant.
    """
    texts = {event.account: event.text for event in events if event.programme == partner}
    found = Due(Counter(), Counter())
    for member in members:
        text = texts.get(member.account)
        if text is None:
            continue
        signed = seed.texts(home)[text]
        record = Record(
            ref=_SOME_REF,
            version=1,
            name=member.name,
            identifiers=tuple(i for i in member.identifiers if i.scheme in signed.schemes),
            status=member.status.said(tiers=signed.names_tiers),
            member_since=member.member_since,
        )
        code = MAPPERS[document].unsayable(record)
        if code is None:
            pairs = tuple(sorted((i.scheme, i.value) for i in record.identifiers))
            found.said[record.name, pairs, record.status.value, record.member_since] += 1
        else:
            found.blocked[code] += 1
    return found


def held(house: House, programme: str) -> Counter[Items]:
    """What this end holds of the members of a programme."""
    with house.database.read() as tx:
        return Counter(
            (
                row.name,
                tuple(sorted((scheme, value) for scheme, value in row.identifiers)),
                row.status,
                row.member_since,
            )
            for row in foreign_roll.every(tx, programme)
        )


_SOME_REF = refs.new()  # which one is of no account: it is not among the four
