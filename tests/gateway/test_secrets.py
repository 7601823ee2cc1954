"""Marked secrets are everywhere, everything fails, and no command says any of them.

Nor does a command take one where everybody on the machine may read it.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gateway.cli import app
from gateway.own_keys import KEY
from signing import encrypted, keys
from tests.gateway.cli.command import ROOT, Mrx
from tests.gateway.marked import DATABASE, MARK, PASSPHRASE, PIN, PLANTED, Secrets, written


def test_the_secrets_are_there_to_be_found(marked_home: Path, secrets: Secrets):
    assert secrets.within((marked_home / KEY).read_text())
    assert secrets.within(str(PLANTED))
    assert len(secrets.texts) > 30
    assert secrets.within("nothing") == []


def protected(folder: Path, now: str) -> dict[str, str]:
    key = folder / "home" / KEY
    key.write_bytes(encrypted.pem(keys.load(key)._private, PASSPHRASE.encode()))
    return {"MRX_KEY_PASSPHRASE_FILE": str(written(folder / "now", now))}


def in_a_token(folder: Path) -> dict[str, str]:
    (folder / "home" / KEY).write_text("pkcs11:token=mrx;id=%01")
    return {
        "MRX_TOKEN_MODULE": str(folder / "none.so"),
        "MRX_TOKEN_LABEL": "mrx",
        "MRX_TOKEN_PIN_FILE": str(written(folder / "pin", PIN)),
    }


FAULTS: dict[str, Callable[[Path], dict[str, str]]] = {
    "unreachable servers": lambda _: PLANTED,
    "an address that is none": lambda _: {"MRX_DATABASE_URL": DATABASE.replace(":1/", ":none/")},
    "an address of something else": lambda _: {"MRX_DATABASE_URL": f"mysql://u:{MARK}@h/d"},
    "a broker that is none": lambda _: {**PLANTED, "MRX_BROKER_URL": f"amqp://:{MARK}@h/0"},
    "a secret under a wrong name": lambda _: {"MRX_KEY_PASSPHRASE": PASSPHRASE},
    "a provider over http": lambda _: {**PLANTED, "MRX_OIDC_ISSUER": f"http://u:{MARK}@far/"},
    "a passphrase that is wrong": lambda folder: protected(folder, "another passphrase of ours"),
    "a passphrase that is too short": lambda folder: protected(folder, MARK),
    "a module that is none": in_a_token,
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_not_in_what_commands_say_whatever_fails(
    marked_home: Path, secrets: Secrets, tmp_path: Path, fault: str
):
    ours = Mrx(marked_home, {**FAULTS[fault](tmp_path), "MRX_DEBUG": "1"})
    said = []
    for words in (
        ("settings",),
        ("settings", "--json"),
        ("doctor",),
        ("doctor", "--json"),
        ("doctor", "--bundle", "-"),
        ("init", "--no-admin"),
        ("partner", "list", "--json"),
        ("key", "list"),
        ("key", "protect"),
        ("key", "stage"),
        ("deliver",),
    ):
        done = ours(*words, code=None)
        said.append((words, f"{done.stdout}\n{done.stderr}\n{done.exception!r}"))

    assert [(words, secrets.within(text)) for words, text in said if secrets.within(text)] == []
    assert any("MRX-" in text for _, text in said)


@pytest.mark.processes
@pytest.mark.parametrize("debug", ["", "1"])
def test_not_in_the_traces_of_a_command_that_breaks_with_secrets_at_hand(debug: str):
    """Where a library would show the variables of every frame, ours does not."""
    broken = f"""
from gateway import cli
from gateway.cli import here
def settings():
    passphrase = held = {{"passphrase": "{MARK}", "url": "{DATABASE}"}}
    raise RuntimeError("it broke")
here.settings = settings
cli.run()
"""
    done = subprocess.run(
        [sys.executable, "-c", broken, "settings"],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "MRX_DEBUG": debug},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "MRX-9999" in done.stderr
    # The program itself stands here on the command line; its lines are not repeated either.
    assert MARK not in done.stdout + done.stderr


def every_option() -> Iterator[tuple[str, str, Any]]:
    root = get_command(app)
    due = [("mrx", root)]
    while due:
        name, command = due.pop()
        due += [(f"{name} {verb}", one) for verb, one in getattr(command, "commands", {}).items()]
        yield from ((name, option.name, option) for option in command.params)


def test_no_command_takes_a_secret_on_its_command_line():
    """Everybody on the machine may read those; what looks like one names or bounds something."""
    told = re.compile(r"pass|secret|pin$|token|private|credential", re.IGNORECASE)

    found = {(name, option) for name, option, _ in every_option() if told.search(option)}

    assert len(list(every_option())) > 100
    assert found <= {("mrx token revoke", "token_id")}
