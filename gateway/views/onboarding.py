"""A new partner's list: what must be done before it goes live, what is, and where one sees that.

    by itself   computed from the database each time it is looked at: nobody can tick it
                conformance is one: its evidence is the last run's report, and nobody's word
    by hand     a person says so, with evidence (`gateway.acts.onboarding`)

Steps in any order, over weeks; `before` are those that going live waits for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, Row, Select, select

from gateway.checkup.finding import Result
from gateway.conformance import evidence
from mappers import MAPPERS
from outbox.house import House
from partners import agreements, certificates
from partners.agreements import Registered
from partners.certificates import Pinned
from schemas.agreement import Stage
from schemas.tables import batches, connection_tests, lanes, onboarding

_SETTLED = (
    select(batches.c.closed_at)
    .where(batches.c.lane_id == lanes.c.id, batches.c.state == "settled")
    .order_by(batches.c.closed_at)
    .limit(1)
    .correlate(lanes)
    .scalar_subquery()
)
_FIRST_SETTLED = select(lanes.c.partner, _SETTLED.label("at")).order_by(lanes.c.rank)


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
        title="The conformance run went well: their format, our signature, the way to them",
        who="partner engineer",
    ),
    Step(
        # By hand: it plays this programme with a key of its own, against their test system only.
        name="checklist",
        title="Their test system passed the checklist of mrx conformance",
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


def every(tx: Connection, _house: House, *, now: datetime) -> list[Tasks]:
    """The list of each partner with which there is an agreement."""
    facts = _facts(tx, None)
    return [_tasks(one, facts, now=now) for one in agreements.every(tx)]


def tasks(tx: Connection, _house: House, partner: str, *, now: datetime) -> Tasks:
    """One partner's list. Raises `BadRequest` MRX-5001 for no partner of ours."""
    return _tasks(agreements.get(tx, partner), _facts(tx, partner), now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the steps are told from, by partner: of all of them, or of one."""

    ticked: Mapping[str, Mapping[str, Row[Any]]]
    tested: Mapping[str, Row[Any]]
    pinned: Mapping[str, Sequence[Pinned]]
    settled: Mapping[str, datetime]


def _facts(tx: Connection, only: str | None) -> _Facts:
    def of(query: Select[Any], whose: Column[Any]) -> Select[Any]:
        return query if only is None else query.where(whose == only)

    ticked: dict[str, dict[str, Row[Any]]] = {}
    for row in tx.execute(of(select(onboarding), onboarding.c.partner)):
        ticked.setdefault(row.partner, {})[row.step] = row
    tested = tx.execute(of(select(connection_tests), connection_tests.c.partner))
    pinned: dict[str, list[Pinned]] = {}
    for one in certificates.every(tx) if only is None else certificates.pinned(tx, only):
        pinned.setdefault(one.partner, []).append(one)
    settled: dict[str, datetime] = {}
    for row in tx.execute(of(_FIRST_SETTLED, lanes.c.partner)):
        if row.at is not None:
            settled.setdefault(row.partner, row.at)
    return _Facts(
        ticked=ticked,
        tested={row.partner: row for row in tested},
        pinned=pinned,
        settled=settled,
    )


def _tasks(registered: Registered, facts: _Facts, *, now: datetime) -> Tasks:
    partner = registered.agreement.partner
    known = facts.ticked.get(partner, {})
    itself = _by_itself(registered, facts, known.get("conformance"), now=now)
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
    registered: Registered, facts: _Facts, run: Any, *, now: datetime
) -> dict[str, tuple[bool, str]]:
    partner = registered.agreement.partner
    return {
        "agreement": _agreement(registered, now),
        "format": _format(registered),
        "certificate": _certificate(facts.pinned.get(partner, ()), now),
        "connection": _connection(registered, facts.tested.get(partner)),
        "conformance": _conformance(registered, run),
        "live": (registered.agreement.enabled, _live(registered)),
        "first batch": _first_batch(facts.settled.get(partner)),
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


def _certificate(pinned: Sequence[Pinned], now: datetime) -> tuple[bool, str]:
    valid = [one for one in pinned if one.not_before <= now <= one.not_after]
    if not valid:
        return False, "none that is valid now is pinned"
    return True, f"{valid[0].fingerprint[:16]}, until {valid[0].not_after:%Y-%m-%d}"


def _connection(registered: Registered, row: Any) -> tuple[bool, str]:
    if registered.push_url is None and registered.pull_url is None:
        return True, "they fetch and push by themselves: there is no address to test"
    if row is None:
        return False, "it has not been tested yet"
    failed = [one["step"] for one in row.findings if one["result"] == Result.FAILED]
    tested = f"tested {row.at:%Y-%m-%d %H:%M} UTC by {row.by}"
    return not failed, f"{tested}; failed: {', '.join(failed)}" if failed else tested


def _conformance(registered: Registered, row: Any) -> tuple[bool, str]:
    report = None if row is None else evidence.read(row.evidence)
    if row is None:
        return False, "it has not been run yet"
    if report is None:
        return False, f"it was ticked by hand, by {row.done_by}: run it"
    if report.format != registered.agreement.format:
        return False, f"{report.sentence}; but for {report.format}, which is not agreed any more"
    return report.well, report.sentence


def _live(registered: Registered) -> str:
    return "the exchange is enabled" if registered.agreement.enabled else "not yet"


def _first_batch(at: datetime | None) -> tuple[bool, str]:
    return at is not None, "none yet" if at is None else f"settled {at:%Y-%m-%d %H:%M} UTC"
