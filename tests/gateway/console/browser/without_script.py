"""A hand on a mouse, in a browser that runs no script at all."""

from playwright.sync_api import Locator

from tests.gateway.console.browser.hand import Hand


class WithoutScript(Hand):
    """Clicks what can be seen: of a box that the styles draw, its label."""

    script = False

    def reach(self, wanted: Locator) -> None:
        """Whoever has a mouse is there."""

    def _activate(self, wanted: Locator, *, press: bool) -> None:  # noqa: ARG002  # one click for both
        wanted.click()

    def _arrived(self) -> None:
        """Nothing to remember."""

    def _write(self, field: Locator, words: str) -> None:
        field.fill(words)

    def _choose(self, field: Locator, option: str) -> None:
        field.select_option(label=option)

    def _toggle(self, box: Locator) -> None:
        self.page.locator(f"label[for='{box.get_attribute('id')}']").click()

    def _pick(self, radio: Locator) -> None:
        self._toggle(radio)
