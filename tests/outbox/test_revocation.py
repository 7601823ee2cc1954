"""P3 in each state a batch can be in, and its twin where the answer was lost."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event as events
from sqlalchemy import select

from outbox import batch, revocations
from outbox.revocations import Answer
from schemas.tables import disclosures, pending
from tests.carriers import CARRIED
from tests.conftest import FILE_ONLY
from tests.world import BUSY, LOST_ANSWER, NEVER_ARRIVED, TURNED_AWAY, World, answering, member


@pytest.fixture
def two(small_world: World) -> World:
    small_world.push(member("10000001"), member("10000002"))
    small_world.grant("10000001", "10000002")
    return small_world


def answer(world: World, number: int) -> Answer:
    with world.house.database.read() as tx:
        return revocations.get(tx, number).answer


def said(world: World, name: str) -> list[int]:
    """Which of the files that arrived name this company, by place."""
    return [n for n, (_, file) in enumerate(world.wire.journal) if name.encode() in file]


def calm(world: World) -> None:
    world.deliver()
    assert world.held("mx-neec") == {"Invented Company 10000002": "VALIDATED"}


def test_never_consented_is_never_told(small_world: World):
    small_world.push(member("10000001"))

    number = small_world.revoke("10000001", of="mx-neec")

    assert answer(small_world, number) == Answer.NEVER_TOLD
    small_world.deliver()
    assert small_world.wire.journal == []


@CARRIED
def test_queued_is_removed_before_sending(two: World):
    number = two.revoke("10000001", of="mx-neec")

    assert answer(two, number) == Answer.REMOVED
    calm(two)
    assert said(two, "10000001") == []


@CARRIED
@pytest.mark.parametrize(
    ("fault", "heard"),
    [(NEVER_ARRIVED, False), (LOST_ANSWER, True), (BUSY, False), (TURNED_AWAY, False)],
)
def test_unknown_is_issued_again_without_it_and_withdrawn(two: World, fault: str, heard: bool):
    two.wire.plan = [fault]
    two.deliver(rounds=1)

    number = two.revoke("10000001", of="mx-neec")

    assert answer(two, number) == Answer.ON_ITS_WAY
    calm(two)
    assert answer(two, number) == Answer.CONFIRMED
    assert said(two, "10000001") == ([0] if heard else [])
    with two.house.database.read() as tx:
        first = next(b for b in batch.every(tx) if b.lane == "routine")
        assert (first.number, first.issue, first.state) == (1, 2, "settled")
        (life,) = revocations.get(tx, number).lives
        assert life[1] == ("erased" if heard else "not-held")


@CARRIED
@pytest.mark.parametrize("fault", [NEVER_ARRIVED, LOST_ANSWER])
def test_unknown_and_the_withdrawal_too_is_unknown(two: World, fault: str):
    two.wire.plan = [LOST_ANSWER]
    two.deliver(rounds=1)
    number = two.revoke("10000001", of="mx-neec")

    two.wire.plan = [fault, LOST_ANSWER, fault]
    two.deliver()

    calm(two)
    assert answer(two, number) == Answer.CONFIRMED


@CARRIED
@pytest.mark.parametrize("plan", [[], [LOST_ANSWER], [NEVER_ARRIVED]])
def test_in_flight_at_that_moment(two: World, plan: list[str]):
    """Revoked between the claim and the answer: this transmission may still be heard."""
    numbers: list[int] = []

    def revoke() -> None:
        two.wire.before = lambda: None
        numbers.append(two.revoke("10000001", of="mx-neec"))

    two.wire.before = revoke
    two.wire.plan = list(plan)
    two.deliver()

    calm(two)
    assert answer(two, numbers[0]) == Answer.CONFIRMED
    assert said(two, "10000001") in ([], [0]), "nothing claimed after the revocation says it"


@CARRIED
@pytest.mark.parametrize("plan", [[], [LOST_ANSWER], [NEVER_ARRIVED]])
def test_settled_is_withdrawn(two: World, plan: list[str]):
    two.deliver()
    two.wire.plan = list(plan)

    number = two.revoke("10000001", of="mx-neec")
    assert answer(two, number) == Answer.ON_ITS_WAY

    calm(two)
    assert answer(two, number) == Answer.CONFIRMED


@CARRIED
def test_a_new_consent_starts_a_new_life_under_a_new_ref(two: World):
    two.deliver()
    two.revoke("10000001", of="mx-neec")
    two.grant("10000001")

    two.deliver()

    assert set(two.held("mx-neec")) == {"Invented Company 10000001", "Invented Company 10000002"}
    number = two.revoke("10000001", of="mx-neec")
    two.deliver()
    with two.house.database.read() as tx:
        lives = revocations.get(tx, number).lives
    assert len({ref for ref, *_ in lives}) == 2
    assert all(fate is not None for _, fate, *_ in lives)


@CARRIED
def test_a_new_life_is_not_said_in_the_next_issue_of_an_old_batch(two: World):
    two.wire.plan = [LOST_ANSWER]
    two.deliver(rounds=1)
    two.revoke("10000001", of="mx-neec")
    two.grant("10000001")

    two.deliver()

    assert set(two.held("mx-neec")) == {"Invented Company 10000001", "Invented Company 10000002"}
    with two.house.database.read() as tx:
        routine = [b for b in batch.every(tx) if b.lane == "routine"]
    assert [(b.number, b.issue) for b in routine] == [(1, 2), (2, 1)]


@CARRIED
def test_a_withdrawal_does_not_wait_for_a_stuck_announcement(two: World):
    two.deliver()
    two.push(member("10000002", name="Invented Company 10000002", status="CERTIFIED"))
    number = two.revoke("10000001", of="mx-neec")
    routine_never_arrives = two.wire.send

    def send(url: str, file: bytes):
        if b"<Lane>routine" in file or b"routine" in file[:2000]:
            two.wire.plan = [NEVER_ARRIVED]
        return routine_never_arrives(url, file)

    two.wire.send = send  # type: ignore[method-assign]
    two.deliver(rounds=6)

    assert answer(two, number) == Answer.CONFIRMED


@CARRIED
def test_revoking_again_answers_what_became_of_it(two: World):
    two.deliver()
    two.revoke("10000001", of="mx-neec")
    two.deliver()

    again = two.revoke("10000001", of="mx-neec")

    assert answer(two, again) == Answer.CONFIRMED


@CARRIED
def test_revoked_granted_and_revoked_again_before_any_withdrawal_is_confirmed(two_told: World):
    numbers = [two_told.revoke("10000001", of="mx-neec")]
    two_told.wire.plan = [NEVER_ARRIVED]
    two_told.deliver(rounds=1)
    two_told.grant("10000001")
    two_told.wire.plan = [NEVER_ARRIVED, LOST_ANSWER]
    two_told.deliver(rounds=2)
    numbers.append(two_told.revoke("10000001", of="mx-neec"))

    calm(two_told)
    assert {answer(two_told, number) for number in numbers} == {Answer.CONFIRMED}
    with two_told.house.database.read() as tx:
        assert tx.scalars(select(pending.c.ref)).all() == []
        assert tx.scalars(
            select(disclosures.c.gone_at).where(disclosures.c.gone_at.is_(None))
        ).all()


def test_a_withdrawal_nobody_confirms_is_told_again_at_growing_distances(two_told: World):
    """A partner whose receipts do not say what became of it gets no new batch every second."""
    two_told.revoke("10000001", of="mx-neec")
    two_told.wire.answer = answering(lambda r: replace(r, withdrawals=()))
    before = len(two_told.wire.journal)

    for _ in range(60):
        two_told.clock.forward(seconds=1)
        two_told.deliver(hurry=False)

    assert len(two_told.wire.journal) - before <= 6


@FILE_ONLY
def test_a_revocation_reads_no_whole_table(two_told: World):
    """Its cost grows with the partners, not with all that was ever sent (P11)."""
    seen: list[tuple[str, Any]] = []

    def grab(_c: object, _k: object, statement: str, values: Any, _x: object, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            seen.append((statement, values[0] if many else values))

    engine = two_told.house.database._writer
    events.listen(engine, "before_cursor_execute", grab)
    two_told.revoke("10000001", of="mx-neec")
    events.remove(engine, "before_cursor_execute", grab)

    with two_told.house.database.read() as tx:
        plans = [
            row[3]
            for statement, values in seen
            for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    small = ("lanes", "home", "ledger_head", "CONSTANT", "(")
    tables = [plan for plan in plans if "VIRTUAL TABLE" not in plan]  # but not a list of values
    scans = [p for p in tables if p.startswith("SCAN") and not p[5:].startswith(small)]
    assert scans == []
