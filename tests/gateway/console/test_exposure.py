"""The page of exposure, and its signed file."""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from gateway.identity.roles import Role
from signing.open import open_sealed
from tests.conftest import connected_world
from tests.gateway.console.people import at_console
from tests.gateway.console.test_told import entries
from tests.world import World, member

PATH = "/console/exposure"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    """One member held in Mexico was suspended, and that is told."""
    made = connected_world(tmp_path_factory.mktemp("world"), key_files, ("mx-neec",))
    made.clock.now = datetime.now(UTC)
    made.push(member("10000001"))
    made.grant("10000001")
    made.deliver()
    made.push(member("10000001", status="SUSPENDED"))
    made.deliver()
    return made


def month() -> str:
    return f"{datetime.now(UTC):%Y-%m}"


def test_the_page_says_it_in_a_sentence_a_picture_and_a_table(world: World):
    answer = at_console(world.house, "vera", {Role.VIEWER}).get(PATH)

    assert answer.status_code == 200
    assert "could still have had them for 1 minute;" in answer.text
    assert "<svg" in answer.text
    assert "100***01" in answer.text
    assert "10000001" not in answer.text


def test_who_may_see_companies_sees_whose_it_was(world: World):
    text = at_console(world.house, "aude", {Role.AUDITOR}).get(PATH).text

    assert "10000001" in text


def test_another_month_has_nothing(world: World):
    text = (
        at_console(world.house, "vera", {Role.VIEWER}).get(PATH, params={"month": "2020-01"}).text
    )

    assert "for 0 minutes" in text


@pytest.mark.parametrize("text", ["2999-01", "2026-13", "x"])
def test_what_is_no_month_is_said(world: World, text: str):
    answer = at_console(world.house, "vera", {Role.VIEWER}).get(PATH, params={"month": text})

    assert (answer.status_code, "MRX-7003" in answer.text) == (422, True)


def test_the_signed_report_has_figures_and_no_company(world: World):
    client = at_console(world.house, "oscar", {Role.OPERATOR})

    answer = client.post(f"{PATH}/signed", data={"month": month()})

    opened = open_sealed(answer.content, [world.house.key.certificate], datetime.now(UTC))
    document = orjson.loads(opened.content)
    assert (document["document"], document["month"]) == ("mrx-exposure/1", month())
    [mexico] = [one for one in document["partners"] if one["partner"] == "mx-neec"]
    assert (mexico["members"], mexico["minutes"]) == (1, 1)
    assert b"10000001" not in opened.content
    [entry] = entries(world.house, "exposure signed")
    assert (entry["by"], entry["digest"]) == ("oscar", opened.digest)


def test_a_viewer_signs_nothing(world: World):
    client = at_console(world.house, "vera", {Role.VIEWER})
    before = len(entries(world.house, "act refused"))

    assert client.post(f"{PATH}/signed", data={"month": month()}).status_code == 403
    assert len(entries(world.house, "act refused")) == before + 1
