"""Onboarding: what is still to do before a partner is live?

/onboarding/{p}               the list
    /conformance              the last run's report; POST runs it anew
    /conformance/report       the same as a file, to go with the agreement
    /{step}/tick, /reopen     what only a person can say
    /go-live                  by two persons, when the list is complete
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Path, Response
from fastapi.responses import PlainTextResponse

from gateway.acts import approvals, conformance, golive
from gateway.acts import onboarding as acts
from gateway.checkup import LONGEST
from gateway.conformance.evidence import WORDS, Report
from gateway.console.page import Page, SignedIn
from gateway.identity.roles import Right
from gateway.views import onboarding as view
from gateway.views.onboarding import BY_HAND, Task, Tasks
from schemas.errors import BadRequest

router = APIRouter(prefix="/onboarding")

Partner = Annotated[str, Path(pattern="^[a-z]{2}-[a-z]{1,20}$")]
Step = Annotated[str, Path(pattern="^[a-z]{1,20}$")]
Line = Annotated[str, Form(max_length=2000)]

TONES = {"ok": "good", "failed": "bad", "not run": "plain"}


@router.get("")
def every(page: SignedIn) -> Response:
    page.demand(Right.SEE, what="the onboarding lists")
    with page.house.database.read() as tx:
        found = view.every(tx, page.house, now=page.now)
    return page.show("onboardings.html", title="Onboarding", found=found)


@router.get("/{partner}")
def one(page: SignedIn, partner: Partner) -> Response:
    page.demand(Right.SEE, what="an onboarding list")
    tasks = _tasks(page, partner)
    with page.house.database.read() as tx:
        asked = approvals.waiting(tx, golive.GO_LIVE, partner=partner)
    return page.show(
        "onboarding.html",
        title=f"Onboarding of {partner}",
        tasks=tasks,
        asked=asked,
        longest=LONGEST,
    )


@router.get("/{partner}/conformance")
def report(page: SignedIn, partner: Partner) -> Response:
    page.demand(Right.SEE, what="a conformance report")
    return page.show(
        "onboarding_conformance.html",
        title=f"Conformance of {partner}",
        partner=partner,
        report=_report(page, partner),
        words=WORDS,
        tones=TONES,
        longest=LONGEST,
    )


@router.post("/{partner}/conformance")
def run(page: SignedIn, partner: Partner) -> Response:
    found = conformance.run(page.house, page.actor, partner, clock=lambda: datetime.now(UTC))
    said = "conformance-well" if found.well else "conformance-failed"
    return page.go(f"/onboarding/{partner}/conformance", said=said)


@router.get("/{partner}/conformance/report")
def report_file(page: SignedIn, partner: Partner) -> Response:
    page.demand(Right.SEE, what="a conformance report")
    found = _report(page, partner)
    if found is None:
        raise BadRequest("MRX-7004")
    name = f"conformance-{partner}-{found.at:%Y-%m-%d}.txt"
    how = {"Content-Disposition": f'attachment; filename="{name}"'}
    return PlainTextResponse(found.text(), headers=how)


@router.get("/{partner}/go-live")
def ask_to_go_live(page: SignedIn, partner: Partner) -> Response:
    page.demand(Right.ENGINEER, what="the going live of a partner")
    tasks = _tasks(page, partner)
    return page.show("onboarding_live.html", title=f"Go live with {partner}", tasks=tasks)


@router.post("/{partner}/go-live")
def go_live(page: SignedIn, partner: Partner, reason: Line = "") -> Response:
    asked = golive.ask(page.house, page.actor, partner, reason=reason, now=page.now)
    return page.go(f"/approvals/{asked.id}", said="waits-for-second")


@router.get("/{partner}/{step}/tick")
def ask_to_tick(page: SignedIn, partner: Partner, step: Step) -> Response:
    page.demand(Right.ENGINEER, what="the ticking of a step")
    return _asked(page, partner, step, done=True)


@router.post("/{partner}/{step}/tick")
def tick(page: SignedIn, partner: Partner, step: Step, evidence: Line = "") -> Response:
    acts.tick(page.house, page.actor, partner, step, evidence=evidence, now=page.now)
    return page.go(f"/onboarding/{partner}", said="step-done")


@router.get("/{partner}/{step}/reopen")
def ask_to_reopen(page: SignedIn, partner: Partner, step: Step) -> Response:
    page.demand(Right.ENGINEER, what="the reopening of a step")
    return _asked(page, partner, step, done=False)


@router.post("/{partner}/{step}/reopen")
def reopen(page: SignedIn, partner: Partner, step: Step, reason: Line = "") -> Response:
    acts.reopen(page.house, page.actor, partner, step, reason=reason, now=page.now)
    return page.go(f"/onboarding/{partner}", said="step-open")


def _tasks(page: Page, partner: str) -> Tasks:
    with page.house.database.read() as tx:
        return view.tasks(tx, page.house, partner, now=page.now)


def _report(page: Page, partner: str) -> Report | None:
    with page.house.database.read() as tx:
        return conformance.last(tx, partner)


def _asked(page: Page, partner: str, step: str, *, done: bool) -> Response:
    task = _by_hand(_tasks(page, partner), step)
    return page.show(
        "onboarding_step.html",
        title="Tick a step" if done else "Open a step again",
        partner=partner,
        task=task,
        tick=done,
    )


def _by_hand(tasks: Tasks, step: str) -> Task:
    if step not in BY_HAND:
        raise BadRequest("MRX-7004")
    return next(task for task in tasks.tasks if task.step.name == step)
