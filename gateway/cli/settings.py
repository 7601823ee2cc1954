"""`mrx settings`: what can be set, and what is."""

import sys
from typing import Annotated

import typer

from gateway import settings_page
from gateway.cli import answer, here
from gateway.cli.nouns import noun
from gateway.cli.options import AsJson

COLUMNS = ("setting", "value", "default", "takes", "meaning")
HIDDEN = "(set; not shown)"

app = noun()


@app.command("settings", epilog="Example: mrx settings --json")
def show(
    *,
    page: Annotated[bool, typer.Option(help="All that can be set, as docs/settings.md.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show every setting: the value in force, the default, and what it means.

    Settings are environment variables. What may hold a password is not shown.
    """
    if page:
        sys.stdout.write(settings_page.page())
        return
    found = here.settings()
    rows = [
        {
            "setting": one.name,
            "value": _value(one, getattr(found, field)),
            "default": one.default or None,
            "takes": one.accepts,
            "meaning": one.meaning,
        }
        for field, one in settings_page.settings().items()
    ]
    answer.many(COLUMNS, rows, json=as_json)


def _value(one: settings_page.Setting, value: object) -> str | None:
    if one.secret:
        return None if value is None else HIDDEN
    return settings_page.written(value) or None
