"""What goes wrong, as a person at the command line sees it: one line on stderr.

It reads `error: MRX-nnnn what is so; what to do about it`.
"""

import json
import os
import sys
import traceback
from pathlib import Path

import typer

from gateway.cli.text import clean
from schemas.errors import MrxError

DEBUG = "MRX_DEBUG"
_HERE = Path(__file__).parents[2]
_ROOMS = frozenset({"gateway", "outbox", "partners", "mappers", "signing", "schemas"})


def show(error: MrxError) -> None:
    """Show an error that was raised on purpose; with `--json`, on stdout as a document too."""
    typer.echo(f"error: {clean(str(error))}", err=True)
    if "--json" in sys.argv:
        said = {"code": error.code, "reason": error.reason, "repair": error.repair}
        typer.echo(json.dumps({"error": said}, ensure_ascii=False))


def show_unexpected(error: Exception) -> None:
    """Show an error nobody meant, without its words: they may quote what was worked on.

    With MRX_DEBUG set, the whole trace is shown, company data included.
    """
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    show(MrxError("MRX-9999", what=type(error).__name__, at=_place(error)))


def forget_stdout() -> None:
    """Nobody reads stdout any more: let what is still buffered go nowhere, quietly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _place(error: Exception) -> str:
    """The innermost line of our own that it passed through."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_HERE) and path.relative_to(_HERE).parts[0] in _ROOMS:
            return f"{path.relative_to(_HERE)}:{frame.lineno}"
    return "?"
