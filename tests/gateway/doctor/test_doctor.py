"""The doctor as a whole: it looks, changes nothing, and says how to go on."""

from pathlib import Path

from gateway import doctor
from gateway.cli import here
from gateway.settings import Settings
from tests import world
from tests.gateway.doctor.examined import FAILED, OK, SKIPPED, examined, now
from tests.world import World


def test_a_good_home_is_well(small_world: World, ours: Settings):
    small_world.push(world.member("10000001"))
    small_world.grant("10000001")

    steps = examined(ours, clock=lambda: small_world.clock.now)

    assert {step.result for step in steps.values()} == {OK}


def test_it_changes_nothing(small_world: World, ours: Settings):
    def content() -> dict[str, bytes]:
        files = [file for file in ours.home.rglob("*") if file.is_file()]
        return {str(file): file.read_bytes() for file in files if not file.name.endswith("-shm")}

    examined(ours)
    before = content()
    examined(ours)

    assert content() == before


def test_it_waits_for_nobody_who_writes(small_world: World, ours: Settings):
    with small_world.house.database.write():
        assert examined(ours)["ledger"].result is OK


def test_where_there_is_nothing_it_says_how_to_begin(tmp_path: Path):
    steps = examined(Settings(home=tmp_path / "none"))

    assert steps["home folder"].result is FAILED
    assert "mrx init" in steps["home folder"].next
    assert steps["key"].result is steps["certificate"].result is SKIPPED
    assert "MRX-9001" in steps["database"].sentence
    assert not (tmp_path / "none").exists()


def test_a_setting_that_cannot_be_used_stops_what_leads_on_from_it(monkeypatch):
    monkeypatch.setenv("MRX_REQUEST_SECONDS", "soon")

    found = doctor.examine(here.settings, environment={}, clock=now)
    steps = {step.step: step for step in found.steps}

    assert not found.well
    assert "MRX_REQUEST_SECONDS" in steps["settings"].sentence
    assert steps["environment"].result is OK
    assert steps["home folder"].result is steps["database"].result is SKIPPED
