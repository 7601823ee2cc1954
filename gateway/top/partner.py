"""One partner: its lanes, what stands in the way, its certificates, whether we agree."""

from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, Header, Static

from gateway.cli.text import clean
from gateway.top import words
from gateway.views.partner import Partner
from schemas.codes import CODES


class PartnerScreen(Screen[None]):
    """The app keeps it up to date; `code` is the partner's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace,left", "app.pop_screen", "back"),
        Binding("p", "app.pause", "pause"),
        Binding("u", "app.resume", "resume"),
    ]

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code

    def compose(self) -> ComposeResult:
        yield Header()
        with VerticalScroll():
            yield Static(id="partner")
        yield Footer()

    def tell(self, found: Partner, now: datetime) -> None:
        """Show how it stands now."""
        self.query_one("#partner", Static).update(told(found, now))


def told(found: Partner, now: datetime) -> Text:
    """One partner in words."""
    row = found.row
    said = Text.assemble((f"{row.partner}  {row.programme}, {row.country}\n\n", "bold"))
    for one in row.lanes:
        said.append_text(words.lane(one, now))
        said.append("\n")
    said.append(f"\n30 days  |{words.strip(row.days).plain}|  . settled  ~ mixed  x failed\n")
    if row.causes:
        said.append("\nwhat stands in the way\n", "bold")
    for code, n in sorted(row.causes.items()):
        known = CODES.get(code)
        said.append(f"  {code}  {n} notices  {known.title if known else ''}\n")
        said.append(f"           {known.repair}\n" if known else "", "dim")
    said.append("\ncertificates\n", "bold")
    for runway in found.certificates:
        left = f"{runway.days_left} days left" if runway.valid else "not in force"
        said.append(f"  {runway.owner}  {runway.state}  {runway.fingerprint[:16]}  {left}\n")
    check = found.holdings.check
    agree = "never compared" if check is None else ("agrees" if check.agree else "DIFFERS")
    said.append(f"\nheld there {found.holdings.sent}: {agree}")
    said.append("" if check is None else f", compared {words.at(check.at)}")
    said.append(f"\nlast receipt {words.at(row.last_success)}")
    if found.tested is not None:
        well = "well" if found.tested.well else "something failed"
        said.append(f"\nconnection tested {words.at(found.tested.at)}")
        said.append(f" by {clean(found.tested.by)}: {well}")
    said.append(f"\n{clean(found.calendar.sentence)}\n")
    return said
