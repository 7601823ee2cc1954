"""The runbook has an entry for every alarm there is, and names only what exists."""

import ast
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
