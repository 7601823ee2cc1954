"""What the report of exposure counts is said once: page, file, report and guide have the same words."""

import html
import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

import schemas
from gateway.identity.roles import Role
from gateway.views.exposure import DEFINITIONS, Partner
from signing.open import open_sealed
from tests.conftest import connected_world
from tests.gateway.console.people import at_console
from tests.world import World

ROOT = Path(schemas.__file__).parents[1]
GUIDE = (ROOT / "docs/exposure.md").read_text(encoding="utf-8")
WHOSE = {"partner", "time_zone", "since", "until"}  # columns that count nothing


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    return connected_world(tmp_path_factory.mktemp("world"), key_files, ("mx-neec",))


def flowing(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_guide_says_what_is_counted_in_the_words_of_the_report(name: str):
    assert flowing(DEFINITIONS[name]) in flowing(GUIDE)


def test_every_figure_of_the_report_is_defined_and_has_its_row_in_the_guide():
    figures = {one.name for one in fields(Partner)} - WHOSE
    rows = dict(re.findall(r"^\| (\w+) \| (.+) \|$", GUIDE, re.MULTILINE))
    del rows["column"]

    assert rows.keys() == figures
    assert {name: DEFINITIONS[name] for name in figures} == rows


@pytest.mark.slow
def test_the_page_shows_every_definition(world: World):
    page = at_console(world.house, "vera", {Role.VIEWER}).get("/console/exposure").text

    shown = flowing(html.unescape(page))
    assert [name for name, text in DEFINITIONS.items() if f"<dd>{text}</dd>" not in shown] == []


def test_the_signed_file_brings_every_definition_along(world: World):
    month = f"{datetime.now(UTC):%Y-%m}"
    client = at_console(world.house, "oscar", {Role.OPERATOR})

    file = client.post("/console/exposure/signed", data={"month": month}).content

    document = open_sealed(file, [world.house.key.certificate], datetime.now(UTC)).content
    assert orjson.loads(document)["definitions"] == DEFINITIONS
