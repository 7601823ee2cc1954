"""The command line, `mrx`: noun, then verb.

    stdout   the answer: a table on a terminal, tab-separated lines without a header on a pipe, one
             JSON document with --json, bytes where a command hands over a file
    stderr   all talk: sentences, progress, errors with their code

Nothing prompts. Exit codes stand in `gateway.cli.exits`; an interrupt ends with 130.
"""

import gc
import io
import sys

import typer

from gateway.cli.commands import Root

app = typer.Typer(
    cls=Root,
    name="mrx",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(epilog="State lies in $MRX_HOME (default ./var). Example: mrx partner list")
def root() -> None:
    """Exchange trusted traders with partner customs administrations."""


def run() -> None:
    """Run the command that the process was called with, and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character shows its escape; no command fails of it.
            stream.reconfigure(errors="backslashreplace")
    # A batch is thousands of small objects, none of them part of a circle: looking for circles after
    # every 700 of them took a fifth of the time. What was imported stays, and is not looked at.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    app(prog_name="mrx")
