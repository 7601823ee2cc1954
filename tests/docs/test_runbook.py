"""The runbook has an entry for every alarm there is, and names only what exists."""

import ast
import importlib
import inspect
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

import schemas
from gateway import health
from gateway.cli import app
from gateway.views.alarms.expiring import RUNWAYS
from schemas.codes import CODES

ROOT = Path(schemas.__file__).parents[1]
PAGE = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
LINES = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
HEADINGS = {*LINES, *(part.strip() for line in LINES for part in line.split(","))}


def kinds() -> set[str]:
    """What the console can alarm of: read from the code that makes the alarms."""
    found = set()
    for file in (ROOT / "gateway/views/alarms").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.keyword) or node.arg != "kind":
                continue
            if isinstance(node.value, ast.JoinedStr):  # one for each step of the ladder
                found |= {f"certificate {days} days" for days in RUNWAYS}
            else:
                found |= {
                    one.value
                    for one in ast.walk(node.value)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return found


def alerts() -> set[str]:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))
    return {rule["alert"] for group in rules["groups"] for rule in group["rules"]}


def test_every_alarm_of_the_console_has_an_entry():
    assert len(kinds()) > 15
    assert kinds() - HEADINGS == set()


def test_every_alert_of_prometheus_is_named_and_no_other():
    assert set(re.findall(r"\bMrx[A-Z]\w+", PAGE)) == alerts()


def test_every_check_of_readiness_has_a_row(small_world):
    rows = set(re.findall(r"^\| ([a-z ]+) \| MRX", PAGE, re.MULTILINE))

    assert rows == set(health.checks(small_world.house, now=datetime.now(UTC)))


def codes_of(module: str) -> set[str]:
    """The codes that a module says, without those in its docstrings and comments."""
    tree = ast.parse(Path(importlib.import_module(module).__file__).read_text(encoding="utf-8"))
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {word for word in words if isinstance(word, str) and word in CODES}


def asked_of() -> dict[str, list[ast.AST]]:
    """What each check of readiness is made of: its functions, as `health.checks` names them."""
    tree = ast.parse(Path(health.__file__).read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    named: list[tuple[ast.expr | None, ast.expr]] = []
    for node in ast.walk(functions["checks"]):
        if isinstance(node, ast.Dict):
            named += zip(node.keys, node.values, strict=True)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            named.append((node.targets[0].slice, node.value))
    return {
        check.value: [
            functions[name.id]
            for name in ast.walk(asks)
            if isinstance(name, ast.Name) and name.id in functions
        ]
        for check, asks in named
        if isinstance(check, ast.Constant)
    }


def sayable(functions: list[ast.AST]) -> set[str]:
    """The codes of these functions, of the modules they name, and of the databases, which all ask."""
    found = codes_of("schemas.sqlite") | codes_of("schemas.postgresql")
    for node in (node for function in functions for node in ast.walk(function)):
        if isinstance(node, ast.Constant) and node.value in CODES:
            found.add(node.value)
        elif isinstance(node, ast.Name):
            of = getattr(health, node.id, None)
            module = of.__name__ if inspect.ismodule(of) else getattr(of, "__module__", "")
            if module.startswith(("gateway", "outbox", "partners", "signing")):
                found |= codes_of(module) if module != health.__name__ else set()
    return found


def test_a_check_of_readiness_is_said_to_name_only_codes_that_it_can():
    rows = re.findall(r"^\| ([a-z ]+) \| (MRX[^|]+) \|", PAGE, re.MULTILINE)
    made = asked_of()

    assert {check for check, _ in rows} == made.keys()
    for check, codes in rows:
        assert set(re.findall(r"MRX-\d{4}", codes)) <= sayable(made[check]), check


def test_every_code_it_names_is_one():
    named = set(re.findall(r"MRX-\d{4}", PAGE))

    assert named
    assert named <= CODES.keys()


@pytest.mark.parametrize("words", sorted(set(re.findall(r"`mrx ([a-z-]+(?: [a-z-]+)?)", PAGE))))
def test_every_command_it_names_is_one(words: str):
    first, _, second = words.partition(" ")
    command = get_command(app).commands[first]

    if hasattr(command, "commands"):
        assert second in command.commands


def test_every_page_it_leads_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
