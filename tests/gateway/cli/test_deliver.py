"""`mrx deliver`: what it waits for, what it does not, and when it gives up."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from outbox import lane, worker_name
from partners import agreements
from tests.gateway.cli.command import Mrx
from tests.world import World, member


@pytest.fixture
def deaf(world: World) -> World:
    """A partner whose address refuses every connection, with one member for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    reach(world, f"http://127.0.0.1:{port}")
    world.push(member("10000001"))
    world.grant("10000001")
    return world


def reach(world: World, url: str | None) -> None:
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url=url)


@contextmanager
def seconds_at_most(limit: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < limit


def test_with_nothing_to_do_it_is_idle(mrx: Mrx):
    assert mrx.json("deliver", "--until-idle") == {"idle": True, "left": []}


def test_an_unknown_partner_is_refused(mrx: Mrx):
    assert "MRX-5001" in mrx("deliver", "--partner", "fr-aeo", code=1).stderr


@pytest.mark.slow
def test_it_gives_up_in_time_and_says_what_is_open(deaf: World, mrx: Mrx):
    with seconds_at_most(20):
        said = mrx("deliver", "--until-idle", "--timeout", "2", "--json", code=3)

    assert '"unanswered": true' in said.stdout
    assert "mx-neec, routine lane: a batch has no answer." in said.stderr
    [batch] = mrx.json("batch", "list")
    assert batch["state"] == "unknown"
    assert batch["attempts"] > 1  # waiting times were forgotten


def test_once_works_what_is_due_once_and_leaves_the_rest(deaf: World, mrx: Mrx):
    with seconds_at_most(20):
        said = mrx("deliver")

    assert "a batch has no answer" in said.stderr
    assert [batch["attempts"] for batch in mrx.json("batch", "list")] == [1]


def test_what_is_paused_is_not_waited_for(deaf: World, mrx: Mrx):
    mrx("partner", "pause", "mx-neec", "--reason", "their maintenance")

    with seconds_at_most(10):
        mrx("deliver", "--until-idle")

    assert [n["state"] for n in mrx.json("notice", "list")] == ["pending"]


def test_what_a_closed_gate_holds_is_not_waited_for(deaf: World, mrx: Mrx):
    with seconds_at_most(10):
        mrx("deliver", "--until-idle", MRX_CONSENTS_FRESH_HOURS="0.0000001")

    [notice] = mrx.json("notice", "list", MRX_CONSENTS_FRESH_HOURS="0.0000001")
    assert (notice["state"], notice["code"]) == ("blocked", "MRX-2207")


def test_a_partner_that_pulls_is_not_waited_for(deaf: World, mrx: Mrx):
    reach(deaf, None)

    with seconds_at_most(10):
        assert mrx.json("deliver", "--until-idle") == {"idle": True, "left": []}


def test_what_no_delivering_can_change_is_said_at_once(deaf: World, mrx: Mrx):
    mrx("deliver")  # now a batch is in flight, and nobody knows whether it was heard
    mrx("partner", "pause", "mx-neec", "--reason", "their maintenance")

    with seconds_at_most(10):
        said = mrx("deliver", "--until-idle", code=3)

    assert "a batch has no answer (paused)" in said.stderr


def test_only_one_partner_is_worked_if_asked(deaf: World, mrx: Mrx):
    assert mrx.json("deliver", "--until-idle", "--partner", "ca-pip")["idle"] is True
    assert mrx.json("batch", "list") == []


@pytest.mark.slow
def test_a_lane_of_a_living_process_is_waited_for_and_not_stolen(deaf: World, mrx: Mrx):
    take(deaf, f"{worker_name.own()}/1")

    said = mrx("deliver", "--until-idle", "--timeout", "1", code=3)

    assert "another process works it" in said.stderr
    assert mrx.json("batch", "list") == []


@pytest.mark.slow
def test_a_lease_of_a_dead_process_is_ended(deaf: World, mrx: Mrx):
    take(deaf, f"{socket.gethostname()}:999999999:1/1")

    mrx("deliver", "--until-idle", "--timeout", "1", code=3)

    assert len(mrx.json("batch", "list")) == 1


def take(world: World, worker: str) -> None:
    with world.house.database.write() as tx:
        taken = lane.take(tx, worker=worker, now=datetime.now(UTC), lease=timedelta(minutes=5))
    assert taken is not None


def test_agreements_that_ended_are_wound_up(world: World, mrx: Mrx):
    world.push(member("10000001"))
    world.grant("10000001")
    world.deliver()
    with world.house.database.write() as tx:
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        agreements.change(tx, "mx-neec", ended_on=yesterday, push_url=None)

    mrx("deliver", "--until-idle")

    found = {n["kind"]: (n["lane"], n["state"], n["code"]) for n in mrx.json("notice", "list")}
    assert found["withdrawal"] == ("urgent", "pending", None)
    assert mrx.json("notice", "list", "--state", "held") == []


@pytest.mark.slow
def test_what_breaks_in_a_lane_is_shown_and_bounded(
    deaf: World, mrx: Mrx, monkeypatch: pytest.MonkeyPatch
):
    from outbox.delivery import Delivery
    from schemas.errors import NotReady

    def broken(*_: object, **__: object) -> bool:
        raise NotReady("MRX-9008")

    monkeypatch.setattr(Delivery, "work", broken)

    said = mrx("deliver", "--until-idle", "--timeout", "1", code=3)
    once = mrx("deliver", code=1)

    assert said.stderr.count("error: MRX-9008 ") == 1
    assert once.stderr.startswith("error: MRX-9008 ")


def test_a_port_that_is_taken_is_said(mrx: Mrx, certificate: Path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        said = mrx("serve", "--port", port, code=1)

    assert "error: MRX-9011 " in said.stderr
