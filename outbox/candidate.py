"""One (partner, member) pair as it stands now, and what may be said about it.

    the member, the standing consent, the live disclosure  --judge-->  Tell | Block | Nothing

Everything that decides whether a byte about a member may leave is read in one SELECT, so that the
draft, the release and the intake ask the same question of the same columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, FromClause, Row, Select, select

from outbox.gate import Gate
from outbox.house import House
from schemas import ref as refs
from schemas.consent import ConsentText, Event
from schemas.identifiers import Identifier
from schemas.record import Record
from schemas.status import Status
from schemas.tables import disclosures, members, standing_consents

live = disclosures.alias("live")


def facts(
    base: FromClause,
    partner: ColumnElement[str],
    account: ColumnElement[str],
    *extra: ColumnElement[Any],
) -> Select[Any]:
    """Select everything that decides about the pairs of `base`, plus some columns of its own."""
    return select(
        partner.label("partner"),
        account.label("account"),
        members.c.name,
        members.c.identifiers,
        members.c.status,
        members.c.member_since,
        members.c.business_type,
        members.c.version.label("member_version"),
        members.c.present,
        members.c.unknown_status,
        standing_consents.c.event,
        standing_consents.c.consent_id,
        standing_consents.c.text,
        live.c.ref.label("live_ref"),
        live.c.version.label("live_version"),
        live.c.held_version,
        live.c.told_digest,
        live.c.best_status,
        live.c.best_identifiers,
        *extra,
    ).select_from(
        base.outerjoin(members, members.c.account == account)
        .outerjoin(
            standing_consents,
            (standing_consents.c.account == account) & (standing_consents.c.programme == partner),
        )
        .outerjoin(
            live,
            (live.c.partner == partner)
            & (live.c.account == account)
            & live.c.withdraw_since.is_(None),
        )
    )


Basis: TypeAlias = tuple[object, ...]


def basis(row: Row[Any], gate: Gate) -> Basis:
    """What a draft rests on. If any of it differs when the draft is to leave, it is spoiled."""
    return (
        row.present,
        row.member_version,
        row.event,
        row.consent_id,
        row.live_ref,
        row.live_version,
        gate.revision,
        gate.closed,
    )


@dataclass(frozen=True, slots=True)
class Tell:
    """Say this record. `first` when the partner has not been told of this life before."""

    record: Record
    consent_id: int
    text: str
    first: bool


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


def judge(row: Row[Any], gate: Gate, house: House) -> Judgement:
    """Decide about one pair. The mapper is asked later; it may still find a record unsayable."""
    found = truth(row, gate, house)
    held = row.live_ref is not None and row.held_version == row.live_version
    if isinstance(found, Tell) and held and found.record.items_digest == row.told_digest:
        return Nothing()
    return found


def truth(row: Row[Any], gate: Gate, house: House) -> Judgement:
    """The same, whether or not the partner holds exactly this already."""
    if row.event != Event.GRANTED or not row.present:
        return Nothing()
    text = house.texts.get(row.text)
    status, identifiers = _said(row, gate, text)
    code, lasting = gate.closed, False
    if row.unknown_status:
        code, lasting = code or "MRX-2208", code is None
    if code is None and text is None:
        # The text was withdrawn from the register: no ground to tell anything under it.
        code, lasting = "MRX-1207", True
    outside = gate.agreement.ineligible(Status(row.status), row.business_type)
    if outside is not None and (code is None or outside == "MRX-2206"):
        code, lasting = outside, True
    if code is not None:
        return Block(code, outside == "MRX-2206", worse(row, status, identifiers), lasting)
    assert text is not None, "without a text there is a code"
    record = Record(
        ref=row.live_ref or refs.new(),
        version=(row.live_version or 0) + 1,
        name=row.name,
        identifiers=identifiers,
        status=status,
        member_since=row.member_since,
    )
    return Tell(record, row.consent_id, text.id, row.live_ref is None)


def unsayable(row: Row[Any], tell: Tell, code: str) -> Block:
    """The mapper cannot say it: block it, and see whether the partner may hold something better."""
    return Block(
        code,
        gone=False,
        worse=worse(row, tell.record.status, tell.record.identifiers),
        lasting=True,
    )


def worse_than_told(row: Row[Any], gate: Gate, house: House) -> bool:
    """Whether the pair's present state is worse than the best the partner may hold."""
    return worse(row, *_said(row, gate, house.texts.get(row.text)))


def worse(row: Row[Any], status: Status, identifiers: Sequence[Identifier]) -> bool:
    """A worse status or a dropped identifier, against the best the partner may hold (P3).

    False when the partner was told nothing in this life.
    """
    if row.live_ref is None:
        return False
    if status.rank < Status(row.best_status).rank:
        return True
    have = {(i.scheme, i.value) for i in identifiers}
    return any((scheme, value) not in have for scheme, value in row.best_identifiers)


def _said(
    row: Row[Any], gate: Gate, text: ConsentText | None
) -> tuple[Status, tuple[Identifier, ...]]:
    """Status and identifiers as this partner may be told: what the signed text names (P2)."""
    allowed = gate.agreement.schemes & text.schemes if text is not None else frozenset()
    status = Status(row.status).said(tiers=text is not None and text.names_tiers)
    identifiers = tuple(Identifier(s, v) for s, v in row.identifiers if s in allowed)
    return status, identifiers
