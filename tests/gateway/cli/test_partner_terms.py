"""`mrx partner terms`: coverage, quarantine and rhythm, changed at once for the whole roll."""

import pytest
from sqlalchemy import select

from partners import agreements
from schemas.tables import foreign_members
from tests.gateway.cli.command import Mrx
from tests.world import World, member


def test_a_changed_coverage_holds_for_the_whole_roll_at_once(mrx: Mrx, world: World):
    theirs = world.partners["mx-neec"]
    world.push(member("10000001"))
    world.grant("10000001", to=["mx-neec"])
    world.deliver()
    order = ("partner", "terms", "us-ctpat", "--reason", "by letter")

    with theirs.database.read() as tx:
        assert tx.scalars(select(foreign_members.c.covered)).all() == [True]
    said = Mrx(theirs.folder).json(*order, "--covers", "L")
    with theirs.database.read() as tx:
        assert tx.scalars(select(foreign_members.c.covered)).all() == [False]
    again = Mrx(theirs.folder).json(*order, "--covers", "all")

    assert (said["covers"], said["members_changed"]) == (["L"], 1)
    assert (again["covers"], again["members_changed"]) == (["all"], 1)


def test_what_is_set_is_shown_and_stands_in_the_ledger(mrx: Mrx, world: World):
    order = ("partner", "terms", "mx-neec", "--reason", "by letter")

    mrx(*order, "--quarantine-percent", "35", "--rhythm-hours", "48")

    shown = mrx.json("partner", "show", "mx-neec")
    assert (shown["quarantine_percent"], shown["rhythm_hours"]) == (35, 48)
    assert shown["covers"] == ["L", "agente", "transportista"]
    assert [e["kind"] for e in mrx.json("ledger", "tail")] == ["terms changed", "user made"]


def test_nothing_to_change_is_a_usage_error(mrx: Mrx):
    assert "give at least one" in mrx("partner", "terms", "mx-neec", "--reason", "x", code=2).stderr


def test_their_calendar_is_kept_and_shown(mrx: Mrx):
    order = ("partner", "terms", "kr-aeo", "--reason", "their letter")

    said = mrx.json(
        *order, "--time-zone", "Asia/Seoul", "--working-days", "1-4,6",
        "--holidays", "2026-10-09,2026-10-03",
    )  # fmt: skip

    expected = ("Asia/Seoul", [1, 2, 3, 4, 6], ["2026-10-03", "2026-10-09"])
    assert (said["time_zone"], said["working_days"], said["holidays"]) == expected
    shown = mrx.json("partner", "show", "kr-aeo")
    assert (shown["time_zone"], shown["working_days"], shown["holidays"]) == expected
    assert mrx.json(*order, "--holidays", "none")["holidays"] == []


def test_a_calendar_spoils_no_batch_that_waits(world: World, mrx: Mrx):
    with world.house.database.read() as tx:
        before = agreements.get(tx, "mx-neec").revision

    mrx("partner", "terms", "mx-neec", "--reason", "x", "--time-zone", "America/Tijuana")

    with world.house.database.read() as tx:
        assert agreements.get(tx, "mx-neec").revision == before


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--time-zone", "Mars/Olympus"),
        ("--working-days", "0-3"),
        ("--working-days", "5-1"),
        ("--working-days", "Monday"),
        ("--working-days", ""),
        ("--holidays", "2026-02-30"),
        ("--holidays", ""),
    ],
)
def test_what_is_no_calendar_is_a_usage_error(mrx: Mrx, option: str, text: str):
    assert (
        option in mrx("partner", "terms", "mx-neec", "--reason", "x", option, text, code=2).stderr
    )
