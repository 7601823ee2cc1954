"""A page that keeps itself up to date, and never moves under anybody's hands."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gateway.identity import sessions, users
from gateway.identity.roles import Role
from outbox import lane
from tests.gateway.console.browser.chromium import Window, signed_in
from tests.gateway.console.browser.crawl import ROOT
from tests.gateway.console.browser.site import Site

pytestmark = pytest.mark.browser

PARTNER = "tw-aeo"
A_WHILE = 11_000  # ms; a little more than a period


@pytest.fixture
def context(stands: Site, browser: Browser) -> Iterator[BrowserContext]:
    with signed_in(browser, stands.url, stands.held[Role.OPERATOR]) as one:
        yield one


@pytest.fixture
def window(stands: Site, context: BrowserContext) -> Iterator[Window]:
    """The overview, opened; its time goes on only when told to. Nothing may go wrong in it."""
    one = Window(context)
    one.page.clock.install()
    one.page.goto(f"{stands.url}{ROOT}/")
    yield one
    assert one.errors == []


@pytest.fixture
def page(window: Window) -> Page:
    return window.page


@pytest.fixture
def news(stands: Site) -> Iterator[Callable[[], None]]:
    """Somebody else pauses a partner; afterwards it goes on."""

    def pause() -> None:
        with stands.world.house.database.write() as tx:
            now = datetime.now(UTC)
            lane.pause(tx, PARTNER, by="somebody else", reason="a test", now=now)

    yield pause
    with stands.world.house.database.write() as tx:
        lane.resume(tx, PARTNER, by="somebody else", reason="a test", now=datetime.now(UTC))


def row(page: Page):
    return page.locator("#live tr", has=page.get_by_role("link", name=PARTNER, exact=True)).first


def let_a_period_pass(page: Page) -> None:
    """The answers that were asked for are there afterwards."""
    page.clock.run_for(A_WHILE)
    page.wait_for_load_state("networkidle")


def test_news_appears_by_itself_and_is_said_in_short(page: Page, news: Callable[[], None]):
    page.evaluate("() => { document.getElementById('said').same = true; }")
    news()

    let_a_period_pass(page)

    expect(row(page)).to_contain_text("paused")
    expect(page.locator("#said")).to_have_text(re.compile(r"^\d lines? changed$"))
    assert page.evaluate("() => document.getElementById('said').same"), "the node must stay"
    expect(page.locator("#live")).not_to_have_attribute("aria-busy", "true")


def test_without_news_nothing_is_said(page: Page):
    answer = page.reload().text()  # the very same again: a length of time in it may end meanwhile
    page.route(f"{page.url}**", lambda route: route.fulfill(body=answer, content_type="text/html"))

    with page.expect_response(f"{page.url}**"):
        let_a_period_pass(page)

    expect(page.locator("#said")).to_have_text("")


def test_the_focus_stays_where_it_was(page: Page, news: Callable[[], None]):
    link = row(page).get_by_role("link", name=PARTNER, exact=True)
    link.focus()
    news()

    let_a_period_pass(page)

    expect(row(page)).to_contain_text("paused")
    expect(link).to_be_focused()


TICK = """() => {
  const box = Object.assign(document.createElement("input"), {type: "checkbox", id: "tick"});
  document.getElementById("main").append(box);
}"""


def ticked(page: Page) -> None:
    page.evaluate(TICK)
    page.locator("#tick").check()


def opened_help(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()


def opened_details(page: Page) -> None:
    page.locator("#live summary").first.click()


def selected(page: Page) -> None:
    page.locator("h1").select_text()


def switched_off(page: Page) -> None:
    page.get_by_role("button", name="Live: on").click()


@pytest.mark.parametrize("busy", [ticked, opened_help, opened_details, selected, switched_off])
def test_nothing_moves_while_somebody_is_at_it(
    page: Page, news: Callable[[], None], busy: Callable[[Page], None]
):
    busy(page)
    news()

    let_a_period_pass(page)
    let_a_period_pass(page)

    assert "paused" not in row(page).inner_text()


def test_nothing_moves_once_a_form_is_touched(
    stands: Site, context: BrowserContext, news: Callable[[], None]
):
    page = Window(context).page
    page.clock.install()
    page.goto(f"{stands.url}{ROOT}/batches")
    before = page.locator("#live").inner_text()
    page.locator("main form select").first.select_option(index=1)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    let_a_period_pass(page)

    assert asked == []
    assert page.locator("#live").inner_text() == before


def test_an_answer_that_comes_too_late_changes_nothing(page: Page, news: Callable[[], None]):
    """Somebody opens the help while the refresh is on its way."""
    news()
    page.evaluate(
        "() => document.addEventListener('htmx:before:request',"
        " () => document.getElementById('keys').showModal())"
    )

    let_a_period_pass(page)

    assert "paused" not in row(page).inner_text()


def test_the_switch_is_kept(page: Page, stands: Site):
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Live: off")).to_be_visible()

    page.goto(f"{stands.url}{ROOT}/batches")
    expect(page.get_by_role("button", name="Live: off")).to_be_visible()
    page.keyboard.press("r")

    expect(page.get_by_role("button", name="Live: on")).to_be_visible()


def test_a_hidden_tab_asks_nothing(page: Page):
    page.evaluate(
        "() => Object.defineProperty(document, 'hidden', {configurable: true, get: () => true})"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    let_a_period_pass(page)

    assert asked == []


def test_who_was_signed_out_meanwhile_keeps_what_is_shown(stands: Site, browser: Browser):
    """What is shown stays, and says that it is old."""
    database = stands.world.house.database
    with database.write() as tx:
        user = users.named(tx, "viewer.invented")
        held = sessions.begin(tx, user, now=datetime.now(UTC))
    with signed_in(browser, stands.url, held) as context:
        page = Window(context).page
        page.clock.install()
        page.goto(f"{stands.url}{ROOT}/")
        before = page.locator("#live").inner_text()
        with database.write() as tx:
            sessions.end(tx, held)

        let_a_period_pass(page)

        expect(page.locator("#said")).to_have_text("This page is no longer live: load it again.")
        assert page.locator("#live").inner_text() == before


def test_the_search_key_goes_to_the_first_field(stands: Site, context: BrowserContext):
    page = Window(context).page
    page.goto(f"{stands.url}{ROOT}/batches")

    page.keyboard.press("/")

    assert page.evaluate("() => document.activeElement.closest('main form') !== null")


def test_single_keys_can_be_switched_off(stands: Site, context: BrowserContext):
    page = Window(context).page
    page.goto(f"{stands.url}{ROOT}/preferences")
    page.locator("#keys-on").uncheck()
    page.get_by_role("button", name="Keep").click()
    page.goto(f"{stands.url}{ROOT}/")

    page.keyboard.press("r")
    page.keyboard.press("?")

    expect(page.get_by_role("button", name="Live: on")).to_be_visible()
    expect(page.locator("#keys")).to_have_count(0)
