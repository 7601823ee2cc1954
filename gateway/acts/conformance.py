"""Running conformance: our side over invented members, then the way to the partner.

    our side     mapper, XSD, read back, sealed and opened       (`gateway.conformance.ours`)
    the way      as the connection test walks it                 (`gateway.acts.connection`)
       '-> the report stands in the onboarding list as the step's own evidence: done if all holds

No member of the roll is looked at, nothing of the exchange changes. The last run is kept, a failed
one too: the step is open again then.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select

from gateway.acts import connection, permission
from gateway.checkup.finding import Result, Step
from gateway.conformance import evidence, ours
from gateway.conformance.evidence import Report
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from outbox import ledger
from outbox.house import House
from partners import agreements
from schemas.database import upsert
from schemas.tables import onboarding

STEP: Final = "conformance"
WAY: Final = "connection"
_KEPT = select(onboarding.c.evidence).where(
    onboarding.c.partner == bindparam("whose"), onboarding.c.step == STEP
)


def run(house: House, actor: Actor, partner: str, *, clock: Callable[[], datetime]) -> Report:
    """Run every check and keep the report, no transaction open meanwhile.

    It takes as long as the partner does, `checkup.LONGEST` at most, and a second. Raises
    `BadRequest`: MRX-7017, MRX-5001.
    """
    permission.demand(
        house, actor, Right.ENGINEER, act="run conformance", now=clock(), partner=partner
    )
    with house.database.read() as tx:
        registered = agreements.get(tx, partner)
    course, checks = ours.run(house, registered.agreement, now=clock())
    address = registered.push_url or registered.pull_url
    report = Report(
        partner=partner,
        format=registered.agreement.format,
        address=address,
        at=clock(),
        by=actor.by,
        samples=len(course.samples),
        said=len(course.said),
        losses=course.losses,
        checks=(*checks, *_way(house, actor, partner, address, clock)),
    )
    _keep(house, report)
    return report


def last(tx: Connection, partner: str) -> Report | None:
    """The report of the last run, if there was one. Raises `BadRequest` MRX-5001."""
    agreements.get(tx, partner)
    kept = tx.scalar(_KEPT, {"whose": partner})
    return None if kept is None else evidence.read(kept)


def _way(
    house: House, actor: Actor, partner: str, address: str | None, clock: Callable[[], datetime]
) -> list[Step]:
    if address is None:
        sentence = "not run: they fetch and push by themselves, there is no address to test"
        return [Step(step=WAY, result=Result.SKIPPED, sentence=sentence, next=None)]
    found = connection.walk(house, actor, partner, clock=clock)
    return [replace(step, step=f"{WAY}, {step.step}") for step in found.steps]


def _keep(house: House, report: Report) -> None:
    row = {"done_at": report.at, "done_by": report.by, "evidence": report.kept()}
    with house.database.write() as tx:
        agreements.get(tx, report.partner)
        into = upsert(tx, onboarding).values(partner=report.partner, step=STEP, **row)
        tx.execute(into.on_conflict_do_update(index_elements=["partner", "step"], set_=row))
        told = {
            "by": report.by,
            "format": report.format,
            "well": report.well,
            "failed": ", ".join(report.failed),
            "samples": report.samples,
            "said": report.said,
        }
        ledger.add(tx, "conformance run", told, now=report.at, partner=report.partner)
