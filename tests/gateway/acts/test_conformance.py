"""Running conformance: what is kept, who may, and when the step of the list is done."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from gateway.acts import conformance
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from gateway.views import onboarding as view
from outbox.house import House
from partners import agreements
from schemas.errors import BadRequest
from schemas.tables import onboarding
from tests.conftest import BOTH
from tests.gateway.acts.entries import entries
from tests.gateway.cli.ends import served
from tests.world import START, World, member

CLOSED = "http://127.0.0.1:1"


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def house(small_world: World) -> Iterator[House]:
    """Mexico really listens."""
    with served(small_world.partners["mx-neec"]) as url:
        moved(small_world.house, push_url=url)
        yield small_world.house


def clock() -> datetime:
    return datetime.now(UTC)


def moved(house: House, **facts: object) -> None:
    with house.database.write() as tx:
        agreements.change(tx, "mx-neec", **facts)


def task(house: House, partner: str = "mx-neec") -> view.Task:
    with house.database.read() as tx:
        found = view.tasks(tx, house, partner, now=clock())
    return next(one for one in found.tasks if one.step.name == "conformance")


def test_a_run_that_goes_well_does_the_step_by_itself(house: House, engineer: Actor):
    assert (task(house).done, task(house).evidence) == (False, "it has not been run yet")

    found = conformance.run(house, engineer, "mx-neec", clock=clock)

    assert (found.well, found.failed) == (True, ())
    names = [one.step for one in found.checks]
    assert names[:2] + names[-2:] == ["format", "statuses", "connection, echo", "connection, clock"]
    assert (task(house).done, task(house).evidence) == (True, found.sentence)
    with house.database.read() as tx:
        assert conformance.last(tx, "mx-neec") == found
    [entry] = entries(house, "conformance run")
    assert (entry["by"], entry["well"], entry["failed"]) == ("emil", True, "")


def test_a_run_that_fails_is_kept_and_opens_the_step_again(house: House, engineer: Actor):
    conformance.run(house, engineer, "mx-neec", clock=clock)
    moved(house, push_url=CLOSED)

    conformance.run(house, engineer, "mx-neec", clock=clock)

    assert not task(house).done
    assert task(house).evidence.endswith("failed: connection, connect")
    assert [one["well"] for one in entries(house, "conformance run")] == [True, False]


def test_a_run_counts_for_the_format_it_was_run_for(house: House, engineer: Actor):
    conformance.run(house, engineer, "mx-neec", clock=clock)
    moved(house, format="mx-neec/2.0")

    assert not task(house).done
    assert "which is not agreed any more" in task(house).evidence


def test_who_fetches_has_no_address_and_our_side_is_run(small_world: World, engineer: Actor):
    house = small_world.house
    moved(house, push_url=None)

    found = conformance.run(house, engineer, "mx-neec", clock=clock)

    assert (found.well, found.address) == (True, None)
    assert found.checks[-1].sentence.startswith("not run: they fetch")
    assert task(house).done


def test_what_a_person_ticked_before_there_were_runs_is_no_run(small_world: World):
    row = {"partner": "mx-neec", "step": "conformance", "done_at": START, "done_by": "emil"}
    with small_world.house.database.write() as tx:
        tx.execute(insert(onboarding).values(**row, evidence="a letter"))

    found = task(small_world.house)

    assert (found.done, found.evidence) == (False, "it was ticked by hand, by emil: run it")


def test_no_real_member_is_in_it(small_world: World, engineer: Actor):
    house = small_world.house
    small_world.push(member("10000001", name="Marked Real Company"))
    moved(house, push_url=None)

    found = conformance.run(house, engineer, "mx-neec", clock=clock)

    for said in (found.kept(), found.text(), str(entries(house, "conformance run"))):
        assert "Marked" not in said
        assert "10000001" not in said


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PARTNER_ENGINEER])
def test_nobody_but_a_partner_engineer_runs_it(small_world: World, role: Role):
    house = small_world.house

    with pytest.raises(BadRequest, match="MRX-7017"):
        conformance.run(house, Actor("vera", rights({role})), "mx-neec", clock=clock)

    assert [one["act"] for one in entries(house, "act refused")] == ["run conformance"]
    assert task(house).evidence == "it has not been run yet"


def test_there_is_nothing_to_run_with_nobody(small_world: World, engineer: Actor):
    with pytest.raises(BadRequest, match="MRX-5001"):
        conformance.run(small_world.house, engineer, "xx-aeo", clock=clock)
