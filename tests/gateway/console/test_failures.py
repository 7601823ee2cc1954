"""The pages of failures and replays: from the cause to its repair."""

import re
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from gateway import replaying
from gateway.identity.roles import Role
from tests.gateway.acts.entries import entries
from tests.gateway.console.people import at_console
from tests.gateway.console.test_batches import text_of
from tests.gateway.turned_down import ACCOUNTS, refused, waiting
from tests.world import NEVER_ARRIVED, Clock, World, member

CODE = "MRX-2210"


@pytest.fixture
def world(small_world: World) -> World:
    small_world.clock = small_world.wire.clock = Clock(datetime.now(UTC))
    refused(small_world, ACCOUNTS)
    return small_world


@pytest.fixture
def operator(world: World) -> TestClient:
    return at_console(world.house, "jane", {Role.OPERATOR})


@pytest.fixture
def viewer(world: World) -> TestClient:
    return at_console(world.house, "vera", {Role.VIEWER})


def test_failures_are_grouped_by_cause_with_what_to_do(operator: TestClient):
    told = text_of(operator.get("/console/failures"))

    assert re.search(rf"{CODE} the partner refused this notice mx-neec 7 20\d\d", told)
    assert "the home programme's systems" in told
    assert "Preview a replay" in told


def test_a_lane_that_gets_no_answer_is_a_cause_and_leads_to_its_batch(
    world: World, operator: TestClient
):
    world.push(member("20000001"))
    world.grant("20000001")
    world.wire.plan = [NEVER_ARRIVED] * 2
    world.deliver(2)

    page = operator.get("/console/failures")

    assert "MRX-6001 the partner did not answer mx-neec 1" in text_of(page)
    assert "/console/batches/2" in page.text


def test_a_closed_gate_is_a_cause(world: World, operator: TestClient):
    world.push(member("20000001"))
    world.grant("20000001")
    with world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE home SET consents_as_of = 0")

    told = text_of(operator.get("/console/failures"))

    assert "MRX-2207 the consent feed is older than its bound mx-neec 1" in told


def test_within_three_clicks_from_the_cause_to_its_repair(world: World, operator: TestClient):
    first = operator.get("/console/failures").text
    link = re.search(r'href="(/console/replays/new[^"]*)"', first)[1].replace("&amp;", "&")
    preview = text_of(operator.get(link))
    assert "7 notices match mx-neec and MRX-2210" in preview
    assert "7 will be pending again" in preview

    form = {"partner": "mx-neec", "code": CODE, "reason": "repaired there", "begin": "now"}
    begun = operator.post("/console/replays", data=form)
    assert begun.status_code == 303
    while replaying.go_on(world.house, now=datetime.now(UTC), chunk=4):
        pass
    world.deliver()

    assert "7 of 7 looked at, 7 told again" in text_of(operator.get(begun.headers["location"]))
    assert waiting(world) == {}
    assert "Nothing: whatever may be told" in text_of(operator.get("/console/failures"))
    [kept] = entries(world.house, "replay asked")
    assert (kept["by"], kept["reason"], kept["matched"]) == ("jane", "repaired there", 7)


def test_the_rest_of_a_replay_is_cancelled_on_a_page_of_its_own(world: World, operator: TestClient):
    form = {"partner": "mx-neec", "code": CODE, "reason": "repaired there"}
    path = operator.post("/console/replays", data=form).headers["location"].partition("?")[0]
    replaying.go_on(world.house, now=datetime.now(UTC), chunk=4)
    assert "The other 3 stay refused" in text_of(operator.get(f"{path}/cancel"))

    without = operator.post(f"{path}/cancel", data={})
    done = operator.post(f"{path}/cancel", data={"reason": "the wrong cause"})

    assert (without.status_code, "MRX-7023" in without.text) == (422, True)
    assert done.status_code == 303
    assert "cancelled" in text_of(operator.get(path))
    assert list(waiting(world).values()).count(CODE) == 3


def test_a_replay_of_every_cause_says_that_it_waits(operator: TestClient):
    assert "It is for two persons" in text_of(operator.get("/console/replays/new?partner=mx-neec"))

    form = {"partner": "mx-neec", "reason": "all repaired there"}
    answer = operator.post("/console/replays", data=form)

    shown = text_of(operator.get(answer.headers["location"]))
    assert "The replay waits for a second person." in shown
    assert "waiting It waits for a second person" in shown


def test_what_telling_again_does_not_repair_says_what_does(world: World, operator: TestClient):
    with world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE pending SET blocked = 'MRX-2101'")

    shown = text_of(operator.get("/console/failures/mx-neec/MRX-2101"))
    refused_ = operator.get("/console/replays/new?partner=mx-neec&code=MRX-2101")

    assert "agree a spelling with the company" in shown
    assert "Telling these again would change nothing" in shown
    assert (refused_.status_code, "MRX-5066" in refused_.text) == (409, True)


def test_the_notices_of_a_cause_are_masked_and_their_list_ends_for_a_viewer(
    viewer: TestClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("gateway.console.failures.A_PAGE", 3)
    path = f"/console/failures/mx-neec/{CODE}"

    page = viewer.get(path)
    further = viewer.post(path, data={"after": ACCOUNTS[2]})

    assert "100***01" in page.text
    assert not any(account in page.text for account in ACCOUNTS)
    assert "NO-MATCH" in page.text
    assert (further.status_code, "MRX-7017" in further.text) == (403, True)


def test_who_may_see_accounts_goes_on_by_a_form_and_no_account_is_in_an_address(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("gateway.console.failures.A_PAGE", 3)
    auditor = at_console(world.house, "otto", {Role.AUDITOR})
    path = f"/console/failures/mx-neec/{CODE}"

    seen, after = [], None
    for _ in range(3):
        page = auditor.get(path) if after is None else auditor.post(path, data={"after": after})
        seen += re.findall(r'<th scope="row">(\d{8})</th>', page.text)
        assert not re.search(r'(href|action)="[^"]*1000000', page.text)
        found = re.search(r'name="after" value="(\d+)"', page.text)
        after = found and found[1]

    assert seen == ACCOUNTS
    assert after is None


def test_a_viewer_is_refused_every_act_and_the_ledger_has_it(
    world: World, viewer: TestClient, operator: TestClient
):
    form = {"partner": "mx-neec", "code": CODE, "reason": "mine"}
    path = operator.post("/console/replays", data=form).headers["location"].partition("?")[0]

    answers = [
        viewer.post("/console/replays", data=form),
        viewer.post(f"{path}/cancel", data={"reason": "mine"}),
        viewer.get("/console/replays/new?partner=mx-neec"),
    ]

    assert [one.status_code for one in answers] == [403] * 3
    assert [one["by"] for one in entries(world.house, "act refused")] == ["vera"] * 3
    assert "Cancel the rest" not in viewer.get(path).text


def test_a_code_has_a_page_that_says_what_it_means_and_whom_it_keeps_waiting(viewer: TestClient):
    told = text_of(viewer.get(f"/console/codes/{CODE}"))

    assert "the partner refused this notice" in told
    assert "mx-neec: 7 notices since" in told
    assert "It keeps no notice" in text_of(viewer.get("/console/codes/MRX-1001"))
    assert viewer.get("/console/codes/MRX-0000").status_code == 404


def test_replays_are_listed_page_by_page(operator: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gateway.console.replays.A_PAGE", 1)
    for n in range(2):
        form = {"partner": "mx-neec", "code": CODE, "reason": f"time {n}"}
        path = operator.post("/console/replays", data=form).headers["location"].partition("?")[0]
        operator.post(f"{path}/cancel", data={"reason": "again"})

    first = operator.get("/console/replays")
    assert "time 1" in first.text
    assert "time 0" not in first.text
    second = re.search(r'rel="next" href="([^"]*)"', first.text)[1].replace("&amp;", "&")
    assert "time 0" in operator.get(second).text
