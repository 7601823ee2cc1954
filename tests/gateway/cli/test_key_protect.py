"""Keys under a passphrase at the command line: `mrx init`, `mrx key protect`, the doctor, readiness."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from gateway import health, own_keys
from gateway.app import build
from gateway.cli import exits
from gateway.home import open_home
from gateway.settings import Settings
from signing import encrypted, keys
from tests.gateway.cli.command import Mrx

OLD, NEW = "an old passphrase of the tests", "a new passphrase of the tests"
FILE = "MRX_KEY_PASSPHRASE_FILE"


@pytest.fixture(autouse=True)
def _fewer_rounds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(encrypted, "ROUNDS", 1_000)


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.touch(mode=0o600)
    file.write_text(f"{OLD}\n")
    return file


@pytest.fixture
def protected(mrx: Mrx, passphrase: Path) -> Mrx:
    """The home of `mrx` with its key under the passphrase."""
    with_it = Mrx(mrx.home, {FILE: str(passphrase)})
    with_it("key", "protect")
    return with_it


def kept(mrx: Mrx) -> dict[str, str]:
    return {one["state"]: one["kept"] for one in mrx.json("key", "list")}


def looked(mrx: Mrx, code: int = 0) -> dict[str, str]:
    """What the doctor says of the key."""
    [found] = [one for one in mrx.json("doctor", code=code)["findings"] if one["step"] == "key"]
    return found


def test_init_with_a_passphrase_makes_an_encrypted_key(tmp_path: Path, passphrase: Path):
    ours = Mrx(tmp_path / "new", {FILE: str(passphrase)})

    ours("init", "--no-admin")
    ours("init", "--no-admin")

    assert kept(ours) == {"current": "encrypted"}
    assert (ours.home / own_keys.KEY).read_bytes().startswith(b"-----BEGIN ENCRYPTED")
    assert looked(ours)["sentence"].endswith("it is encrypted")


def test_init_whose_passphrase_cannot_be_used_leaves_no_key(tmp_path: Path, passphrase: Path):
    ours = Mrx(tmp_path / "new", {FILE: str(passphrase)})
    passphrase.chmod(0o644)

    assert "the passphrase file is open" in ours("init", "--no-admin", code=1).stderr

    assert not (ours.home / own_keys.KEY).exists()


def test_init_goes_on_with_a_key_that_was_left_without_certificate(tmp_path: Path):
    """As `kill -9` leaves it between the two files."""
    home = tmp_path / "new"
    made = keys.create(
        _folder(home) / "signing.key", "mrx us-ctpat", datetime.now(UTC), kind="p256"
    )
    (home / own_keys.KEY).with_suffix(".crt").unlink()

    Mrx(home)("init", "--no-admin")

    assert open_home(Settings(home=home)).key.certificate.key == made.certificate.key


def test_a_gateway_that_has_lost_its_certificate_gets_no_other_one_by_init(mrx: Mrx):
    (mrx.home / own_keys.KEY).with_suffix(".crt").unlink()

    assert "MRX-3012" in mrx("init", code=1).stderr


def test_protect_encrypts_every_key_and_changes_none(mrx: Mrx, passphrase: Path):
    [old] = [one["fingerprint"] for one in mrx.json("key", "list")]
    mrx("key", "stage")
    before = {one["fingerprint"] for one in mrx.json("key", "list")}
    ours = Mrx(mrx.home, {FILE: str(passphrase)})
    assert "not encrypted" in looked(ours)["sentence"]
    assert looked(ours)["next"] == "`mrx key protect`"

    first, again = ours.json("key", "protect"), ours.json("key", "protect")

    files = ["keys/next.key", "keys/signing.key"]
    assert [(one["file"], one["kept"], one["changed"]) for one in first] == [
        (file, "encrypted", True) for file in files
    ]
    assert [one["changed"] for one in again] == [False, False]
    assert kept(ours) == {"current": "encrypted", "next": "encrypted"}
    assert {one["fingerprint"] for one in ours.json("key", "list")} == before
    with open_home(Settings(home=mrx.home, key_passphrase_file=passphrase)).database.read():
        pass
    assert (mrx.home / "keys" / "sign-in.key").stat().st_size == 32, "that one is left as it is"
    [entry] = ours.json("ledger", "tail", "--kind", "keys protected")
    assert (entry["by"], entry["entry"]["files"]) == ("jdoe", 2)
    assert old in before


def test_a_key_that_no_passphrase_opens_is_named_and_the_others_are_protected(
    mrx: Mrx, passphrase: Path
):
    ours = Mrx(mrx.home, {FILE: str(passphrase)})
    lost = mrx.home / "keys" / "retired-lost.key"
    lost.touch(mode=0o600)
    lost.write_bytes(encrypted.pem(keys.load(mrx.home / own_keys.KEY)._private, NEW.encode()))

    said = ours.json("key", "protect", code=exits.REJECTED)

    assert [(one["kept"], one["because"]) for one in said] == [
        (None, "the passphrase does not open it"),
        ("encrypted", None),
    ]


def test_a_disk_that_takes_no_writes_is_named_and_every_key_stays(
    mrx: Mrx, passphrase: Path, monkeypatch: pytest.MonkeyPatch
):
    ours = Mrx(mrx.home, {FILE: str(passphrase)})
    before = (mrx.home / own_keys.KEY).read_bytes()

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        said = ours("key", "protect", code=1).stderr

    assert "MRX-9007" in said
    assert (mrx.home / own_keys.KEY).read_bytes() == before
    assert kept(ours) == {"current": "plain"}
    assert [one["changed"] for one in ours.json("key", "protect")] == [True]


def test_without_a_passphrase_file_there_is_nothing_to_protect_with(mrx: Mrx):
    said = mrx("key", "protect", code=1).stderr

    assert "MRX-9010" in said
    assert FILE in said


def test_a_passphrase_is_changed_and_no_command_fails_on_the_way(protected: Mrx, passphrase: Path):
    for lines in ((NEW, OLD), (NEW,)):
        passphrase.write_text("\n".join(lines))
        protected("partner", "list")
        protected("key", "protect")

    passphrase.write_text(OLD)
    said = protected("partner", "list", code=1).stderr
    assert "MRX-9004" in said
    assert "the passphrase does not open it" in said


@pytest.mark.parametrize(
    ("spoil", "because"),
    [
        (lambda file: file.write_text(NEW), "the passphrase does not open it"),
        (lambda file: file.unlink(), "the passphrase file is missing"),
        (lambda file: file.chmod(0o640), "the passphrase file is open to group or others"),
    ],
)
def test_a_wrong_passphrase_stops_every_start_and_the_doctor_says_why(
    protected: Mrx, passphrase: Path, spoil, because: str
):
    house = open_home(Settings(home=protected.home, key_passphrase_file=passphrase))
    assert health.checks(house, now=datetime.now(UTC))["signing"] is None
    spoil(passphrase)

    found = looked(protected, code=exits.REJECTED)
    assert found["result"] == "failed"
    assert because in found["sentence"]
    for words in (("partner", "list"), ("deliver",), ("certificate",)):
        said = protected(*words, code=1)
        assert because in said.stderr
        assert not said.stdout
    # One that runs has its key, and says that it could not be started again.
    assert health.checks(house, now=datetime.now(UTC))["signing"] == "MRX-9004"
    answer = TestClient(build(house, Settings(home=house.folder))).get("/health/ready")
    assert answer.status_code == 503
    house.database.close()


def test_a_key_that_is_lost_is_moved_away_and_init_makes_the_next(protected: Mrx, passphrase: Path):
    """As docs/keys.md says; a key in a token that is gone is such a one too."""
    [old] = [one["fingerprint"] for one in protected.json("key", "list")]
    passphrase.write_text(NEW)
    assert "MRX-9004" in protected("key", "stage", code=1).stderr
    lost = protected.home / own_keys.KEY
    for suffix in (".key", ".crt"):
        lost.with_suffix(suffix).rename(lost.with_name(f"retired-{old}{suffix}"))

    protected("init", "--no-admin")

    states = {one["fingerprint"]: one["state"] for one in protected.json("key", "list")}
    assert states.pop(old) == "retired"
    assert list(states.values()) == ["current"]
    assert protected.json("ledger", "verify")["broken_at"] is None


def test_a_passphrase_beside_the_key_that_it_opens_is_found(mrx: Mrx, passphrase: Path):
    """Whoever copies the home folder or a backup of it has both."""
    beside = passphrase.rename(mrx.home / "keys" / "passphrase")
    ours = Mrx(mrx.home, {FILE: str(beside)})
    ours("key", "protect")

    found = looked(ours)

    assert found["result"] == "warning"
    assert found["sentence"].endswith("it is encrypted, and its passphrase lies in the home folder")


def test_without_any_passphrase_an_encrypted_key_stops_every_start(protected: Mrx):
    said = Mrx(protected.home)("partner", "list", code=1).stderr

    assert "it is encrypted, and no passphrase is set" in said


def test_a_passphrase_in_the_environment_itself_does_nothing_and_the_doctor_says_so(mrx: Mrx):
    said = mrx("doctor", MRX_KEY_PASSPHRASE=OLD).stdout

    assert "MRX_KEY_PASSPHRASE" in said
    assert FILE in said
    assert OLD not in said


def _folder(home: Path) -> Path:
    (home / "keys").mkdir(mode=0o700, parents=True)
    return home / "keys"
