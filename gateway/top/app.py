"""The application: the overview, live, and the keys that act."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Final

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Footer, Header, Static

from gateway.acts import lanes as acts
from gateway.identity.actor import Actor
from gateway.top import words
from gateway.top.asking import Asking
from gateway.top.partner import PartnerScreen
from gateway.views import overview, partner
from gateway.views.overview import Overview
from gateway.views.partner import Partner
from gateway.views.rows import Row
from outbox.house import House
from schemas.errors import MrxError

EVERY_SECONDS: Final = 5.0
_ALARMS_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the database found. `one` is the partner that is open, if any."""

    now: datetime
    overview: Overview
    one: Partner | None


class Top(App[None]):
    """`every` is how often it reads anew, in seconds; 0: only when asked."""

    TITLE = "mrx top"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #alarms { height: auto; max-height: 10; padding: 0 1; }
    #partners { height: 1fr; }
    #partner { padding: 0 1; height: auto; }
    Asking { align: center middle; }
    #asking { width: 72; max-width: 100%; height: auto; border: round $primary; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit"),
        Binding("enter", "open", "one partner", show=True),
        Binding("p", "pause", "pause"),
        Binding("u", "resume", "resume"),
        Binding("r", "look", "read anew"),
        Binding("l", "live", "live on/off"),
    ]

    def __init__(
        self,
        house: House,
        actor: Actor,
        *,
        every: float = EVERY_SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self._house, self._actor = house, actor
        self._every, self._clock = every, clock
        self._live = every > 0
        self._rows: dict[str, Row] = {}

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static(id="alarms")
        yield DataTable(id="partners", cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        self._table.add_columns(*((name, name) for name in words.COLUMNS))
        self._table.focus()
        self.action_look()
        if self._every > 0:
            self.set_interval(self._every, self._tick)

    @property
    def _table(self) -> DataTable[Text]:
        return self.screen_stack[0].query_one("#partners", DataTable)

    @property
    def chosen(self) -> str | None:
        """The partner that is open, or under the cursor."""
        if isinstance(self.screen, PartnerScreen):
            return self.screen.code
        if not self._rows:
            return None
        return self._table.coordinate_to_cell_key(self._table.cursor_coordinate).row_key.value

    # -- reading -----------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self._live and not isinstance(self.screen, Asking):
            self.action_look()

    def action_look(self) -> None:
        opened = self.screen.code if isinstance(self.screen, PartnerScreen) else None
        self._look(opened)

    @work(thread=True, exclusive=True, group="look")
    def _look(self, opened: str | None) -> None:
        now = self._clock()
        try:
            with self._house.database.read() as tx:
                found = overview.overview(tx, self._house, now=now)
                one = opened and partner.partner(tx, self._house, opened, now=now)
        except MrxError as error:
            self.call_from_thread(self._refused, error)
            return
        self.call_from_thread(self._tell, Look(now, found, one or None))

    def _tell(self, look: Look) -> None:
        self.sub_title = f"{self._house.programme}, {words.at(look.now)}" + (
            "" if self._live else ", not live"
        )
        alarms = self.screen_stack[0].query_one("#alarms", Static)
        alarms.update(_alarms(look.overview))
        rows = {row.partner: row for row in look.overview.rows}
        if rows.keys() == self._rows.keys():
            for row in rows.values():  # in place: what is under the cursor stays there
                for name, cell in zip(words.COLUMNS, words.cells(row, look.now), strict=True):
                    self._table.update_cell(row.partner, name, cell, update_width=True)
        else:
            self._table.clear()
            for row in rows.values():
                self._table.add_row(*words.cells(row, look.now), key=row.partner)
        self._rows = rows
        if look.one is not None and isinstance(self.screen, PartnerScreen):
            self.screen.tell(look.one, look.now)

    def _refused(self, error: MrxError) -> None:
        self.notify(
            f"{error.reason}; {error.repair}", title=error.code, severity="error", markup=False
        )

    # -- keys --------------------------------------------------------------------------------------

    def action_live(self) -> None:
        self._live = not self._live
        self.action_look()

    def on_data_table_row_selected(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        if self.chosen is not None and not isinstance(self.screen, PartnerScreen):
            self.push_screen(PartnerScreen(self.chosen))
            self.call_after_refresh(self.action_look)

    def action_pause(self) -> None:
        row = self._rows.get(self.chosen or "")
        if row is not None:
            waits = f"{row.announcements} announcements and what comes will wait.\n"
            still = "Withdrawals and bad news still leave."
            self._ask(f"Pause announcements to {row.partner}", waits + still, acts.pause)

    def action_resume(self) -> None:
        row = self._rows.get(self.chosen or "")
        if row is not None:
            leaves = f"{row.announcements} announcements may leave, the oldest first.\n"
            again = f"{row.turned_down} that were turned down "
            if row.for_replay:
                again += "stay as they are:\nthey are for two persons; use mrx replay."
            else:
                again += "are told again."
            self._ask(f"Resume announcements to {row.partner}", leaves + again, acts.resume)

    def _ask(self, title: str, happens: str, act: Callable[..., object]) -> None:
        code = self.chosen

        def answered(reason: str | None) -> None:
            if reason is not None and code is not None:
                self._act(act, code, reason)

        self.push_screen(Asking(title, happens), answered)

    @work(thread=True, group="act")
    def _act(self, act: Callable[..., object], code: str, reason: str) -> None:
        try:
            act(self._house, self._actor, code, reason=reason, now=self._clock())
        except MrxError as error:
            self.call_from_thread(self._refused, error)
            return
        self.call_from_thread(self.action_look)


def _alarms(found: Overview) -> Text:
    if not found.alarms:
        return Text("Nothing needs a person.", "green")
    said = Text()
    for alarm in found.alarms[:_ALARMS_SHOWN]:
        code = f" ({alarm.code})" if alarm.code else ""
        said.append("! now   " if alarm.bad else "  soon  ", "bold red" if alarm.bad else "yellow")
        said.append(f"{alarm.sentence}{code}\n")
    more = len(found.alarms) - _ALARMS_SHOWN
    said.append(f"  ... and {more} more: mrx overview" if more > 0 else "")
    said.rstrip()
    return said
