"""The register of arrangements: what each allows, and where its partner is reached."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from schemas.agreement import Agreement, Stage
from schemas.calendar import Calendar
from schemas.errors import BadRequest
from schemas.status import Status
from schemas.tables import agreements

# Changes of these leave what may be told as it was.
NOT_TOLD = {
    "push_url",
    "pull_url",
    "coverage",
    "quarantine_percent",
    "rhythm_hours",
    "time_zone",
    "working_days",
    "holidays",
}

_ONE = select(agreements).where(agreements.c.partner == bindparam("partner"))


@dataclass(frozen=True, slots=True)
class Registered:
    """An agreement as it stands in the register. `push_url` is None where the partner pulls,
    `pull_url` where it pushes to us; `revision` grows with every change of what may be told, so
    that a draft made under an older one is noticed.

    `coverage` are the categories of their members that the arrangement recognises, None for all;
    a batch of theirs that changes their roll by more than `quarantine_percent` waits for a person;
    silent for longer than `rhythm`, what they told is stale. `calendar` says when people work there.
    """

    agreement: Agreement
    signed_on: date
    push_url: str | None
    revision: int
    pull_url: str | None = None
    coverage: frozenset[str] | None = None
    quarantine_percent: int = 20
    rhythm: timedelta = timedelta(days=31)
    calendar: Calendar = field(default_factory=Calendar)


def get(tx: Connection, partner: str) -> Registered:
    """The agreement with one partner, or `BadRequest` MRX-5001."""
    row = tx.execute(_ONE, {"partner": partner}).one_or_none()
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
    ground = int(bool(facts.keys() - NOT_TOLD))
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
        pull_url=row.pull_url,
        coverage=None if row.coverage is None else frozenset(row.coverage),
        quarantine_percent=row.quarantine_percent,
        rhythm=timedelta(hours=row.rhythm_hours),
        calendar=Calendar(
            zone=row.time_zone,
            working_days=frozenset(row.working_days),
            holidays=frozenset(map(date.fromisoformat, row.holidays)),
        ),
    )
