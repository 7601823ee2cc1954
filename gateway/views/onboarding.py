"""A new partner's list: what must be done before it goes live, what is, and where one sees that.

    by itself   computed from the database each time it is looked at: nobody can tick it
    by hand     a person says so, with evidence (`gateway.acts.onboarding`)

Steps in any order, over weeks; `before` are those that going live waits for.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from mappers import MAPPERS
from outbox import lane
from outbox.house import House
from partners import agreements, certificates
from partners.agreements import Registered
from schemas.agreement import Stage
from schemas.tables import batches, connection_tests, onboarding

_TICKED = select(onboarding).where(onboarding.c.partner == bindparam("whose"))
_TESTED = select(connection_tests).where(connection_tests.c.partner == bindparam("whose"))
_SETTLED = (
    select(batches.c.closed_at)
    .where(batches.c.lane_id == bindparam("lane"), batches.c.state == "settled")
    .order_by(batches.c.closed_at)
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do. `who` is who usually does it."""

    name: str
    title: str
    who: str
    by_hand: bool = False
    before: bool = True


STEPS: Final = (
    Step(name="agreement", title="Agreement recorded and not ended", who="partner engineer"),
    Step(
        name="terms",
        title="What is recorded was compared with the arrangement's text: items, schemes, dates",
        who="legal",
        by_hand=True,
    ),
    Step(name="format", title="Format and mapper are here", who="engineer"),
    Step(
        name="samples",
        title="They have read sample documents in this format, and agree",
        who="engineer",
        by_hand=True,
    ),
    Step(
        name="certificate", title="Their certificate is pinned, and valid", who="security officer"
    ),
    Step(
        name="fingerprint",
        title="Its fingerprint was compared with them over another way",
        who="security officer",
        by_hand=True,
    ),
    Step(
        name="ours", title="They have pinned our certificate", who="security officer", by_hand=True
    ),
    Step(name="connection", title="The connection test went well", who="operator"),
    Step(
        name="conformance",
        title="A conformance run against their test end passed",
        who="partner engineer",
        by_hand=True,
    ),
    Step(
        name="contacts",
        title="Who is called over there, and who calls here, is written down",
        who="partner engineer",
        by_hand=True,
    ),
    Step(name="live", title="Two persons said: go live", who="partner engineer", before=False),
    Step(name="first batch", title="A first batch is settled", who="operator", before=False),
)
BY_HAND: Final = frozenset(step.name for step in STEPS if step.by_hand)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A step as it stands: `evidence` says where one sees that it is done, or what is missing."""

    step: Step
    done: bool
    evidence: str
    done_at: datetime | None = None
    done_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """The list of one partner."""

    partner: str
    live: bool
    tasks: tuple[Task, ...]

    @property
    def done(self) -> int:
        return sum(task.done for task in self.tasks)

    @property
    def open_before(self) -> list[str]:
        """The names of the steps that going live still waits for."""
        return [task.step.name for task in self.tasks if task.step.before and not task.done]


def every(tx: Connection, house: House, *, now: datetime) -> list[Tasks]:
    """The list of each partner with which there is an agreement."""
    codes = [one.agreement.partner for one in agreements.every(tx)]
    return [tasks(tx, house, code, now=now) for code in codes]


def tasks(tx: Connection, _house: House, partner: str, *, now: datetime) -> Tasks:
    """One partner's list. Raises `BadRequest` MRX-5001 for no partner of ours."""
    registered = agreements.get(tx, partner)
    known = {row.step: row for row in tx.execute(_TICKED, {"whose": partner})}
    itself = _by_itself(tx, registered, now=now)
    return Tasks(
        partner=partner,
        live=registered.agreement.enabled,
        tasks=tuple(
            _by_hand(step, known.get(step.name))
            if step.by_hand
            else Task(step=step, done=itself[step.name][0], evidence=itself[step.name][1])
            for step in STEPS
        ),
    )


def _by_hand(step: Step, row: Any) -> Task:
    if row is None:
        return Task(step=step, done=False, evidence="nobody has said so yet")
    return Task(
        step=step, done=True, evidence=row.evidence, done_at=row.done_at, done_by=row.done_by
    )


def _by_itself(
    tx: Connection, registered: Registered, *, now: datetime
) -> dict[str, tuple[bool, str]]:
    partner = registered.agreement.partner
    return {
        "agreement": _agreement(registered, now),
        "format": _format(registered),
        "certificate": _certificate(tx, partner, now),
        "connection": _connection(tx, registered),
        "live": (registered.agreement.enabled, _live(registered)),
        "first batch": _first_batch(tx, partner),
    }


def _agreement(registered: Registered, now: datetime) -> tuple[bool, str]:
    agreed = registered.agreement
    if agreed.ended_on is not None and agreed.ended_on <= now.date():
        return False, f"it ended on {agreed.ended_on}"
    if agreed.stage < Stage.IMPLEMENTATION:
        return False, f"its stage is {agreed.stage.name.lower()}; members are told from stage 8 on"
    dates = f"signed {registered.signed_on}, in force from {agreed.effective_on}"
    return True, f"{dates}; identifiers: {', '.join(sorted(agreed.schemes))}"


def _format(registered: Registered) -> tuple[bool, str]:
    name = registered.agreement.format
    there = name.partition("/")[0] in MAPPERS
    return there, name if there else f"there is no mapper for {name}"


def _certificate(tx: Connection, partner: str, now: datetime) -> tuple[bool, str]:
    valid = [
        one for one in certificates.pinned(tx, partner) if one.not_before <= now <= one.not_after
    ]
    if not valid:
        return False, "none that is valid now is pinned"
    return True, f"{valid[0].fingerprint[:16]}, until {valid[0].not_after:%Y-%m-%d}"


def _connection(tx: Connection, registered: Registered) -> tuple[bool, str]:
    if registered.push_url is None and registered.pull_url is None:
        return True, "they fetch and push by themselves: there is no address to test"
    row = tx.execute(_TESTED, {"whose": registered.agreement.partner}).one_or_none()
    if row is None:
        return False, "it has not been tested yet"
    failed = [one["name"] for one in row.findings if one["verdict"] == "failed"]
    tested = f"tested {row.at:%Y-%m-%d %H:%M} UTC by {row.by}"
    return not failed, f"{tested}; failed: {', '.join(failed)}" if failed else tested


def _live(registered: Registered) -> str:
    return "the exchange is enabled" if registered.agreement.enabled else "not yet"


def _first_batch(tx: Connection, partner: str) -> tuple[bool, str]:
    for one in lane.of(tx, partner):
        at = tx.scalar(_SETTLED, {"lane": one.id})
        if at is not None:
            return True, f"settled {at:%Y-%m-%d %H:%M} UTC"
    return False, "none yet"
