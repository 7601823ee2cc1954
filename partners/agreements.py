"""The register of arrangements: what each allows, and where its partner is reached."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select, update

from schemas.agreement import Agreement, Stage
from schemas.errors import BadRequest
from schemas.status import Status
from schemas.tables import agreements


@dataclass(frozen=True, slots=True)
class Registered:
    """An agreement as it stands in the register. `push_url` is None where the partner pulls;
    `revision` grows with every change, so that a draft made under an older one is noticed.
    """

    agreement: Agreement
    signed_on: date
    push_url: str | None
    revision: int


def get(tx: Connection, partner: str) -> Registered:
    """The agreement with one partner, or `BadRequest` MRX-5001."""
    row = tx.execute(select(agreements).where(agreements.c.partner == partner)).one_or_none()
    if row is None:
        raise BadRequest("MRX-5001")
    return _registered(row)


def every(tx: Connection) -> list[Registered]:
    """All agreements, by partner."""
    rows = tx.execute(select(agreements).order_by(agreements.c.partner))
    return [_registered(row) for row in rows]


def change(tx: Connection, partner: str, **facts: Any) -> None:
    """Write some columns of an agreement. If what may be told changes with it, its revision grows,
    and what was drafted or sealed under the old one is made again.
    """
    get(tx, partner)
    ground = int(bool(facts.keys() - {"push_url"}))
    tx.execute(
        update(agreements)
        .where(agreements.c.partner == partner)
        .values(revision=agreements.c.revision + ground, **facts)
    )


def _registered(row: Row[Any]) -> Registered:
    return Registered(
        agreement=Agreement(
            partner=row.partner,
            format=row.format,
            stage=Stage(row.stage),
            enabled=row.enabled,
            effective_on=row.effective_on,
            ended_on=row.ended_on,
            schemes=frozenset(row.schemes),
            statuses=frozenset(Status(word) for word in row.statuses),
            business_types=None if row.business_types is None else frozenset(row.business_types),
        ),
        signed_on=row.signed_on,
        push_url=row.push_url,
        revision=row.revision,
    )
