"""A process is killed while it makes a key: the next call finishes what it began."""

import contextlib
import os
import stat
from pathlib import Path

import pytest

from schemas.errors import BadRequest
from signing import keys
from signing.seal import seal
from tests.signing.forge import CONTENT, NOW
from tests.signing.killing import killed_at

STEPS = ("open", "fsync", "link", "unlink", "close")


def make(path: Path) -> None:
    keys.create(path, "us-ctpat", NOW, kind="p256")


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_killed_before_any_step_it_is_repaired_by_calling_again(tmp_path, step):
    kills = 0
    for count in range(1, 20):
        folder = tmp_path / f"{step}-{count}"
        folder.mkdir()
        path = folder / "home.key"
        if not killed_at(step, count, lambda path=path: make(path)):
            break
        kills += 1
        left = path.read_bytes() if path.exists() else None

        with contextlib.suppress(BadRequest):  # killed after the last file was in its place
            make(path)

        assert seal(CONTENT, keys.load(path), NOW)
        assert left in (None, path.read_bytes()), "a key that stood was replaced"
        assert path.stat().st_mode & 0o777 == 0o600
        assert sorted(file.name for file in folder.iterdir()) == ["home.crt", "home.key"]
    assert kills >= 2, "the step is taken for the key and for its certificate"


def test_each_file_is_on_disk_before_it_has_its_name_and_the_name_before_the_next(
    tmp_path, monkeypatch
):
    taken, fsync, link = [], os.fsync, os.link

    def fsync_noted(handle: int) -> None:
        taken.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def link_noted(source: Path, target: Path) -> None:
        taken.append(target.name)
        link(source, target)

    monkeypatch.setattr(os, "fsync", fsync_noted)
    monkeypatch.setattr(os, "link", link_noted)
    make(tmp_path / "home.key")

    assert taken == ["file", "home.key", "folder", "file", "home.crt", "folder"]
