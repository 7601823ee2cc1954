"""The benchmark itself: that it runs, what it writes, and that a wrong answer is no figure."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from bench import __main__ as bench
from bench import ends, floor, members, report
from bench.ground import TINY, Ground, standing
from bench.row import Row, Wrong, at_least, at_most, check, figure
from bench.rows import GROUPS, Group, outbound
from mappers import MAPPERS

KEYS = {"name", "value", "unit", "must", "holds"}


def test_only_a_ratio_holds_or_does_not():
    assert at_most("a", [1.4], 1.5).holds is True
    assert at_most("a", [1.6], 1.5).holds is False
    assert at_least("a", [30.0], 30).holds is True
    assert at_least("a", [29.0], 30).holds is False
    assert figure("a", [1.0], "members/s", target="100 members/s").holds is None


def test_the_median_decides_and_the_spread_is_kept():
    row = at_most("a", [9.0, 1.0, 1.2], 1.5)
    assert (row.value, row.spread, row.holds) == (1.2, (1.0, 9.0), True)


def test_nothing_measured_is_no_row():
    with pytest.raises(Wrong):
        at_most("a", [], 1.5)


def wrong(_ground: Ground) -> list[Row]:
    check("members held", 2, 3)
    return [figure("fast and wrong", [1e9], "members/s")]


def right(_ground: Ground) -> list[Row]:
    return [at_most("slow", [4.0], 3, note="why"), figure("right", [5.0], "members/s")]


def measured(folder: Path, *groups: Group) -> dict:
    done = bench.measure(groups, TINY, command="test")
    return report.read(report.write(done, folder))


def test_a_row_whose_work_was_wrong_is_an_error_and_no_figure(tmp_path):
    said = measured(tmp_path, Group("wrong", "", wrong), Group("right", "", right))
    assert [row["name"] for row in said["rows"]] == ["slow", "right"]
    assert said["errors"] == {"wrong": "Wrong: members held: 2, not 3"}


def test_the_file_is_what_others_read(tmp_path):
    said = measured(tmp_path, Group("right", "", right))
    assert said["rows"] == [
        {
            "name": "slow",
            "value": 4.0,
            "unit": "x",
            "must": "at most 3x the floor",
            "holds": False,
        },
        {"name": "right", "value": 5.0, "unit": "members/s", "must": None, "holds": None},
    ]
    assert {"machine", "command", "taken_at", "rows"} <= said.keys()
    assert said["machine"]["cores"] > 0
    assert said["taken_at"].endswith("Z")


def test_a_ratio_that_does_not_hold_ends_the_command_with_1(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "GROUPS", (Group("right", "", right),))
    assert bench.main(["--tiny", "--out", str(tmp_path)]) == 1
    monkeypatch.setattr(bench, "GROUPS", (Group("wrong", "", wrong),))
    assert bench.main(["--tiny", "--out", str(tmp_path)]) == 2


def test_the_page_holds_the_newest_figures_and_keeps_its_words(tmp_path):
    said = report.write(bench.measure([Group("right", "", right)], TINY, command="c"), tmp_path)
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.page([said], page)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "| slow | 4 x | 4 - 4 | at most 3x the floor | DOES NOT HOLD |" in text
    assert "- **slow**: why" in text
    assert "old" not in text
    report.page([said], page)
    assert page.read_text() == text


def test_the_page_shows_several_goes_each_under_its_own_command(tmp_path):
    goes = [
        report.write(
            bench.measure([Group("right", "", right)], TINY, command=f"go {n}"), tmp_path / n
        )
        for n in "12"
    ]
    page = tmp_path / "page.md"
    page.write_text(f"{report.BEGIN}{report.END}")

    report.page(goes, page)

    text = page.read_text()
    assert text.index("by `go 1` on") < text.index("| slow |") < text.index("by `go 2` on")
    assert text.count("| slow |") == 2


def test_the_page_in_docs_has_its_place_for_figures():
    text = bench.PAGE.read_text()
    assert text.count(report.BEGIN) == text.count(report.END) == 1


@pytest.mark.parametrize("programme", sorted(MAPPERS))
def test_the_floor_says_what_the_mapper_says(programme):
    records = members.records(100)
    document = floor.written(programme, records)
    assert document == MAPPERS[programme].write(records)
    read = floor.rows(programme, floor.parsed(programme, document))
    assert read == floor.values(programme, records)


def test_every_invented_member_can_be_said_to_every_partner():
    records = members.records(2_000, start=9_990_000)
    for programme in members.PARTNERS:
        assert {MAPPERS[programme].unsayable(record) for record in records} == {None}


def test_members_are_the_same_each_time_and_different_from_each_other():
    some = list(members.members(1_000))
    assert some == list(members.members(1_000))
    assert len({one.account for one in some}) == len({one.name for one in some}) == 1_000
    again = list(members.members(1_000, turn=1))
    assert all(
        a.name != b.name and a.account == b.account for a, b in zip(some, again, strict=True)
    )


@pytest.mark.processes
def test_a_partner_that_holds_less_is_found_out(key_files):
    keys = next(iter(key_files.values())).parent
    with (
        standing(TINY, keys=keys) as ground,
        ground.room() as folder,
        ends.standing(ground, folder, engine="sqlite", codes=["mx-neec"]) as both,
        pytest.raises(Wrong, match="members held at mx-neec: 0, not 5"),
    ):
        outbound.verify(both, 5)


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_every_group_measures_and_verifies_at_a_tiny_size(group, key_files, tmp_path):
    keys = next(iter(key_files.values())).parent
    done = bench.measure([group], TINY, command="python -m bench --tiny", keys=keys)
    assert done.errors == {}
    assert done.rows
    said = report.read(report.write(done, tmp_path))
    assert all(set(row) == KEYS for row in said["rows"])
    ratios = [row for row in said["rows"] if row["holds"] is not None]
    assert ratios
    assert all(row["must"] for row in ratios)
    table = io.StringIO()
    report.show(said, Console(file=table, width=200))
    assert all(row["name"] in table.getvalue() for row in said["rows"])


def test_no_two_groups_have_one_name():
    names = [group.name for group in GROUPS]
    assert len(set(names)) == len(names)
