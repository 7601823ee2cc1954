"""Testing a connection: what is found is kept, and only who may run things may do it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway import checkup
from gateway.acts import connection
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from gateway.views import partner as view
from outbox.house import House
from partners import agreements
from schemas.errors import BadRequest
from tests.gateway.acts.entries import entries
from tests.gateway.cli.ends import served
from tests.world import World

OLGA = Actor("olga", rights({Role.OPERATOR}))
STEPS = ["dns", "connect", "tls", "certificate", "signature", "schema", "echo", "clock"]


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def house(small_world: World) -> Iterator[House]:
    """Mexico really listens."""
    with served(small_world.partners["mx-neec"]) as url:
        with small_world.house.database.write() as tx:
            agreements.change(tx, "mx-neec", push_url=url)
        yield small_world.house


def kept(house: House) -> view.Tested | None:
    with house.database.read() as tx:
        return view.tested(tx, "mx-neec")


def test_each_step_is_kept_with_its_sentence(house: House):
    assert kept(house) is None

    found = connection.test(house, OLGA, "mx-neec", clock=clock)

    tested = kept(house)
    assert tested is not None
    assert (tested.by, tested.well) == ("olga", found.well) == ("olga", True)
    assert [step["step"] for step in tested.findings] == STEPS
    assert all(step["sentence"] for step in tested.findings)
    assert {step["step"]: step["result"] for step in tested.findings}["echo"] == "ok"


def test_only_the_last_test_is_kept(house: House):
    connection.test(house, OLGA, "mx-neec", clock=clock)
    with house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url="http://127.0.0.1:1")

    connection.test(house, OLGA, "mx-neec", clock=clock)

    tested = kept(house)
    assert tested is not None
    assert not tested.well
    results = {step["step"]: step["result"] for step in tested.findings}
    assert (results["dns"], results["connect"], results["echo"]) == ("ok", "failed", "skipped")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_nobody_but_an_operator_tests(small_world: World, role: Role):
    house = small_world.house

    with pytest.raises(BadRequest, match="MRX-7017"):
        connection.test(house, Actor("vera", rights({role})), "mx-neec", clock=clock)

    assert kept(house) is None
    assert [one["act"] for one in entries(house, "act refused")] == ["test a connection"]


def test_a_partner_without_an_address_cannot_be_tested_from_here(small_world: World):
    with pytest.raises(BadRequest, match="MRX-5016"):
        connection.test(small_world.house, OLGA, "ca-pip", clock=clock)


def test_all_steps_together_have_a_deadline(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checkup, "LONGEST", timedelta(milliseconds=500))

    found = connection.test(house, OLGA, "mx-neec", clock=clock)

    results = {step.step: step.result.value for step in found.steps}
    assert not found.well
    assert (results["dns"], results["tls"]) == ("failed", "skipped")
