"""Pictures of the console's main pages for the README: `make screenshots`.

A real Chromium before a gateway with a month of invented data behind it.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from gateway.identity.roles import Role
from tests.gateway.console.browser import chromium, site
from tests.gateway.console.browser.crawl import ROOT

BYTES_MAX = 150_000
PAGES = {
    "overview": (Role.OPERATOR, "/"),
    "partner": (Role.OPERATOR, "/partners/il-aeo"),
    "failures": (Role.OPERATOR, "/failures"),
    "revocations": (Role.OPERATOR, "/revocations?show=all"),
    "certificates": (Role.SECURITY_OFFICER, "/certificates"),
}


def main(folder: Path) -> None:
    """Take them; it fails if one of them is too large to be committed."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        site.standing(Path(home), every=1) as stands,
        chromium.launched() as browser,
    ):
        for name, (role, path) in PAGES.items():
            with chromium.signed_in(browser, stands.url, stands.held[role]) as context:
                page = chromium.Window(context).page
                page.goto(f"{stands.url}{ROOT}{path}")
                _take(page, folder / f"{name}.png")
    large = [file.name for file in folder.glob("*.png") if file.stat().st_size > BYTES_MAX]
    if large:
        sys.exit(f"too large to be committed: {', '.join(large)}")


def _take(page: Page, file: Path) -> None:
    page.evaluate("() => document.fonts.ready")
    page.set_viewport_size({"width": 1280, "height": 300})  # the page's own height, not ours
    height = page.evaluate("() => Math.min(document.documentElement.scrollHeight, 1400)")
    page.set_viewport_size({"width": 1280, "height": height})
    page.screenshot(path=file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
