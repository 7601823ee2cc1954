"""The pages of one partner, and what operators do there."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from gateway.identity.roles import Role
from outbox import holdings
from partners import agreements
from schemas.holdings import Holdings
from tests.gateway.acts.entries import entries
from tests.gateway.cli.ends import served
from tests.gateway.console.people import at_console
from tests.gateway.console.test_batches import text_of
from tests.gateway.turned_down import ACCOUNTS, refused
from tests.world import NEVER_ARRIVED, ONE, Clock, World, member

HERE = "/console/partners/mx-neec"
PAGES = ("", "/agreement", "/certificates", "/connection", "/pause", "/resume")


@pytest.fixture
def world(small_world: World) -> World:
    small_world.clock = small_world.wire.clock = Clock(datetime.now(UTC))
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    return small_world


@pytest.fixture
def operator(world: World) -> TestClient:
    return at_console(world.house, "olga", {Role.OPERATOR})


@pytest.fixture
def viewer(world: World) -> TestClient:
    return at_console(world.house, "vera", {Role.VIEWER})


@pytest.fixture
def listening(world: World) -> Iterator[World]:
    with served(world.partners["mx-neec"]) as url:
        with world.house.database.write() as tx:
            agreements.change(tx, "mx-neec", push_url=url)
        yield world


def test_a_pause_is_asked_on_a_page_of_its_own_and_says_what_will_wait(
    world: World, operator: TestClient
):
    asked = text_of(operator.get(f"{HERE}/pause"))
    assert "1 announcements wait now" in asked
    assert "Withdrawals and changes for the worse still leave" in asked

    done = operator.post(f"{HERE}/pause", data={"reason": "their maintenance"})
    world.deliver()

    assert (done.status_code, done.headers["location"]) == (303, f"{HERE}?said=paused")
    page = text_of(operator.get(done.headers["location"]))
    assert "Announcements are paused. Withdrawals and bad news still leave." in page
    assert "by olga: “their maintenance”" in page
    assert world.held("mx-neec") == {}
    assert entries(world.house, "paused") == [{"by": "olga", "reason": "their maintenance"}]


def test_a_pause_without_a_reason_is_refused_and_says_so(world: World, operator: TestClient):
    for reason in ("", "  ", "two\nlines"):
        answer = operator.post(f"{HERE}/pause", data={"reason": reason})
        assert (answer.status_code, "MRX-7023" in answer.text) == (422, True)

    assert entries(world.house, "paused") == []


def test_resuming_says_what_leaves_first_and_how_much(world: World, operator: TestClient):
    world.wire.plan = [NEVER_ARRIVED] * 2
    world.deliver(rounds=1)
    world.push(member("10000002"))
    world.grant("10000002")
    operator.post(f"{HERE}/pause", data={"reason": "their maintenance"})

    asked = text_of(operator.get(f"{HERE}/resume"))
    assert "Batch a1, which is unknown" in asked
    assert "1 announcements that wait" in asked
    assert "1 batch of 5" in asked

    done = operator.post(f"{HERE}/resume")
    world.deliver()

    assert done.headers["location"] == f"{HERE}?said=resumed"
    assert len(world.held("mx-neec")) == 2


def test_what_is_too_much_for_one_person_is_said_before_and_after(
    world: World, operator: TestClient, monkeypatch: pytest.MonkeyPatch
):
    refused(world, ACCOUNTS)
    monkeypatch.setattr("gateway.views.replays.ALONE_MAX", 3)

    asked = text_of(operator.get(f"{HERE}/resume"))
    done = operator.post(f"{HERE}/resume", data={"reason": "it is mended"})

    assert "too many for one person" in asked
    assert done.headers["location"] == f"{HERE}?said=resumed-some"
    assert "waits for a replay" in text_of(operator.get(done.headers["location"]))


def test_the_connection_is_tested_and_each_step_explains_itself(
    listening: World, operator: TestClient
):
    assert "It was not tested yet" in text_of(operator.get(f"{HERE}/connection"))

    done = operator.post(f"{HERE}/test")

    page = text_of(operator.get(done.headers["location"]))
    assert "The connection was tested." in page
    assert "Tested by olga" in page
    assert "their signed answer is believed" in page
    assert "plain http" in page


def test_a_partner_that_fetches_has_nothing_to_test(operator: TestClient, world: World):
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url=None)

    assert "there is no address of theirs to test" in text_of(operator.get(f"{HERE}/connection"))
    assert "MRX-5016" in operator.post(f"{HERE}/test").text


@pytest.mark.parametrize("act", ["pause", "resume", "test"])
def test_a_viewer_is_shown_no_button_and_refused_by_the_server(
    world: World, viewer: TestClient, act: str
):
    pages = viewer.get(HERE).text + viewer.get(f"{HERE}/connection").text
    assert f'action="{HERE}/{act}"' not in pages
    assert f'href="{HERE}/{act}"' not in pages

    answer = viewer.post(f"{HERE}/{act}", data={"reason": "because"})

    assert (answer.status_code, "MRX-7017" in answer.text) == (403, True)
    assert [one["by"] for one in entries(world.house, "act refused")] == ["vera"]
    world.deliver()
    assert world.held("mx-neec") == {ONE: "VALIDATED"}


@pytest.mark.parametrize("page", PAGES)
def test_nobody_without_the_right_sees_a_page(world: World, page: str):
    client = at_console(world.house, "nobody", set())

    assert client.get(f"{HERE}{page}").status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_what_is_no_partner_has_no_page(operator: TestClient, page: str):
    assert operator.get(f"/console/partners/fr-aeo{page}").status_code == 404
    assert operator.get(f"/console/partners/nonsense{page}").status_code == 422


def test_a_failing_lane_is_explained_where_it_fails(world: World, operator: TestClient):
    world.wire.plan = [NEVER_ARRIVED] * 8
    world.deliver(rounds=8)

    page = text_of(operator.get(HERE))

    assert "The routine lane: 8 failures in a row" in page
    assert "Cause: MRX-6001 the partner did not answer" in page
    assert "nothing is lost" in page
    assert "or look at batch a1" in page


def test_ends_that_differ_are_shown_with_what_to_do(world: World, operator: TestClient):
    with world.house.database.write() as tx:
        expected = Holdings(7, "a" * 64)
        holdings.note(tx, "mx-neec", expected, 9, "b" * 64, now=world.clock())

    page = text_of(operator.get(HERE))

    assert "we expected 7 and they said 9" in page
    assert "mrx reconcile mx-neec" in page


def test_exactly_four_items_leave(operator: TestClient):
    page = text_of(operator.get(f"{HERE}/agreement"))

    assert "SCAC" in page
    assert "validada" in page
    assert "never leaves" in page
    assert "EXCEEDING leaves as VALIDATED" in page
    assert "It is" in page  # the calendar's sentence


def test_certificates_are_shown_with_what_is_left(operator: TestClient):
    page = text_of(operator.get(f"{HERE}/certificates"))

    assert "theirs" in page
    assert "ours" in page
    assert "more days, ours for" in page


@pytest.mark.parametrize("act", ["pause", "resume"])
def test_the_page_that_asks_has_no_form_for_a_viewer(viewer: TestClient, act: str):
    page = viewer.get(f"{HERE}/{act}")

    assert f'action="{HERE}/{act}"' not in page.text
    assert "ask an operator" in text_of(page)


def test_a_lane_that_is_open_and_fails_does_not_look_well(world: World, operator: TestClient):
    world.wire.plan = [NEVER_ARRIVED] * 2
    world.deliver(rounds=2)

    assert "open, failed 2 times" in text_of(operator.get(HERE))
    assert "open, failed 2 times" in text_of(operator.get("/console/"))
