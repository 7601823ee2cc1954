"""What the doctor finds on this host: each step is made to fail, or to warn, by the thing itself."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway import home, own_keys
from gateway.checkup.finding import Result
from gateway.settings import Settings
from signing import keys
from tests.gateway.doctor.examined import FAILED, OK, SKIPPED, WARNING, examined, now
from tests.world import START, World


def test_a_misspelt_setting_is_a_warning_with_the_likely_name(ours: Settings):
    said = examined(
        ours,
        environment={"MRX_HOEM": "/srv", "MRX_DATABASE_URI": "x", "mrx_home": "y", "HOME": "/"},
    )["environment"]

    assert said.result is WARNING
    assert "MRX_HOEM" in said.sentence
    assert "mrx_home" not in said.sentence
    assert said.next == "unset it, or write MRX_DATABASE_URL, MRX_HOME"


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701])
def test_a_folder_open_to_others_fails(mode: int, ours: Settings):
    ours.home.chmod(mode)

    said = examined(ours)["privacy"]

    assert said.result is FAILED
    assert f"{mode:04o}" in said.sentence


def test_a_folder_that_takes_no_file_fails():
    # As root nothing is read-only: /proc takes no file from anyone.
    steps = examined(Settings(home=Path("/proc/self/fd")), clock=now)

    assert steps["home folder"].result is FAILED
    assert steps["disk"].result is SKIPPED


@pytest.mark.skipif(os.geteuid() != 0, reason="allowed: only root can give a folder away")
def test_whoever_is_not_the_owner_is_told(ours: Settings):
    os.chown(ours.home, 12345, -1)

    said = examined(ours)["home folder"]

    assert said.result is WARNING
    assert "of user 12345" in said.sentence


def test_a_file_open_to_others_fails(ours: Settings):
    (ours.home / home.DATABASE).chmod(0o644)

    assert "chmod 600" in examined(ours)["privacy"].next


def test_a_full_disk_fails_and_one_that_fills_warns(ours: Settings):
    everything = 1 << 60

    assert examined(ours, disk_low=everything)["disk"].result is WARNING
    assert examined(ours, disk_full=everything)["disk"].result is FAILED


def test_a_key_that_is_missing_or_open_fails(ours: Settings):
    key = ours.home / own_keys.KEY
    key.chmod(0o640)
    steps = examined(ours)
    assert "MRX-9004" in steps["key"].sentence
    assert steps["certificate"].result is SKIPPED

    key.unlink()
    assert "missing" in examined(ours)["key"].sentence


def test_an_interrupted_change_of_keys_is_a_warning(small_world: World, ours: Settings):
    following = ours.home / own_keys.NEXT
    own_keys.stage(small_world.house, ours.home, by="test", now=START)
    following.replace(ours.home / own_keys.KEY)  # killed after the second step

    steps = examined(ours, clock=small_world.clock)

    assert steps["key"].result is WARNING
    assert steps["certificate"].result is SKIPPED
    assert following.with_suffix(".crt").exists()


@pytest.mark.parametrize(
    ("made", "result"),
    [
        (START - keys.LIFE - timedelta(days=1), FAILED),
        (START - keys.LIFE + timedelta(days=29), WARNING),
        (START - keys.LIFE + timedelta(days=31), OK),
        (START + timedelta(days=1), FAILED),
    ],
    ids=["ended", "ends soon", "lasts", "begins later"],
)
def test_the_dates_of_our_certificate_count(made: datetime, result: Result, tmp_path: Path):
    (tmp_path / "keys").mkdir()
    tmp_path.chmod(0o700)
    keys.create(tmp_path / own_keys.KEY, "mrx us-ctpat", made, kind="p256")

    assert examined(Settings(home=tmp_path), clock=lambda: START)["certificate"].result is result
