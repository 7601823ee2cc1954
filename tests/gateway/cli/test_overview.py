"""`mrx overview`, and what operators do with a partner at the shell."""

from gateway.views.days import Mark
from tests.gateway.acts.entries import entries
from tests.gateway.cli.command import Mrx
from tests.world import NEVER_ARRIVED, World, member


def test_it_shows_what_needs_a_person_and_every_partner(told: World, mrx: Mrx):
    told.push(member("10000001", name="Invented Two"))
    told.wire.plan = [NEVER_ARRIVED] * 8
    told.deliver(rounds=8)

    shown = mrx("overview")
    document = mrx.json("overview")

    assert "now  mx-neec: the routine lane fails" in shown.stderr
    assert "(MRX-6001)" in shown.stderr
    assert [line.split("\t")[:2] for line in shown.stdout.splitlines()][3] == ["mx-neec", "failing"]
    assert [one["kind"] for one in document["alarms"]] == ["failing"]
    mexico = document["partners"][3]
    assert (mexico["partner"], mexico["held"], mexico["in_flight"]) == ("mx-neec", 2, "1")
    assert mexico["days"][-1]["mark"] in (Mark.SETTLED, Mark.MIXED)


def test_a_script_is_told_by_the_exit_code(told: World, mrx: Mrx):
    mrx("overview", "--check")
    told.push(member("10000001", name="Invented Two"))
    told.wire.plan = [NEVER_ARRIVED] * 8
    told.deliver(rounds=8)

    mrx("overview")
    mrx("overview", "--check", code=3)


def test_a_pause_at_the_shell_is_the_same_act(told: World, mrx: Mrx):
    mrx("partner", "pause", "mx-neec", "--reason", "their maintenance")
    mrx("partner", "resume", "mx-neec", "--reason", "it is over")

    assert entries(told.house, "paused") == [{"by": "jdoe", "reason": "their maintenance"}]
    assert entries(told.house, "resumed") == [{"by": "jdoe", "reason": "it is over"}]


def test_a_test_at_the_shell_is_kept_for_the_console(told: World, mrx: Mrx):
    assert mrx.json("partner", "show", "mx-neec")["connection"] is None

    mrx("partner", "test", "mx-neec", code=None)

    shown = mrx.json("partner", "show", "mx-neec")
    assert shown["connection"] in ("well", "something failed")
    assert shown["connection_tested_at"]


def test_a_dry_run_says_what_would_happen_and_changes_nothing(told: World, mrx: Mrx):
    told.push(member("10000001", name="Invented Two"))

    paused = mrx("partner", "pause", "mx-neec", "--reason", "x", "--dry-run")
    resumed = mrx("partner", "resume", "mx-neec", "--reason", "x", "--dry-run")

    assert "Would wait: 1 announcement." in paused.stderr
    assert "the oldest of 1 announcement" in resumed.stderr
    assert entries(told.house, "paused") + entries(told.house, "resumed") == []
