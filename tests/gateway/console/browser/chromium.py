"""The browser: Debian's Chromium without a screen, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from gateway.console import assets
from gateway.console.page import COOKIE

AXE = assets.MODULES / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "section508", "best-practice"]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
_QUIET = (
    "--no-sandbox",  # as root there is none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# The browser tells a page, and a page nobody else; here it tells the test.
_REPORT = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("content policy:", event.violatedDirective, event.blockedURI));"""
_AXE = """(only) => axe.run(document, {runOnly: only, resultTypes: ["violations", "incomplete"]})"""
EVERYTHING = {"type": "tag", "values": TAGS}
LAYOUT = {
    "type": "rule",
    "values": [
        "color-contrast",
        "target-size",
        "scrollable-region-focusable",
        "link-in-text-block",
    ],
}
"""What may differ in another width; the rest is judged once."""


def missing(what: str) -> None:
    """Something we cannot do without: skip at a desk, fail in CI."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser of one's own. While it is open no other event loop can run in this thread."""
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if program is None:
        missing("no browser: apt-get install chromium-headless-shell")
    if not AXE.exists() or not (assets.VENDOR / "LOCK").exists():
        missing("no styles: python -I gateway/console/assets.py --tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*_QUIET])
        yield browser
        browser.close()


def signed_in(browser: Browser, url: str, held: str | None, **options: Any) -> BrowserContext:
    """A fresh profile in which the person with this cookie is signed in; nobody with None."""
    context = browser.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", **options})
    context.set_default_timeout(30_000)  # how fast it is, is measured elsewhere
    if held is not None:
        # Playwright takes a __Host- cookie for an https address only; the browser sends it to any
        # address of this machine, which it trusts.
        host = f"https://{urlsplit(url).hostname}"
        context.add_cookies([{"name": COOKIE, "value": held, "url": host, "secure": True}])
    return context


class Window:
    """A page that remembers what went wrong in it."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.errors.append(f"thrown: {error}"))
        if context.browser is not None:
            self.page.add_init_script(_REPORT)

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(f"console: {message.text}")

    def axe(self, only: dict[str, Any] = EVERYTHING) -> list[str]:
        """What axe finds wrong with the page as it stands, a line each."""
        if not self.page.evaluate("() => 'axe' in globalThis"):
            # Not a script of the page, so the policy is no obstacle and need not be loosened.
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(_AXE, only)
        contrast = [one for one in found["incomplete"] if one["id"] == "color-contrast"]
        return [
            f"axe {one['id']}: {node['html'][:160]} ({_why(node)})"
            for one in [*found["violations"], *contrast]
            for node in one["nodes"]
        ]


def _why(node: dict[str, Any]) -> str:
    return "; ".join(one["message"] for one in [*node["any"], *node["all"], *node["none"]])[:200]
