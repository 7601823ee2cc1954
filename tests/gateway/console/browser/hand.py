"""Going a journey, whatever with: a hand does each step, and each kind of hand in its own way."""

import re
from abc import ABC, abstractmethod
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, Response, expect

from tests.gateway.console.browser.chromium import Window, signed_in
from tests.gateway.console.browser.crawl import ROOT
from tests.gateway.console.browser.ground import Facts
from tests.gateway.console.browser.journey import (
    Choose,
    Download,
    Follow,
    Note,
    Pick,
    Press,
    See,
    Step,
    Tick,
    Write,
    act_of,
)


class Hand(ABC):
    """Somebody at a browser. `posted` are the acts whose forms were sent, `faults` what was wrong
    on the way.
    """

    script: bool

    def __init__(self, browser: Browser, url: str, held: str | None, facts: Facts) -> None:
        self._context = signed_in(browser, url, held, java_script_enabled=self.script)
        self._url = url
        self._facts = facts
        self._window = Window(self._context)
        self.page: Page = self._window.page
        self.posted: set[str] = set()
        self.faults: list[str] = []
        self._meant: set[str] = set()
        self.page.on("response", self._answered)

    def start(self, path: str) -> None:
        """Open a page by its address, as from a bookmark."""
        self.page.goto(f"{self._url}{ROOT}{path}")
        self._arrived()

    def close(self) -> None:
        """Leave; what the browser itself complained of is a fault, too."""
        self._context.close()
        said = self._window.errors
        self.faults += [it for it in said if not any(one in it for one in self._meant)]

    def take(self, step: Step) -> None:
        """Do one step."""
        match step:
            case Follow(name, within, answers):
                link = self._link(self._said(name), self._said(within))
                self._go(link, press=False, answers=answers)
            case Press(name):
                self._go(self._button(self._said(name)), press=True, answers=200)
            case Download(name, begins, link):
                wanted = self._link(name, "") if link else self._button(name)
                self._take(wanted, begins, press=not link)
            case Write(label, words):
                self._write(self._field(label), self._said(words))
            case Choose(label, option):
                self._choose(self._field(label), self._said(option))
            case Tick(label):
                self._toggle(self._field(label))
            case Pick(label):
                self._pick(self._field(label))
            case See(words):
                expect(self.page.locator("body")).to_contain_text(self._said(words))
            case Note(fact, selector):
                self._facts[fact] = self.page.locator(selector).first.inner_text().strip()
            case _:
                raise AssertionError(f"{step} is nothing for a hand")

    @abstractmethod
    def reach(self, wanted: Locator) -> object:
        """Come to a link, a button or a field."""

    @abstractmethod
    def _activate(self, wanted: Locator, *, press: bool) -> None:
        """The link that was reached or, with `press`, the button."""

    @abstractmethod
    def _write(self, field: Locator, words: str) -> None: ...

    @abstractmethod
    def _choose(self, field: Locator, option: str) -> None: ...

    @abstractmethod
    def _toggle(self, box: Locator) -> None: ...

    @abstractmethod
    def _pick(self, radio: Locator) -> None: ...

    @abstractmethod
    def _arrived(self) -> None:
        """Another page is there."""

    def _go(self, wanted: Locator, *, press: bool, answers: int) -> None:
        self.reach(wanted)
        with self.page.expect_navigation() as coming:
            self._activate(wanted, press=press)
        answer = coming.value
        if answer is None or answer.status != answers:
            self.faults.append(f"{self.page.url} answers {answer and answer.status}")
        if answers != 200:  # of which the browser complains, in a line of its own
            self._meant.add(f"status of {answers} ")
        self._arrived()
        if self.script and answer is not None and answer.request.method == "POST":
            # No crawl by links comes to these.
            self.faults += [f"{self.page.url}: {one}" for one in self._window.axe()]

    def _take(self, wanted: Locator, begins: bytes, *, press: bool) -> None:
        self.reach(wanted)
        with self.page.expect_download() as coming:
            self._activate(wanted, press=press)
        head = coming.value.path().read_bytes()[: len(begins)]
        assert head == begins, f"{coming.value.suggested_filename} begins with {head!r}"

    def _answered(self, answer: Response) -> None:
        if answer.request.method == "POST":
            path = urlsplit(answer.url).path.removeprefix(ROOT)
            self.posted.add(act_of(path) or f"no act: {path}")

    def _said(self, words: str) -> str:
        return words.format_map(self._facts)

    def _link(self, name: str, within: str) -> Locator:
        where = self.page.locator(within) if within else self.page
        found = where.get_by_role("link", name=name, exact=True) if name else where.locator("a")
        return found.first

    def _button(self, name: str) -> Locator:
        # A word at its beginning: one button says "Test the connection" at first, then "Test again".
        return self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).first

    def _field(self, label: str) -> Locator:
        return self.page.get_by_label(self._said(label), exact=True).first
