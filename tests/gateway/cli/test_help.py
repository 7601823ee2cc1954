"""Every command teaches: help, one example that works, and the same words in every place."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from gateway.cli import app, commands
from tests.gateway.cli.command import Mrx

ROOT: Any = get_command(app)
EXAMPLE = "Example: mrx "
NAMES = """
approval approve, approval list, approval refuse, backup make, backup verify, batch compare, batch evidence, batch export, batch list, batch name, batch next, batch retry, batch show,
batch timeline, certificate, conformance, consent grant,
consent list, consent revoke, deliver, demo, disclosure find, disclosure show, disclosure statement, doctor, explain, failure list, inbound approve, inbound history,
inbound import, inbound list, inbound receipt, inbound reject, inbound rolls, inbound show, init, key activate, key list,
key protect, key retire, key stage, ledger export, ledger tail, ledger verify, member preview, member show, metrics, notice list, onboarding go-live, onboarding list,
onboarding reopen, onboarding show, onboarding tick, open, openapi,
outcome list, overview, partner approve-certificate, partner certificates, partner conformance, partner connect,
partner list, partner pause, partner reject-certificate, partner resume, partner show, partner terms,
partner test, partner withdraw-certificate, pull, push consents, push list, push members, push refuse,
push rejected, push release, push show, receipt import,
recognised attach, recognised detach, recognised lookup, recognised show, reconcile, replay cancel, replay list,
replay preview, replay show, replay start,
report exposure, restore, restored mark, restored open, restored show, retention apply, retention rewrite, retention show, revocation enter, revocation list, revocation show, roll list, sandbox, serve, settings, token create, token list, token revoke, top,
translate from, translate to, user create, user disable, user enable, user list, user reset,
user roles, user show, version, worker
"""


def walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not isinstance(command, TyperGroup):
        yield path, command
        return
    for name in command.list_commands(None):
        yield from walk(command.get_command(None, name), (*path, name))


ALL = dict(walk(ROOT))
each_command = pytest.mark.parametrize("path", ALL, ids=" ".join)


def test_these_are_the_commands():
    assert sorted(" ".join(path) for path in ALL) == [n.strip() for n in NAMES.split(",")]


@each_command
def test_a_command_has_help_and_an_example(path: tuple[str, ...]):
    command = ALL[path]

    assert command.help.strip()[0].isupper()
    assert command.epilog.startswith(EXAMPLE)
    assert all(parameter.help or parameter.name == "number" for parameter in command.params)


@each_command
def test_an_example_is_a_call_of_its_command(path: tuple[str, ...]):
    words = shlex.split(ALL[path].epilog.removeprefix(EXAMPLE).partition(" > ")[0])

    assert tuple(words[: len(path)]) == path
    context = ALL[path].make_context("mrx", words[len(path) :])
    assert context.params.keys() == {p.name for p in ALL[path].params if p.expose_value}


@each_command
def test_no_command_prompts(path: tuple[str, ...]):
    options = [parameter for parameter in ALL[path].params if hasattr(parameter, "prompt")]

    assert not any(option.prompt for option in options)
    assert not any("--yes" in option.opts for option in options)


@each_command
def test_help_is_plain_and_on_stdout(path: tuple[str, ...], mrx: Mrx):
    said = mrx(*path, "--help")

    assert EXAMPLE in " ".join(said.stdout.split())
    assert said.stderr == ""


def test_the_lines_of_the_first_page_are_those_of_the_commands(mrx: Mrx):
    page = " ".join(mrx("--help").stdout.split())

    for name, (_, line) in commands.VERBS.items():
        assert line == ALL[(name,)].help.partition("\n")[0]
        assert line in page
    assert all(line in page for line in commands.NOUNS.values())


def test_without_arguments_the_first_page_is_a_usage_error(mrx: Mrx):
    assert "Usage: mrx" in mrx(code=2).output


def test_a_wrong_word_is_a_usage_error_that_suggests_the_right_one(mrx: Mrx):
    assert "Did you mean 'partner'" in mrx("partnr", code=2).stderr


def test_help_is_fast_because_nothing_heavy_is_imported():
    heavy = {
        "sqlalchemy",
        "lxml",
        "cryptography",
        "fastapi",
        "pydantic",
        "httpx2",
        "rich",
        "celery",
    }
    script = "import sys, gateway.cli; print(*sys.modules)"

    said = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert not heavy & {name.partition(".")[0] for name in said.stdout.decode().split()}
