"""The first page: alarms first, and from there to a cause and its repair in three clicks."""

import re
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from gateway.identity.roles import Role
from schemas.codes import CODES
from tests.gateway.acts.entries import entries
from tests.gateway.console.people import at_console
from tests.gateway.console.test_batches import text_of
from tests.gateway.turned_down import refused
from tests.world import NEVER_ARRIVED, Clock, World, member


@pytest.fixture
def world(small_world: World) -> World:
    small_world.clock = small_world.wire.clock = Clock(datetime.now(UTC))
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    return small_world


@pytest.fixture
def viewer(world: World) -> TestClient:
    return at_console(world.house, "vera", {Role.VIEWER})


def fail(world: World) -> None:
    """Mexico does not answer any more."""
    world.push(member("10000001", name="Invented Two"))
    world.wire.plan = [NEVER_ARRIVED] * 8
    world.deliver(rounds=8)


def links(page: str) -> list[str]:
    """Where the main part of a page leads to."""
    return re.findall(r'<a [^>]*href="(/console[^"#]*)', page.partition("<main")[2])


def test_in_calm_weather_nothing_needs_a_person(viewer: TestClient):
    page = viewer.get("/console/")

    assert "nothing needs a person" in text_of(page)
    assert 'class="alarm' not in page.text


def test_alarms_stand_before_the_partners(world: World, viewer: TestClient):
    fail(world)

    page = viewer.get("/console/").text

    assert page.index("the routine lane fails") < page.index('id="partners"')
    assert 'href="/console/codes/MRX-6001"' in page


@pytest.mark.parametrize(
    ("make", "code"),
    [(fail, "MRX-6001"), (lambda world: refused(world, ["10000002"]), "MRX-2210")],
    ids=["a lane that fails", "a notice that was refused"],
)
def test_cause_and_repair_are_found_within_three_clicks(
    world: World, viewer: TestClient, make, code: str
):
    make(world)
    seen, clicks = {"/console/"}, 0

    def explained() -> bool:
        return any(
            code in page and CODES[code].repair.partition(";")[0].replace("`", "") in plain
            for page, plain in pages
        )

    def opened(paths: set[str]) -> list[tuple[str, str]]:
        answers = [viewer.get(path) for path in sorted(paths)]
        assert {answer.status_code for answer in answers} == {200}
        return [(answer.text, text_of(answer).replace("`", "")) for answer in answers]

    pages = opened(seen)
    while not explained():
        assert clicks < 3
        clicks += 1
        further = {link.replace("&amp;", "&") for page, _ in pages for link in links(page)} - seen
        seen |= further
        pages = opened(further)
    assert clicks <= 2


def test_every_link_of_the_page_leads_somewhere(world: World, viewer: TestClient):
    fail(world)
    refused_too = links(viewer.get("/console/").text) + links(viewer.get("/console/partners").text)

    answers = {link: viewer.get(link.replace("&amp;", "&")).status_code for link in refused_too}

    assert set(answers.values()) == {200}, answers


def test_counts_lead_to_the_filtered_list(world: World, viewer: TestClient):
    refused(world, ["10000002", "10000003"])

    page = viewer.get("/console/").text

    assert re.search(r'<a href="/console/failures\?partner=mx-neec">2</a>', page)
    assert re.search(r'<a href="/console/partners/mx-neec#holdings">1</a>', page)


def test_thirty_days_stand_there_as_a_picture_and_in_words(viewer: TestClient):
    page = viewer.get("/console/").text

    assert page.count('class="strip"') == 5
    assert page.count("strip__day--good") == 1
    assert "mx-neec</th><td>1 days</td><td>no day</td><td>no day</td><td>29 days" in page


@pytest.mark.parametrize("path", ["/", "/partners"])
def test_nobody_without_the_right_sees_it(world: World, path: str):
    client = at_console(world.house, "nobody", set())

    assert client.get(f"/console{path}").status_code == 403
    assert [one["by"] for one in entries(world.house, "act refused")] == ["nobody"]


def test_no_name_and_no_account_stands_on_these_pages(world: World):
    everybody = at_console(world.house, "alice", set(Role))
    fail(world)

    for path in ("/", "/partners", "/partners/mx-neec", "/partners/mx-neec/agreement"):
        told = everybody.get(f"/console{path}").text
        assert "Invented" not in told
        assert "10000001" not in told
