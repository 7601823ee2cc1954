"""One (partner, member) pair as it stands now, and what may be said about it.

    the member, the standing consent, the live disclosure  --judge-->  Tell | Block | Nothing

Everything that decides whether a byte about a member may leave is read in one SELECT, so that the
draft, the release and the intake ask the same question of the same columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, FromClause, Row, Select, select

from outbox.gate import Gate, Ground
from outbox.house import House
from schemas import ref as refs
from schemas.consent import ConsentText, Event
from schemas.identifiers import Identifier
from schemas.narrowing import tied
from schemas.record import Record
from schemas.status import Status
from schemas.tables import disclosures, members, standing_consents

live = disclosures.alias("live")

# First in every row: the pair, what a draft rests on, and the best the partner may hold.
_GROUND = (
    members.c.present,
    members.c.version.label("member_version"),
    standing_consents.c.event,
    standing_consents.c.consent_id,
    live.c.ref.label("live_ref"),
    live.c.version.label("live_version"),
)
_RESTS_ON = slice(2, 2 + len(_GROUND))
_BEST = (live.c.best_status, live.c.best_identifiers)
_REST = (
    members.c.name,
    members.c.identifiers,
    members.c.status,
    members.c.member_since,
    members.c.business_type,
    members.c.unknown_status,
    standing_consents.c.text,
    live.c.held_version,
    live.c.told_digest,
)


def facts(
    base: FromClause,
    partner: ColumnElement[str],
    account: ColumnElement[str],
    *extra: ColumnElement[Any],
) -> Select[Any]:
    """Select everything that decides about the pairs of `base`, plus some columns of its own."""
    return ground(base, partner, account).add_columns(*_REST, *extra)


def ground(
    base: FromClause, partner: ColumnElement[str], account: ColumnElement[str]
) -> Select[Any]:
    """Select what a draft about the pairs of `base` rests on, and the best the partner may hold."""
    return select(partner.label("partner"), account.label("account"), *_GROUND, *_BEST).select_from(
        base.outerjoin(members, members.c.account == account)
        .outerjoin(
            standing_consents,
            (standing_consents.c.account == account) & (standing_consents.c.programme == partner),
        )
        .outerjoin(
            live,
            (live.c.partner == tied(partner, account))
            & (live.c.account == account)
            & live.c.withdraw_since.is_(None),
        )
    )


class Pair(NamedTuple):
    """One pair as it stands: the columns of `facts`, in their order, without the further ones.

    Those of a member, a consent or a life that is not there are None. To ask a row of SQLAlchemy
    for a column by name takes ten times as long, and thousands are asked for a dozen.
    """

    partner: str
    account: str
    present: bool | None
    member_version: int | None
    event: str | None
    consent_id: int
    live_ref: str | None
    live_version: int | None
    best_status: str
    best_identifiers: list[list[str]]
    name: str
    identifiers: Sequence[Sequence[str]]
    status: str
    member_since: date
    business_type: str | None
    unknown_status: bool
    text: str
    held_version: int | None
    told_digest: bytes | None


def pair(row: Row[Any]) -> Pair:
    """What a row of `facts` says of its pair."""
    return Pair._make(row[:_WIDTH])


_WIDTH = len(Pair._fields)
Basis: TypeAlias = tuple[object, ...]


def basis(found: Sequence[Any], gate: Gate) -> Basis:
    """What a draft rests on, from a row of `ground` or its pair. If any of it differs when the
    draft is to leave, it is spoiled.
    """
    return (*found[_RESTS_ON], gate.revision, gate.closed)


class Tell(NamedTuple):
    """Say this record. `first` when the partner has not been told of this life before."""

    record: Record
    consent_id: int
    text: str
    first: bool

    @property
    def pairs(self) -> list[list[str]]:
        """The identifiers it names, as a disclosure keeps them."""
        return [[one.scheme, one.value] for one in self.record.identifiers]


@dataclass(frozen=True, slots=True)
class Block:
    """Do not say it, for this reason.

    `gone`: the member has left the arrangement, so what the partner holds is withdrawn.
    `worse`: what the partner may hold is better than the truth, so it is withdrawn (P3).
    `lasting`: the reason is this member's own and stays until something changes; a reason of the
    gate passes by itself and is not written on the row.
    """

    code: str
    gone: bool
    worse: bool
    lasting: bool


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing to say: no consent, not a member any more, or they hold exactly this."""


Judgement = Tell | Block | Nothing


def judge(found: Pair, gate: Gate, house: House) -> Judgement:
    """Decide about one pair. The mapper is asked later; it may still find a record unsayable."""
    true = truth(found, gate, house)
    held = found.live_ref is not None and found.held_version == found.live_version
    if isinstance(true, Tell) and held and true.record.items_digest == found.told_digest:
        return Nothing()
    return true


def truth(found: Pair, gate: Gate, house: House) -> Judgement:
    """The same, whether or not the partner holds exactly this already."""
    if found.event != Event.GRANTED or not found.present:
        return Nothing()
    ground = _ground(found, gate, house)
    identifiers = _named(found, ground)
    if ground.code is not None:
        bad = worse(found, ground.status, identifiers)
        return Block(ground.code, ground.gone, bad, ground.lasting)
    record = Record.kept(
        ref=found.live_ref or refs.new(),
        version=_next_version(found, gate),
        name=found.name,
        identifiers=identifiers,
        status=ground.status,
        member_since=found.member_since,
    )
    return Tell(record, found.consent_id, found.text, found.live_ref is None)


def _next_version(found: Pair, gate: Gate) -> int:
    """Above all that this life was told in, also by a gateway that was lost (`outbox.restored`)."""
    if found.live_version is None:
        return 1
    return max(found.live_version, gate.versions_from) + 1


def unsayable(found: Pair, tell: Tell, code: str) -> Block:
    """The mapper cannot say it: block it, and see whether the partner may hold something better."""
    return Block(
        code,
        gone=False,
        worse=worse(found, tell.record.status, tell.record.identifiers),
        lasting=True,
    )


def worse_than_told(found: Pair, gate: Gate, house: House) -> bool:
    """Whether the pair's present state is worse than the best the partner may hold."""
    ground = _ground(found, gate, house)
    return worse(found, ground.status, _named(found, ground))


def worse(found: Pair, status: Status, identifiers: Sequence[Identifier]) -> bool:
    """A worse status or a dropped identifier, against the best the partner may hold (P3).

    False when the partner was told nothing in this life.
    """
    if found.live_ref is None:
        return False
    if status.rank < Status(found.best_status).rank:
        return True
    have = {(i.scheme, i.value) for i in identifiers}
    return any((scheme, value) not in have for scheme, value in found.best_identifiers)


def _named(found: Pair, ground: Ground) -> tuple[Identifier, ...]:
    """The member's identifiers that this partner may be told (P2)."""
    allowed = ground.schemes
    return tuple([Identifier.kept(s, value) for s, value in found.identifiers if s in allowed])


def _ground(found: Pair, gate: Gate, house: House) -> Ground:
    """Made once for each kind of member a gate meets: thousands of pairs are of a few kinds."""
    kind = (found.text, found.status, found.business_type, found.unknown_status)
    ground = gate.grounds.get(kind)
    if ground is None:
        ground = gate.grounds[kind] = _laid(found, gate, house.texts.get(found.text))
    return ground


def _laid(found: Pair, gate: Gate, text: ConsentText | None) -> Ground:
    code, lasting = gate.closed, False
    if found.unknown_status:
        code, lasting = code or "MRX-2208", code is None
    if code is None and text is None:
        # The text was withdrawn from the register: no ground to tell anything under it.
        code, lasting = "MRX-1207", True
    outside = gate.agreement.ineligible(Status(found.status), found.business_type)
    if outside is not None and (code is None or outside == "MRX-2206"):
        code, lasting = outside, True
    return Ground(
        code=code,
        lasting=lasting,
        gone=outside == "MRX-2206",
        status=Status(found.status).said(tiers=text is not None and text.names_tiers),
        schemes=gate.agreement.schemes & text.schemes if text is not None else frozenset(),
    )
