"""`mrx init`, and what every other command asks of a home."""

import stat
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from schemas.sqlite import SQLiteFile
from tests.gateway.cli.command import Mrx

NEEDS_A_HOME = (
    ("member", "show", "31614261"),
    ("consent", "list", "31614261"),
    ("partner", "list"),
    ("partner", "show", "mx-neec"),
    ("notice", "list"),
    ("batch", "list"),
    ("disclosure", "show", "31614261"),
    ("revocation", "show", "1"),
    ("roll", "list", "mx-neec"),
    ("ledger", "verify"),
    ("deliver",),
    ("certificate",),
    ("serve",),
    ("push", "members", "-"),
    ("push", "consents", "-"),
)


def content(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (home / "keys").iterdir()}


def test_init_makes_a_private_home(tmp_path: Path):
    mrx = Mrx(tmp_path / "var" / "new")

    made = mrx.json("init")

    assert made["home"] == "us-ctpat"
    assert made["partners"] == ["ca-pip", "il-aeo", "kr-aeo", "mx-neec", "tw-aeo"]
    assert stat.S_IMODE((mrx.home / "keys" / "signing.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((mrx.home / "mrx.db").stat().st_mode) == 0o600
    assert stat.S_IMODE(mrx.home.stat().st_mode) == 0o700


def test_init_again_changes_nothing(mrx: Mrx):
    before, entries = content(mrx.home), mrx.json("ledger", "verify")

    first, second = mrx.json("init"), mrx.json("init", "--home", "us-ctpat")

    assert first == second
    assert content(mrx.home) == before
    assert mrx.json("ledger", "verify") == entries


def test_a_key_without_a_database_is_used_and_not_replaced(mrx: Mrx):
    before = content(mrx.home)
    for file in mrx.home.glob("mrx.db*"):
        file.unlink()

    mrx("init")

    assert content(mrx.home) == before


def test_another_home_is_refused(mrx: Mrx):
    said = mrx("init", "--home", "mx-neec", code=1).stderr

    assert said.startswith("error: MRX-9003 ")
    assert mrx.json("init")["home"] == "us-ctpat"


def test_init_without_a_programme_keeps_the_one_that_is_there(theirs: Mrx):
    assert theirs.json("init")["home"] == "mx-neec"


def test_an_unknown_home_is_refused(tmp_path: Path):
    assert "MRX-5001" in Mrx(tmp_path / "x")("init", "--home", "fr-aeo", code=1).stderr


@pytest.mark.parametrize("command", NEEDS_A_HOME, ids=" ".join)
def test_no_command_works_without_a_home(command: tuple[str, ...], tmp_path: Path):
    said = Mrx(tmp_path / "nowhere")(*command, code=1)

    assert said.stderr.startswith("error: MRX-9001 ")
    assert "mrx init" in said.stderr
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("command", NEEDS_A_HOME, ids=" ".join)
def test_every_command_refuses_an_old_schema(command: tuple[str, ...], mrx: Mrx):
    database = SQLiteFile(mrx.home / "mrx.db")
    with database.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    database.close()

    said = mrx(*command, code=1)

    assert said.stderr.startswith("error: MRX-9002 ")
    assert "mrx init" in said.stderr


def test_a_key_open_to_others_is_refused(mrx: Mrx):
    (mrx.home / "keys" / "signing.key").chmod(0o640)

    assert "MRX-9004" in mrx("partner", "list", code=1).stderr


def test_a_wrong_setting_is_named(mrx: Mrx):
    said = mrx("partner", "list", code=1, MRX_REQUEST_SECONDS="soon", MRX_BODY_BYTES_MAX="-1")

    assert "MRX-9010" in said.stderr
    assert "MRX_BODY_BYTES_MAX MRX_REQUEST_SECONDS" in said.stderr


@pytest.mark.second_opinion
def test_our_certificate_is_pem(mrx: Mrx, openssl: str):
    pem = mrx("certificate").stdout_bytes

    said = subprocess.run(
        [openssl, "x509", "-noout", "-fingerprint", "-sha256"],
        input=pem,
        capture_output=True,
        check=True,
    )

    shown = said.stdout.decode().strip().rpartition("=")[2].replace(":", "").lower()
    assert shown == mrx.json("init")["certificate"]


def test_version_says_what_it_runs_on(mrx: Mrx):
    assert mrx.json("version").keys() == {"mrx", "python", "sqlite"}
