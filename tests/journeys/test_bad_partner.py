"""Every bad habit of a partner ends in the state that calm weather gives.

The outbox is the real one, on a real wire to the sandbox with its habits. Each habit meets the
first load and a day after it: changes, a new member, a revocation, a suspension, on both lanes.
"""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway import other_end
from gateway.app import build
from outbox import ledger
from outbox import pending as queue
from outbox.transport import HttpTransport
from partners import agreements, holdings
from partners.holdings import Side
from schemas.tables import attempts, disclosures, holdings_checks, pending, revocations
from tests.carriers import CELERY, HERE, THREADS, Carry
from tests.conftest import connected_world
from tests.gateway.sandbox.bad_partner import BadPartner, bad_partner, served
from tests.world import Server, World, hastened, member, settings

STAYS, CHANGES, GOES, FALLS, COMES = (str(10_000_001 + n) for n in range(5))
DEADLINE, LEASE = timedelta(seconds=1), timedelta(seconds=31)
SEED = int(os.environ.get("MRX_SEED", "4"))

# Each with its twin: they never got it, and they got it and we never heard.
HABITS = [
    "slow",
    "silent",
    "deaf",
    "cut",
    "busy",
    "500",
    "refuse-500",
    "unsigned",
    "stranger",
    "wrong-digest",
    "wrong-number",
    "miscounting",
    "wishful",
    "received",
    "replay",
    "duplicate",
    "skewed",
]

# Each habit on both databases, with both engines, and in the test's own thread.
WAYS = pytest.mark.parametrize(
    ("engine", "carrier"),
    [
        pytest.param("sqlite", HERE, id="sqlite"),
        pytest.param("sqlite", THREADS, id="sqlite-threads", marks=pytest.mark.slow),
        pytest.param(
            "postgresql",
            CELERY,
            id="postgresql-celery",
            marks=[pytest.mark.slow, pytest.mark.processes],
        ),
    ],
    indirect=True,
)


class Journey:
    """Us and Mexico over HTTP, and what is true of both at the end."""

    def __init__(self, world: World, partner: BadPartner) -> None:
        self.world, self.partner = world, partner
        world.wire = HttpTransport(deadline=DEADLINE, answer_bytes_max=1 << 20)  # type: ignore[assignment]
        with world.house.database.write() as tx:
            agreements.change(tx, "mx-neec", push_url=partner.url)

    def first_load(self) -> None:
        known = (STAYS, CHANGES, GOES, FALLS)
        self.world.push(*map(member, known))
        self.world.grant(*known)
        self.deliver()

    def next_day(self) -> None:
        self.world.push(
            member(CHANGES, name="Invented Company Renamed"),
            member(FALLS, status="SUSPENDED"),
            member(COMES),
        )
        self.world.grant(COMES)
        self.world.revoke(GOES, of="mx-neec")
        self.deliver()

    def deliver(self) -> None:
        """Until nothing is left, also what is answered later."""
        self.world.deliver()
        for _ in range(100):
            if set(self.world.states()) <= {"settled", "refused"}:
                return
            time.sleep(0.05)
            self.world.deliver()
        raise AssertionError(self.world.states())

    def end(self) -> dict[str, Any]:
        """What is true when it is over, but for times and references."""
        ours, theirs = self.world.house, self.partner.house
        with ours.database.read() as tx:
            assert ledger.verify(tx).broken_at is None
            known = {
                (row.account, row.told_status, row.held_version == row.version, row.fate)
                for row in tx.execute(select(disclosures))
            }
            waiting = [(row.account, row.blocked) for row in tx.execute(select(pending))]
            answers = list(tx.scalars(select(revocations.c.answer)))
            expected = holdings.held(tx, "mx-neec", Side.OURS)
        with theirs.database.read() as tx:
            assert ledger.verify(tx).broken_at is None
            held = holdings.held(tx, "us-ctpat", Side.THEIRS)
        return {
            "held": self.world.held("mx-neec"),
            "known": known,
            "waiting": waiting,
            "revocations": answers,
            "agree": expected == held,
        }

    def outcomes(self) -> set[str]:
        with self.world.house.database.read() as tx:
            return set(tx.scalars(select(attempts.c.outcome)))


@contextmanager
def journey(
    folder: Path,
    key_files: dict[str, Path],
    server: Server | None = None,
    carry: Carry = nullcontext,
) -> Iterator[Journey]:
    world = connected_world(folder, key_files, ("mx-neec",), server=server)
    world.clock.now = datetime.now(UTC)
    house = world.house = hastened(world.house, request_deadline=DEADLINE, lease=LEASE)
    with (
        served(build(house, settings(house))) as back,
        bad_partner(world.partners["mx-neec"], answer_to=back) as partner,
        carry(world),
    ):
        going = Journey(world, partner)
        yield going
        going.world.wire.close()  # type: ignore[attr-defined]
    house.database.close()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> dict[str, Any]:
    """The end in calm weather."""
    with journey(tmp_path_factory.mktemp("calm"), key_files) as going:
        going.first_load()
        going.next_day()
        return going.end()


@pytest.fixture
def going(
    tmp_path: Path, key_files: dict[str, Path], server: Server | None, carry: Carry
) -> Iterator[Journey]:
    with journey(tmp_path, key_files, server, carry) as going:
        yield going


@pytest.mark.slow
@WAYS
def test_calm_weather_ends_alike_everywhere(going: Journey, calm: dict[str, Any]):
    going.first_load()
    going.next_day()

    assert going.end() == calm


def test_calm_weather_is_what_it_should_be(calm: dict[str, Any]):
    assert calm == {
        "held": {
            f"Invented Company {STAYS}": "VALIDATED",
            "Invented Company Renamed": "VALIDATED",
            f"Invented Company {FALLS}": "SUSPENDED",
            f"Invented Company {COMES}": "VALIDATED",
        },
        "known": {
            (STAYS, "VALIDATED", True, None),
            (CHANGES, "VALIDATED", True, None),
            (GOES, "VALIDATED", True, "erased"),
            (FALLS, "SUSPENDED", True, None),
            (COMES, "VALIDATED", True, None),
        },
        "waiting": [],
        "revocations": ["deletion confirmed"],
        "agree": True,
    }


@pytest.mark.slow
@WAYS
@pytest.mark.parametrize("habit", HABITS)
def test_it_ends_as_in_calm_weather(habit: str, going: Journey, calm: dict[str, Any]):
    going.partner.will(habit)
    going.first_load()
    going.partner.will(habit, habit)
    going.next_day()

    assert going.partner.plan.left == ()
    assert going.end() == calm


@pytest.mark.slow
def test_what_is_not_believed_is_told_as_what_it_was(going: Journey):
    going.partner.will("unsigned", "silent", "busy", "refuse-500")
    going.first_load()

    assert going.outcomes() == {"no receipt", "no answer", "not now", "receipt"}


@pytest.mark.slow
@WAYS
@pytest.mark.parametrize(("habit", "blocked"), [("picky", "MRX-2210"), ("refusing", "MRX-2211")])
def test_what_was_properly_refused_waits_for_the_operator_and_then_ends_well(
    habit: str, blocked: str, going: Journey, calm: dict[str, Any]
):
    going.partner.will(habit)
    going.first_load()
    refused = going.end()["waiting"]
    assert {code for _, code in refused} == {blocked}
    assert len(going.world.held("mx-neec")) == 4 - len(refused) < 4

    with going.world.house.database.write() as tx:
        queue.retell(tx, "mx-neec")  # what `mrx partner resume` does
    going.deliver()
    going.next_day()

    assert going.end() == calm


@pytest.mark.slow
@WAYS
def test_a_partner_that_forgot_is_seen_in_its_next_receipt_and_reconciled(
    going: Journey, calm: dict[str, Any]
):
    going.partner.will("forgetful")
    going.first_load()
    going.world.push(member(COMES))
    going.world.grant(COMES)
    going.deliver()

    assert (len(going.world.held("mx-neec")), going.end()["agree"]) == (3, False)
    with going.world.house.database.read() as tx:
        assert not tx.execute(select(holdings_checks.c.agree)).scalar_one()

    other_end.of(going.world.house, "mx-neec", by="test").reconcile()
    going.deliver()
    going.next_day()

    assert going.end() == calm


@pytest.mark.slow
@WAYS
def test_chance_faults_of_all_kinds_end_as_in_calm_weather(going: Journey, calm: dict[str, Any]):
    dice = random.Random(SEED)
    quick = [habit for habit in HABITS if habit not in {"slow", "silent"}]
    going.partner.will(*dice.choices(quick, k=8))
    going.first_load()
    going.partner.will(*dice.choices(quick, k=8))
    going.next_day()

    assert going.end() == calm
