"""A next key becomes the key: killed before any step, a key signs, and none is lost."""

from pathlib import Path

import pytest

from schemas.errors import BadRequest, NotReady
from signing import keys
from signing.seal import seal
from tests.signing.forge import CONTENT, NOW
from tests.signing.killing import killed_at


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("home", "next"):
        keys.create(tmp_path / f"{name}.key", "us-ctpat", NOW, kind="p256")
    return tmp_path


def paths(folder: Path) -> tuple[Path, Path]:
    return folder / "home.key", folder / "next.key"


def contents(folder: Path) -> set[bytes]:
    """Every private key that is there under any name."""
    return {file.read_bytes() for file in folder.glob("*.key")}


def test_the_next_key_signs_and_the_old_one_is_kept(folder: Path):
    old, new = (keys.load(path).certificate for path in paths(folder))
    both = contents(folder)

    active = keys.activate(*paths(folder))

    assert active.certificate == new
    assert keys.load(folder / "home.key").certificate == new
    retired = folder / f"retired-{old.fingerprint}.key"
    assert keys.load(retired).certificate == old
    assert retired.stat().st_mode & 0o777 == 0o600
    assert contents(folder) == both
    assert sorted(file.suffix for file in folder.iterdir()) == [".crt", ".crt", ".key", ".key"]


def test_without_a_next_key_nothing_happens(folder: Path):
    keys.activate(*paths(folder))
    before = {file: file.read_bytes() for file in folder.iterdir()}

    with pytest.raises(BadRequest) as refused:
        keys.activate(*paths(folder))

    assert refused.value.code == "MRX-5023"
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.slow
@pytest.mark.parametrize("step", ["open", "fsync", "link", "replace", "close"])
def test_killed_before_any_step_a_key_signs_and_the_next_call_finishes(tmp_path: Path, step: str):
    kills = 0
    for count in range(1, 30):
        folder = tmp_path / f"{step}-{count}"
        folder.mkdir()
        for name in ("home", "next"):
            keys.create(folder / f"{name}.key", "us-ctpat", NOW, kind="p256")
        both = contents(folder)
        old, new = (keys.load(path).certificate for path in paths(folder))
        if not killed_at(step, count, lambda folder=folder: keys.activate(*paths(folder))):
            break
        kills += 1

        found = keys.current(*paths(folder))

        assert found.certificate in (old, new)
        assert seal(CONTENT, found, NOW)
        assert contents(folder) == both, "a key was lost"
        if found.certificate == old:
            assert keys.activate(*paths(folder)).certificate == new
        assert keys.load(folder / f"retired-{old.fingerprint}.key").certificate == old
        assert contents(folder) == both
        assert not list(folder.glob("next.*"))
    else:
        raise AssertionError("more steps than there can be")
    assert kills >= 2, "key and certificate are linked, renamed, and their folder flushed"


def test_a_certificate_left_without_its_key_is_no_half_done_step(folder: Path):
    """A person took the next key away and forgot its certificate: ours stays as it is."""
    old = keys.load(folder / "home.key").certificate
    (folder / "next.key").unlink()

    assert keys.current(*paths(folder)).certificate == old
    assert (folder / "next.crt").exists()


def test_a_next_key_that_cannot_sign_moves_nothing(folder: Path):
    old = keys.load(folder / "home.key").certificate
    (folder / "next.key").chmod(0o644)

    with pytest.raises(NotReady):
        keys.activate(*paths(folder))

    assert keys.current(*paths(folder)).certificate == old
    assert (folder / "next.key").exists()
