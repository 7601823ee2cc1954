"""A hand that has a keyboard and nothing else.

    Tab ... Tab      to a link, a button, a field: from the top of the page, past what is on top by
                     its first link, on from there; Shift+Tab back
    Enter, Space     a link; a button or a box
    arrows, letters  of a list; of what excludes each other

Wherever the focus rests on the way it must be seen, and on the screen (WCAG 2.4.7, 2.4.11).
"""

from playwright.sync_api import ElementHandle, Locator

from tests.gateway.console.browser.hand import Hand

TABS_MAX = 400
PARTS_MAX = 6
"""So often Tab may rest on one field: on the day, the month and the year of a date, say."""

_IN_MAIN = "(one) => one.closest('main') !== null"
_BEHIND = """(one) => document.activeElement !== document.body
  && Boolean(document.activeElement.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING)"""
_REST = """([wanted, PARTS_MAX]) => {
  const at = document.activeElement;
  if (!at || at === document.body) return {here: false, end: true, held: false, fault: null};
  const [before, times] = globalThis.rested ?? [];
  globalThis.rested = [at, before === at ? times + 1 : 1];
  const held = globalThis.rested[1] > PARTS_MAX;
  const label = at.matches("input[type=checkbox], input[type=radio]") ? at.labels[0] : null;
  const drawn = [getComputedStyle(at)];
  if (label) drawn.push(getComputedStyle(label), getComputedStyle(label, "::before"));
  // Of a field for a date the button draws its own: it is the browser's, and out of our sight.
  const ring = at.matches(":focus-within:not(:focus)") || drawn.some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
    && !/, 0\\)$|transparent/.test(style.outlineColor));
  const inside = (box) => box.width > 0 && box.height > 0 && box.right > 0 && box.bottom > 0
    && box.left < innerWidth && box.top < innerHeight;
  const boxes = [...at.getClientRects(), ...(label ? label.getClientRects() : [])].filter(inside);
  const seen = boxes.some((box) => {
    const [x, y] = [Math.max(box.left, 0) + 1, Math.max(box.top, 0) + 1];
    const top = document.elementFromPoint(
      Math.min(x + (Math.min(box.right, innerWidth) - x) / 2, innerWidth - 1),
      Math.min(y + (Math.min(box.bottom, innerHeight) - y) / 2, innerHeight - 1));
    return top && (at.contains(top) || label?.contains(top) || top.contains(at));
  });
  const name = at.outerHTML.slice(0, 120);
  return {here: at === wanted, end: false, held: held && name,
    fault: ring ? (seen ? null : `the focus is not on the screen: ${name}`) : `nothing shows the focus: ${name}`};
}"""
_CHOSEN = "(list) => list.selectedOptions[0].label.trim()"
_AT = "(one) => one === document.activeElement"


class Keyboard(Hand):
    """Presses keys."""

    script = True
    _fresh = True  # nothing was pressed on this page yet

    def _arrived(self) -> None:
        self._fresh = True

    def _activate(self, wanted: Locator, *, press: bool) -> None:
        assert wanted.evaluate(_AT)
        self.page.keyboard.press("Space" if press else "Enter")

    def _write(self, field: Locator, words: str) -> None:
        self.reach(field)
        self.page.keyboard.press("Control+a")  # what stands there already gives way
        self.page.keyboard.type(words)

    def _choose(self, field: Locator, option: str) -> None:
        there = self.reach(field)
        self.page.keyboard.type(option)
        if there.evaluate(_CHOSEN) != option:
            self.page.keyboard.press("Home")
        for _ in range(there.evaluate("(list) => list.length")):
            if there.evaluate(_CHOSEN) == option:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the keyboard does not choose {option!r}")

    def _toggle(self, box: Locator) -> None:
        self.reach(box)
        self.page.keyboard.press("Space")

    def _pick(self, radio: Locator) -> None:
        """Tab comes to the one that is picked, arrows to the others."""
        wanted = self._handle(radio)
        name = wanted.get_attribute("name")
        self.reach(self.page.locator(f"input[name='{name}']:checked"))
        for _ in range(20):
            if wanted.evaluate(_AT):
                assert wanted.is_checked()
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError("the arrows do not come there")

    def reach(self, wanted: Locator) -> ElementHandle:
        """Press Tab until the focus is there."""
        handle = self._handle(wanted)
        if self._fresh:
            self._begin(handle)
        if handle.evaluate(_AT):
            return handle
        key = "Shift+Tab" if handle.evaluate(_BEHIND) else "Tab"
        for _ in range(TABS_MAX):
            self.page.keyboard.press(key)
            if self._rest(handle):
                return handle
        raise AssertionError(f"the keyboard does not get to {wanted}")

    def _begin(self, wanted: ElementHandle) -> None:
        """The first key on a page: the focus comes to its top, where one can skip to the content.
        An address with a mark begins at the mark.
        """
        self._fresh = False
        self.page.keyboard.press("Tab")
        self._rest(wanted)
        if "#" in self.page.url:
            return
        assert self.page.evaluate("() => document.activeElement.className") == "usa-skipnav"
        if wanted.evaluate(_IN_MAIN):
            self.page.keyboard.press("Enter")

    def _rest(self, wanted: ElementHandle) -> bool:
        """Whether the focus is where it should be; that it can be seen where it is."""
        found = self.page.evaluate(_REST, [wanted, PARTS_MAX])
        if found["fault"] and found["fault"] not in self.faults:
            self.faults.append(found["fault"])
        assert not found["end"], "the keyboard left the page without coming there"
        assert not found["held"], f"the keyboard is held fast by {found['held']}"
        return bool(found["here"])

    @staticmethod
    def _handle(wanted: Locator) -> ElementHandle:
        found = wanted.element_handle()
        assert found is not None
        return found
