"""docs/backup.md names codes and parts that there are, and commands that work."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

import schemas
from gateway.backup.manifest import DUMP, SIGNED, SQLITE
from gateway.cli import app
from schemas.codes import CODES

TEXT = (Path(schemas.__file__).parents[1] / "docs/backup.md").read_text(encoding="utf-8")
LINES = re.findall(r"^mrx (.+)$", TEXT, re.MULTILINE)


def test_what_it_names_is_there():
    assert set(re.findall(r"MRX-[0-9]{4}", TEXT)) <= CODES.keys()
    assert {f"`{name}`" for name in (SQLITE, DUMP, SIGNED)} <= set(re.findall(r"`[^`]+`", TEXT))


@pytest.mark.parametrize("line", LINES)
def test_its_commands_are_calls_of_ours(line: str):
    command = get_command(app)
    name, *words = shlex.split(line)
    found = command.commands[name]
    if hasattr(found, "commands"):
        if name == "backup" and words[0] not in found.commands:
            words = ["make", *words]
        found, words = found.commands[words[0]], words[1:]
    assert found.make_context(name, list(words)).params
