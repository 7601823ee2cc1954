"""The command line, `mrx`: noun, then verb.

    stdout   the answer: a table on a terminal, tab-separated lines without a header on a pipe, one
             JSON document with --json, bytes where a command hands over a file
    stderr   all talk: sentences, progress, errors with their code

Nothing prompts. Exit codes stand in `gateway.cli.exits`; an interrupt ends with 130.
"""

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
    app(prog_name="mrx")
