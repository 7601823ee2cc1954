"""What only keys do; and whether the hand that goes the journeys would notice what is wrong."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.identity.roles import Role
from tests.gateway.console.browser.by_keyboard import Keyboard
from tests.gateway.console.browser.journey import Follow, Press
from tests.gateway.console.browser.site import Site

pytestmark = pytest.mark.browser

_A_PAGE = """<a class="usa-skipnav" href="#main">Skip</a>
<main id="main" tabindex="-1"><a href="/health/live">one</a> {} <a href="/health/live">last</a></main>"""
_COVER = """<a href="/health/live">under</a>
<div style="position: fixed; inset: 0; background: white"></div>"""
_TRAP = """<input onkeydown="if (event.key === 'Tab') event.preventDefault()">"""


@pytest.fixture
def keyboard(stands: Site, browser: Browser) -> Iterator[Keyboard]:
    """A viewer at the overview, with nothing but a keyboard."""
    one = Keyboard(browser, stands.url, stands.held[Role.VIEWER], {})
    one.start("/")
    yield one
    one.close()


@pytest.fixture
def on(stands: Site, keyboard: Keyboard) -> Callable[[str], Page]:
    """A page in which this stands between two links. It is none of ours: their policy lets no
    style in that stands in the page.
    """

    def shown(middle: str) -> Page:
        page, text = keyboard.page, _A_PAGE.format(middle)
        page.route("**/made-up", lambda route: route.fulfill(body=text, content_type="text/html"))
        page.goto(f"{stands.url}/made-up")
        return page

    return shown


def test_a_good_page_has_no_fault(keyboard: Keyboard, on: Callable[[str], Page]):
    on("<input type=date>")

    keyboard.take(Follow("last"))

    assert keyboard.faults == []


def test_a_focus_that_nothing_shows_is_a_fault(keyboard: Keyboard, on: Callable[[str], Page]):
    on("<button style='outline: none'>mute</button>")

    keyboard.take(Follow("last"))

    [fault] = keyboard.faults
    assert fault.startswith("nothing shows the focus: <button")


@pytest.mark.parametrize(
    "hidden", [_COVER, "<a href='/' style='position: absolute; left: -999em'>away</a>"]
)
def test_a_focus_that_is_not_on_the_screen_is_a_fault(
    keyboard: Keyboard, on: Callable[[str], Page], hidden: str
):
    on(hidden)

    keyboard.take(Follow("last"))

    assert any(fault.startswith("the focus is not on the screen: <a") for fault in keyboard.faults)


@pytest.mark.parametrize("held", ["<a href='/' tabindex='-1'>wanted</a>", _TRAP])
def test_what_no_key_comes_to_is_not_reached(
    keyboard: Keyboard, on: Callable[[str], Page], held: str
):
    on(held)

    with pytest.raises(AssertionError, match="the keyboard"):
        keyboard.take(Follow("wanted" if "wanted" in held else "last"))


def test_live_is_switched_off_and_on(keyboard: Keyboard):
    page = keyboard.page
    switch = page.locator("#live-switch")

    for word in ("off", "on"):
        keyboard.reach(switch)
        page.keyboard.press("Enter")
        expect(switch).to_have_text(f"Live: {word}")


def test_the_help_opens_by_a_key_holds_the_focus_and_closes_by_another(keyboard: Keyboard):
    page = keyboard.page
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()

    for _ in range(8):
        page.keyboard.press("Tab")
        inside = "() => document.activeElement === document.body || document.activeElement.closest('#keys') !== null"
        assert page.evaluate(inside)
    page.keyboard.press("Escape")

    expect(page.locator("#keys")).to_be_hidden()


def test_without_single_keys_the_help_says_nothing(keyboard: Keyboard):
    keyboard.take(Follow("UTC, settings"))
    keyboard.reach(keyboard.page.get_by_label("Single keys do something: / r ?"))
    keyboard.page.keyboard.press("Space")
    keyboard.take(Press("Keep"))

    keyboard.page.keyboard.press("?")

    expect(keyboard.page.locator("#keys")).to_have_count(0)
