"""Every page, as each role finds it: it opens, and is fit for everybody to read and use.

What is looked at is what a crawl by links finds, so that a new page is tested without a word here.
"""

import re
from collections import defaultdict

import httpx2
import pytest
from playwright.sync_api import Browser

from gateway.console.page import COOKIE
from gateway.identity.roles import RIGHTS, Right, Role
from outbox.ledger import add as append
from schemas.tables import ledger
from tests import month
from tests.gateway.console.browser.chromium import LAYOUT, NARROW, WIDE, Window, signed_in
from tests.gateway.console.browser.crawl import ROOT, Crawl, crawl, kind
from tests.gateway.console.browser.site import Site

# Slow: so all stay with one worker, and the crawl is made once.
pytestmark = [pytest.mark.browser, pytest.mark.slow]

# What an empty field of this name is filled with, where not any word is taken.
SAMPLES = {"account": "10000001"}

_FITS = """() => {
  const sideways = document.scrollingElement.scrollWidth - document.documentElement.clientWidth;
  return sideways <= 0 ? null : [...document.querySelectorAll("main *, header *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".wide, .figure__drawing"))
    .slice(0, 3).map((one) => one.outerHTML.slice(0, 120)).join(" | ") || `${sideways} px`;
}"""
_OUT_OF_REACH = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
  .filter((one) => one.checkVisibility() && !one.disabled && one.type !== "hidden" && one.tabIndex < 0)
  .map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def crawls(stands: Site) -> dict[Role, Crawl]:
    """What each role finds."""
    found = {}
    for role in stands.held:
        with _client(stands, role) as client:
            found[role] = crawl(client)
    return found


@pytest.mark.parametrize("role", Role)
def test_every_link_opens(crawls: dict[Role, Crawl], role: Role):
    found = crawls[role]

    assert found.pages
    assert {page.address: page.status for page in found.pages if page.status != 200} == {}
    assert [file for file in found.files if file[1] != 200] == []


@pytest.mark.parametrize("role", Role)
def test_no_link_leads_out_of_the_console(crawls: dict[Role, Crawl], role: Role):
    assert crawls[role].elsewhere == []


@pytest.mark.parametrize("role", [role for role in Role if Right.SEE_COMPANIES not in RIGHTS[role]])
def test_who_may_not_see_companies_finds_none(stands: Site, crawls: dict[Role, Crawl], role: Role):
    accounts = re.compile(r"\b(?:" + "|".join(sorted(month.accounts())) + r")\b")
    names = re.compile("|".join(map(re.escape, sorted(month.names()))))

    seen = [
        page.address
        for page in crawls[role].pages
        if names.search(page.html) or accounts.search(page.html)
    ]

    assert seen == []


def test_no_address_holds_a_company(crawls: dict[Role, Crawl]):
    names = re.compile("|".join(map(re.escape, sorted(month.names()))))
    addresses = {link for found in crawls.values() for page in found.pages for link in page.links}

    assert [one for one in sorted(addresses) if names.search(one)] == []


@pytest.mark.parametrize("role", Role)
def test_no_act_stands_where_a_refresh_may_move_it(crawls: dict[Role, Crawl], role: Role):
    forms = [form for page in crawls[role].pages for form in page.forms]

    assert [form for form in forms if form.live and form.method == "post"] == []


def test_whatever_a_viewer_posts_is_refused_and_kept(stands: Site, crawls: dict[Role, Crawl]):
    """Every form that anybody finds, sent by somebody who may only look."""
    own = {form.action for page in crawls[Role.VIEWER].pages for form in page.forms}
    forms = {
        form.action: form
        for found in crawls.values()
        for page in found.pages
        for form in page.forms
        if form.method == "post" and form.action not in own
    }
    assert forms, "somebody may act"
    before = _refused(stands)

    answers = {}
    with _client(stands, Role.VIEWER) as client:
        for action, form in forms.items():
            filled = {name: value or SAMPLES.get(name, "1") for name, value in form.fields}
            answers[action] = client.post(action, data=filled).status_code

    assert {action: status for action, status in answers.items() if status != 403} == {}
    assert _refused(stands) == before + len(forms)


def _refused(stands: Site) -> int:
    with stands.world.house.database.read() as tx:
        return len(tx.execute(ledger.select().where(ledger.c.kind == "act refused")).all())


def _client(stands: Site, role: Role) -> httpx2.Client:
    headers = {"Cookie": f"{COOKIE}={stands.held[role]}", "Sec-Fetch-Site": "same-origin"}
    return httpx2.Client(base_url=stands.url, headers=headers)


@pytest.fixture(scope="module")
def looked_at() -> dict[str, set[str]]:
    """The kinds of elements that were looked at in a browser, for each kind of page."""
    return defaultdict(set)


@pytest.mark.parametrize("role", Role)
def test_every_page_is_fit_for_everybody(
    stands: Site,
    browser: Browser,
    crawls: dict[Role, Crawl],
    looked_at: dict[str, set[str]],
    role: Role,
):
    """Wide and narrow, by eye, ear and keyboard (WCAG 2.2 AA), under the content policy."""
    wrong = []
    with signed_in(browser, stands.url, stands.held[role]) as context:
        window = Window(context)
        for page in crawls[role].pages:
            known = looked_at[kind(page.address).partition("?")[0]]
            if page.parts <= known:
                continue  # only its words are others
            known |= page.parts
            wrong += [f"{page.address}: {it}" for it in _faults(window, stands.url, page.address)]

    assert not wrong, "\n" + "\n".join(wrong)


def test_an_entry_of_the_ledger_with_a_long_line_is_fit_too(stands: Site, browser: Browser):
    """What scrolls is what takes focus, and not a box within it."""
    house = stands.world.house
    with house.database.write() as tx:
        said = {"push": "0123456789abcdef", "by": "jane.invented", "reason": "a long reason " * 20}
        entry = append(tx, "push discarded", said, now=stands.world.clock())
    with signed_in(browser, stands.url, stands.held[Role.AUDITOR]) as context:
        wrong = _faults(Window(context), stands.url, f"{ROOT}/ledger/{entry}")

    assert wrong == []


def test_the_pages_of_who_is_not_signed_in_are_fit_too(stands: Site, browser: Browser):
    with signed_in(browser, stands.url, None) as context:
        wrong = _faults(Window(context), stands.url, f"{ROOT}/")

    assert wrong == []


def test_a_page_that_fails_is_fit_too(stands: Site, browser: Browser):
    with signed_in(browser, stands.url, stands.held[Role.VIEWER]) as context:
        wrong = _faults(Window(context), stands.url, f"{ROOT}/nothing-here", status=404)

    # The browser itself says so in its console when a page is not found.
    assert [one for one in wrong if "404" not in one] == []


def _faults(window: Window, url: str, address: str, *, status: int = 200) -> list[str]:
    """All that is wrong with one page."""
    page = window.page
    window.errors.clear()
    page.set_viewport_size(WIDE)
    answer = page.goto(url + address)
    if answer is None or answer.status != status:
        return [f"answers {answer and answer.status}"]
    page.keyboard.press("Tab")
    first = page.evaluate("() => document.activeElement?.className")
    wrong = [] if first == "usa-skipnav" else [f"the first Tab reaches {first!r}"]
    wrong += [f"not reached by keyboard: {one}" for one in page.evaluate(_OUT_OF_REACH)]
    page.evaluate("() => document.activeElement.blur()")
    wrong += window.axe()
    page.set_viewport_size(NARROW)
    sideways = page.evaluate(_FITS)
    wrong += [f"scrolls sideways at 320 px: {sideways}"] if sideways else []
    wrong += [f"at 320 px: {one}" for one in window.axe(LAYOUT)]
    return wrong + window.errors
