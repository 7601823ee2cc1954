"""Acts for two persons: what waits, who may decide, and what a crash leaves."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from gateway.acts import approvals
from gateway.acts.approvals import Approval, State
from gateway.identity.actor import ALL, Actor
from outbox.house import House
from schemas.errors import BadRequest
from schemas.tables import agreements
from tests.conftest import BOTH
from tests.gateway.acts.entries import entries
from tests.world import START, World

ASKS, OTHER = Actor("emil", ALL), Actor("anna", ALL)
LATER = START + timedelta(hours=1)
RENAMED = "write a format down"
MOVED = "move a file"


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def house(small_world: World) -> House:
    return small_world.house


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Two acts: one that writes the database, one that moves files, and each move there was."""
    moved: list[str] = []
    monkeypatch.setattr(approvals, "_WAYS", dict(approvals._WAYS))

    def write(tx, _house, asked: Approval, _by, _now):
        tx.execute(
            update(agreements)
            .where(agreements.c.partner == asked.partner)
            .values(format=asked.subject)
        )
        if asked.subject == "impossible":
            raise BadRequest("MRX-7015")

    def move(_house, asked: Approval, by, _now):
        moved.append(f"{asked.subject} by {by}")
        if asked.subject == "crash":
            raise KeyboardInterrupt
        if asked.subject == "impossible":
            raise BadRequest("MRX-5023")
        if asked.subject == "fault" and len(moved) == 1:
            raise ZeroDivisionError("with Invented Company in it")

    approvals.register(RENAMED, within=write)
    approvals.register(MOVED, between=move)
    return moved


def asked(house: House, act: str, subject: str = "x") -> str:
    with house.database.write() as tx:
        facts = {"partner": "mx-neec", "subject": subject, "reason": "it is time", "now": START}
        return approvals.ask(tx, ASKS, act, **facts).id


def decide(
    house: House, one: str, by: Actor = OTHER, *, approve: bool = True, now: datetime = START
) -> Approval:
    return approvals.decide(house, by, one, approve=approve, reason="seen", now=now)


def format_of(house: House) -> str:
    with house.database.read() as tx:
        here = agreements.c.partner == "mx-neec"
        return tx.scalars(
            agreements.select().where(here).with_only_columns(agreements.c.format)
        ).one()


@pytest.mark.usefixtures("moves")
def test_the_second_person_s_yes_carries_it_out(house: House):
    one = asked(house, RENAMED, "new")
    assert format_of(house) != "new"

    done = decide(house, one)

    assert (done.state, done.decided_by, done.decision) == (State.APPROVED, "anna", "seen")
    assert format_of(house) == "new"
    [first], [second] = entries(house, "approval asked"), entries(house, "approval approved")
    assert (first["by"], first["reason"], first["act"]) == ("emil", "it is time", RENAMED)
    assert (second["by"], second["asked_by"], second["approval"]) == ("anna", "emil", one)


def test_a_no_ends_the_waiting_and_it_may_be_asked_again(house: House, moves: list[str]):
    one = asked(house, MOVED)

    assert decide(house, one, approve=False).state is State.REFUSED

    assert moves == []
    assert asked(house, MOVED) != one


@pytest.mark.usefixtures("moves")
@pytest.mark.parametrize("approve", [True, False])
def test_nobody_decides_an_act_of_their_own_whatever_their_roles(house: House, approve: bool):
    one = asked(house, RENAMED, "new")

    with pytest.raises(BadRequest, match="MRX-7014"):
        decide(house, one, ASKS, approve=approve)

    assert format_of(house) != "new"
    [refused] = entries(house, "act refused")
    assert (refused["by"], refused["approval"]) == ("emil", one)


@pytest.mark.usefixtures("moves")
def test_who_may_not_approve_is_refused_and_kept(house: House, viewer: Actor, engineer: Actor):
    one = asked(house, RENAMED, "new")

    for person in (viewer, engineer):
        with pytest.raises(BadRequest, match="MRX-7017"):
            decide(house, one, person)

    assert [entry["by"] for entry in entries(house, "act refused")] == ["vera", "emil"]


@pytest.mark.usefixtures("moves")
def test_an_act_waits_once(house: House):
    asked(house, MOVED, "x")

    with pytest.raises(BadRequest, match="MRX-7022"):
        asked(house, MOVED, "x")
    asked(house, MOVED, "y")


@pytest.mark.usefixtures("moves")
@pytest.mark.parametrize("again", [True, False])
def test_what_is_decided_is_decided(house: House, again: bool):
    one = asked(house, MOVED)
    decide(house, one)

    with pytest.raises(BadRequest, match="MRX-5022"):
        decide(house, one, approve=again)


@pytest.mark.usefixtures("moves")
@pytest.mark.parametrize(("act", "code"), [(RENAMED, "MRX-7015"), (MOVED, "MRX-5023")])
def test_an_act_that_cannot_be_done_leaves_it_waiting(house: House, act: str, code: str):
    before = format_of(house)
    one = asked(house, act, "impossible")

    with pytest.raises(BadRequest, match=code):
        decide(house, one)

    with house.database.read() as tx:
        left = approvals.get(tx, one)
    assert (left.state, left.decided_by, left.begun) == (State.WAITING, None, False)
    assert format_of(house) == before
    assert decide(house, one, approve=False).state is State.REFUSED


def test_an_act_that_fails_in_a_way_nobody_thought_of_waits_again_at_once(
    house: House, moves: list[str]
):
    waits = asked(house, MOVED, "fault")
    with pytest.raises(ZeroDivisionError):
        decide(house, waits, OTHER)

    with house.database.read() as tx:
        now_is = approvals.get(tx, waits)
    assert (now_is.state, now_is.begun, now_is.decided_by) == (State.WAITING, False, None)
    [failed] = entries(house, "approval failed")
    assert (failed["code"], failed["by"]) == ("MRX-9999", "anna")
    assert "Invented" not in str(failed)

    assert decide(house, waits, OTHER).state is State.APPROVED
    assert moves == ["fault by anna"] * 2


def test_killed_between_the_yes_and_its_end_the_next_yes_finishes_it(
    house: House, moves: list[str]
):
    one = asked(house, MOVED, "crash")
    with pytest.raises(KeyboardInterrupt):
        decide(house, one)
    with house.database.read() as tx:
        assert approvals.get(tx, one).begun

    with pytest.raises(BadRequest, match="MRX-7015"):
        decide(house, one, approve=False)
    approvals.register(MOVED, between=lambda _h, a, by, _n: moves.append(f"{a.subject} by {by}"))
    third = Actor("ben", ALL)
    with pytest.raises(BadRequest, match="MRX-7015"):  # nobody knows yet that it is dead
        decide(house, one, third)

    assert decide(house, one, third, now=LATER).state is State.APPROVED
    assert moves == ["crash by anna", "crash by ben"]
    assert len(entries(house, "approval begun")) == 2


@pytest.mark.usefixtures("moves")
@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "x" * 501])
def test_a_decision_needs_a_reason_of_one_line(house: House, reason: str):
    one = asked(house, RENAMED, "new")

    with pytest.raises(BadRequest, match="MRX-7023"):
        approvals.decide(house, OTHER, one, approve=True, reason=reason, now=START)


@pytest.mark.usefixtures("moves")
def test_the_newest_are_listed_first_page_by_page(house: House):
    ids = {asked(house, MOVED, str(n)) for n in range(5)}
    decide(house, min(ids))

    with house.database.read() as tx:
        whole = approvals.every(tx)
        first = approvals.every(tx, at_most=2)
        rest = approvals.every(tx, after=(first[-1].asked_at, first[-1].id))
        waiting = approvals.every(tx, state=State.WAITING)
    assert {one.id for one in whole} == ids
    assert [*first, *rest] == whole
    assert {one.id for one in waiting} == ids - {min(ids)}


def test_while_one_yes_is_carried_out_nobody_else_decides(house: House, moves: list[str]):
    one, third = asked(house, MOVED), Actor("ben", ALL)

    def move(_house, asked: Approval, by, _now):
        moves.append(by)
        for approve in (True, False):
            with pytest.raises(BadRequest, match="MRX-7015"):
                decide(house, asked.id, third, approve=approve)

    approvals.register(MOVED, between=move)

    assert decide(house, one).decided_by == "anna"
    assert moves == ["anna"]
    assert len(entries(house, "approval begun")) == len(entries(house, "approval approved")) == 1


def test_one_that_fails_late_leaves_the_mark_of_who_took_it_over(house: House, moves: list[str]):
    one, third = asked(house, MOVED), Actor("ben", ALL)

    def move(_house, asked: Approval, by, _now):
        moves.append(by)
        if by == "ben":
            raise KeyboardInterrupt  # his process dies, so that nobody knows how far it came
        with pytest.raises(KeyboardInterrupt):
            decide(house, asked.id, third, now=LATER)
        raise BadRequest("MRX-5023")

    approvals.register(MOVED, between=move)
    with pytest.raises(BadRequest, match="MRX-5023"):
        decide(house, one)

    with house.database.read() as tx:
        left = approvals.get(tx, one)
    assert (left.begun, left.decided_by, moves) == (True, "ben", ["anna", "ben"])
    with pytest.raises(BadRequest, match="MRX-7015"):
        decide(house, one, approve=False, now=LATER)


def test_what_has_begun_is_not_dropped(house: House, moves: list[str]):
    one = asked(house, MOVED)

    def move(_house, asked: Approval, by, now):
        moves.append(by)
        with house.database.write() as tx:
            facts = {"partner": asked.partner, "subject": asked.subject}
            approvals.drop(tx, MOVED, **facts, by="emil", reason="void", now=now)

    approvals.register(MOVED, between=move)

    assert decide(house, one).state is State.APPROVED
    assert entries(house, "approval refused") == []
