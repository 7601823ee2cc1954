"""`mrx backup`, `mrx restore` and `mrx restored`: what they answer, and with which code they exit."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.home import open_home
from gateway.settings import Settings
from tests.gateway.cli.command import Mrx
from tests.gateway.doctor.examined import examined
from tests.world import World


@pytest.fixture
def file(mrx: Mrx, told: World, tmp_path: Path) -> Path:
    assert told
    return Path(mrx.json("backup", tmp_path)["file"])


@pytest.fixture
def anew(mrx: Mrx, file: Path, tmp_path: Path) -> Mrx:
    """A home folder in which nothing is left but keys, restored."""
    (tmp_path / "anew").mkdir()
    shutil.copytree(mrx.home / "keys", tmp_path / "anew" / "keys")
    there = Mrx(tmp_path / "anew")
    assert there.json("restore", file, "--dry-run")["restored"] is False
    assert not (there.home / "mrx.db").exists()
    done = there.json("restore", file)
    assert (done["restored"], done["programme"]) == (True, "us-ctpat")
    return there


def test_a_backup_is_made_and_read_to_its_end(mrx: Mrx, file: Path):
    found = mrx.json("backup", "verify", file)

    assert (found["known"], found["programme"], found["with_keys"]) == (True, "us-ctpat", False)
    assert found["signed_by"] == found["certificate"]
    assert "MRX-5012" in mrx("backup", "make", file, code=1).stderr
    assert "MRX-5072" in mrx("backup", file.with_name("k.zip"), "--with-keys", code=1).stderr


def test_where_nobody_knows_the_certificate_it_says_so(mrx: Mrx, file: Path, tmp_path: Path):
    elsewhere = Mrx(tmp_path / "elsewhere")

    shown = elsewhere("backup", "verify", file)
    assert "compare its fingerprint" in shown.stderr
    fingerprint = mrx.json("key", "list")[0]["fingerprint"]
    named = elsewhere.json("backup", "verify", file, "--fingerprint", fingerprint)
    assert named["known"] is True
    wrong = elsewhere("backup", "verify", file, "--fingerprint", "0" * 64, code=1)
    assert "MRX-5075" in wrong.stderr
    assert "MRX-9004" in elsewhere("restore", file, "--fingerprint", fingerprint, code=1).stderr


def test_a_restored_gateway_says_what_is_open(anew: Mrx, file: Path):
    shown = anew.json("restored", "show", code=3)

    assert shown["shut"] == shown["unasked"] == ["mx-neec"]
    assert shown["consents_owed_since"] is not None
    step = examined(Settings(home=anew.home))["restore"]
    assert "shut: mx-neec" in step.sentence
    assert "MRX-5073" in anew("restore", file, code=1).stderr
    asked = anew("restored", "open", "mx-neec", "--reason", "no such endpoint", code=6)
    assert asked.exit_code == 6
    again = anew("restored", "open", "mx-neec", "--reason", "no such endpoint", code=1)
    assert "MRX-7022" in again.stderr


def test_consents_count_again_once_the_source_has_said_them_anew(anew: Mrx):
    since = anew.json("restored", "show", code=3)["consents_owed_since"]

    anew("push", "consents", "-", stdin=b"")
    assert anew.json("restored", "show", code=3)["consents_owed_since"] == since
    anew("push", "consents", "-", "--since", since, stdin=b"")
    assert anew.json("restored", "show", code=3)["consents_owed_since"] is None


def test_a_database_that_other_tools_brought_back_is_marked_by_hand(mrx: Mrx, told: World):
    told.house.database.close()
    before = mrx.json("restored", "show")
    assert (before["restored_at"], before["shut"]) == (None, [])
    made_at = ("--made-at", "2026-01-05T12:00:00Z")

    done = mrx.json("restored", "mark", *made_at, "--reason", "from the archive")

    assert done["restored"] is True
    assert mrx.json("restored", "show", code=3)["shut"] == ["mx-neec"]
    house = open_home(Settings(home=mrx.home))
    with house.database.read() as tx:
        epochs = tx.execute(text("SELECT count(DISTINCT epoch), max(next_number) FROM lanes"))
        count, highest = epochs.one()
    house.database.close()
    assert (count, highest) == (10, 1)
