"""`mrx partner terms`: coverage, quarantine and rhythm, changed at once for the whole roll."""

from sqlalchemy import select

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
    assert mrx.json("ledger", "verify")["entries"] == 1


def test_nothing_to_change_is_a_usage_error(mrx: Mrx):
    assert "give at least one" in mrx("partner", "terms", "mx-neec", "--reason", "x", code=2).stderr
