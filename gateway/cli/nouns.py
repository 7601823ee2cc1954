"""A noun of the command line: a group of verbs that looks like all the others."""

import typer


def noun() -> typer.Typer:
    """An empty group. Its one line of help stands in `gateway.cli.commands`.

    Without rich markup: help is plain text, so that brackets stay brackets and it starts fast.
    """
    return typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
