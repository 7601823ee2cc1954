"""Every defence that the threat model names is shown by a test that there is."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import schemas

ROOT = Path(schemas.__file__).parents[1]
PAGE = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split(" | "))
    for part in re.findall(
        r"^\| threat \| defence \| shown by \|\n\|---\|---\|---\|\n((?:\|.*\n)+)",
        PAGE,
        re.MULTILINE,
    )
    for line in part.splitlines()
]


@cache
def claims_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def test_there_are_four_places_where_trust_ends():
    assert len(re.findall(r"^## \d\. ", PAGE, re.MULTILINE)) == 4
    assert len(ROWS) > 25


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_a_threat_has_a_defence_and_a_test_that_shows_it(row: tuple[str, ...]):
    _threat, defence, shown = row
    file, named = "", 0
    for one in re.findall(r"`([^`]+)`", shown):
        before, _, name = one.partition("::")
        file = before or file
        assert name in claims_in(file), one
        named += 1

    assert defence
    assert named


def test_every_page_and_decision_it_names_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    for number in re.findall(r"decisions/(\d{4})", PAGE):
        assert list((ROOT / "decisions").glob(f"{number}-*")), number
