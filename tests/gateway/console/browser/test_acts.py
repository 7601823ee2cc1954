"""What acts do not do: without a reason, a number, a form of ours; and what is looked up and found.

That each act can be done, by keyboard alone and without script, is in `test_journeys`.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.identity.roles import Role
from schemas.tables import ledger
from tests import month
from tests.gateway.console.browser.chromium import Window, signed_in
from tests.gateway.console.browser.crawl import ROOT
from tests.gateway.console.browser.site import Site

pytestmark = pytest.mark.browser

WHY = "because a test says so"


@pytest.fixture(params=["with script", "without script"])
def script(request: pytest.FixtureRequest) -> bool:
    return request.param == "with script"


@pytest.fixture
def sat_down(
    stands: Site, browser: Browser, script: bool
) -> Iterator[Callable[[Role | None], Page]]:
    """The first page of somebody of a role. Where scripts run, every page on the way is judged."""
    with _people(stands, browser, script=script) as sit:
        yield sit


@contextmanager
def _people(stands: Site, browser: Browser, *, script: bool) -> Iterator[Callable[..., Page]]:
    windows: list[Window] = []
    contexts = []

    def sit(role: Role | None) -> Page:
        held = None if role is None else stands.held[role]
        context = signed_in(browser, stands.url, held, java_script_enabled=script)
        contexts.append(context)
        window = Window(context)
        windows.append(window)
        window.page.goto(f"{stands.url}{ROOT}/")
        return window.page

    yield sit
    # A browser complains of every answer that says no; here some are meant to.
    wrong = [one for window in windows for one in window.errors if "status of 422" not in one]
    wrong += [one for window in windows for one in (window.axe() if script else [])]
    for context in contexts:
        context.close()
    assert wrong == []


def follow(page: Page, *names: str) -> None:
    """Click links of these names, one after the other."""
    for name in names:
        page.get_by_role("link", name=name, exact=True).first.click()


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name).first.click()


def entries(stands: Site, kind: str) -> int:
    with stands.world.house.database.read() as tx:
        return len(tx.execute(ledger.select().where(ledger.c.kind == kind)).all())


def test_an_act_without_its_reason_is_not_done(sat_down: Callable[..., Page], script: bool):
    page = sat_down(Role.OPERATOR)

    follow(page, "mx-neec", "Pause…")
    page.locator("form").last.evaluate("(form) => form.noValidate = true") if script else None
    press(page, "Pause announcements")

    expect(page.locator("#said")).to_have_text("")
    page.goto(page.url.partition("/pause")[0])
    expect(page.get_by_role("link", name="Pause…")).to_be_visible()


def test_who_was_told(sat_down: Callable[..., Page], stands: Site):
    before = entries(stands, "looked up")
    page = sat_down(Role.DISCLOSURE_OFFICER)

    follow(page, "Who was told?")
    page.get_by_label("Account, name or identifier").fill(month.PLANTED)
    page.get_by_label("This is its").select_option("name")
    press(page, "Look up")

    expect(page.get_by_role("main")).to_contain_text(month.PLANTED)
    assert entries(stands, "looked up") == before + 1
    assert "Planted" not in page.url
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Look up a company")).to_be_hidden()


def test_a_full_list_is_released_by_a_second_person_who_counts(stands: Site, browser: Browser):
    with _people(stands, browser, script=True) as sit:
        page = sit(Role.APPROVER)
        follow(page, "Pushes")
        expect(page).to_have_url(re.compile("/pushes$"))
        page.get_by_role("main").get_by_role("link").first.click()
        expect(page).to_have_url(re.compile("/pushes/[0-9a-f]{16}$"))
        address = page.url
        page.get_by_role("link", name="Release…", exact=True).click()
        page.get_by_label("Type the number").fill("7")
        page.get_by_label("Reason").fill(WHY)
        press(page, "Release")
        expect(page.get_by_role("main")).to_contain_text("MRX-7024")
        page.goto(f"{address}/refuse")
        page.get_by_label("Reason").fill(WHY)
        press(page, "Refuse")

        page.goto(address)
        expect(page.get_by_role("main")).to_contain_text("discarded")


def test_the_skip_link_leads_past_the_top(stands: Site, browser: Browser):
    with _people(stands, browser, script=True) as sit:
        page = sit(Role.VIEWER)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")

        expect(page.locator("main")).to_be_focused()


def test_another_sites_form_does_nothing(stands: Site, browser: Browser):
    """A page under another name on this machine posts to ours, with the person's cookie or not."""
    with signed_in(browser, stands.url, stands.held[Role.OPERATOR]) as context:
        page = context.new_page()
        page.goto(stands.url.replace("127.0.0.1", "localhost") + "/health/live")
        page.set_content(
            f"<form method=post action='{stands.url}{ROOT}/partners/tw-aeo/pause'>"
            "<input name=reason value=evil></form>"
        )
        with page.expect_navigation() as gone:
            page.evaluate("() => document.forms[0].submit()")

        assert gone.value.status == 403
        assert "MRX-7018" in page.content()


def test_from_the_overview_a_failing_partner_is_understood_within_three_clicks(
    stands: Site, browser: Browser
):
    with _people(stands, browser, script=True) as sit:
        page = sit(Role.OPERATOR)
        alarm = page.locator(".alarm", has_text="il-aeo").first
        alarm.get_by_role("link").first.click()  # one: the code of the alarm

        main = page.get_by_role("main")
        expect(main).to_contain_text("MRX-6001")
        expect(main).to_contain_text("did not answer")
        page.go_back()
        follow(page, "il-aeo")  # two, by the table: cause, and what repairs it
        expect(main).to_contain_text("MRX-6001")
        follow(page, "Test the connection…")  # three: the repair
        expect(page.get_by_role("button", name="Test")).to_be_visible()
