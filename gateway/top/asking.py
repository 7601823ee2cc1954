"""Why? The reason that stands in the ledger beside an act."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from gateway.acts.reasons import LENGTH_MAX


class Asking(ModalScreen[str | None]):
    """Says what will happen and asks why; answers with the reason, or None: nothing is done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "do nothing")]

    def __init__(self, title: str, happens: str) -> None:
        super().__init__()
        self._title, self._happens = title, happens

    def compose(self) -> ComposeResult:
        with Vertical(id="asking"):
            yield Label(Text(self._title, "bold"))
            yield Label(Text(self._happens))
            yield Input(placeholder="Why? One line, kept in the ledger", max_length=LENGTH_MAX)
            yield Label(Text("enter: do it    escape: do nothing", "dim"))

    def on_input_submitted(self, told: Input.Submitted) -> None:
        self.dismiss(told.value)

    def action_leave(self) -> None:
        self.dismiss(None)
