"""docs/signing-in.md names settings, roles and codes that there are, and commands that work."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

import schemas
from gateway.cli import app
from gateway.identity.provider import BACK
from gateway.identity.roles import Role
from gateway.settings import Settings
from schemas.codes import CODES

TEXT = (Path(schemas.__file__).parents[1] / "docs/signing-in.md").read_text(encoding="utf-8")


def test_what_it_names_is_there():
    named = set(re.findall(r"MRX_[A-Z_]+", TEXT))

    assert named <= {f"MRX_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"MRX-[0-9]{4}", TEXT)) <= CODES.keys()
    assert f"/console{BACK}`" in TEXT


def test_its_example_settings_are_taken(monkeypatch):
    for name, value in re.findall(r"^(MRX_\w+)=(.+)$", TEXT, re.MULTILINE):
        monkeypatch.setenv(name, value)

    made = Settings()

    assert made.oidc_roles == {
        "customs-operators": Role.OPERATOR,
        "customs-second": Role.APPROVER,
        "customs-admins": Role.ADMIN,
    }
    assert made.oidc_issuer


@pytest.mark.parametrize("line", re.findall(r"^mrx (user .+)$", TEXT, re.MULTILINE))
def test_its_commands_are_calls_of_ours(line: str):
    noun, verb, *words = shlex.split(line)
    command = get_command(app).commands[noun].commands[verb]

    assert command.make_context("mrx", words).params["name"]
