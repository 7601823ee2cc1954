"""A process is killed while it makes a key: the next call finishes what it began."""

import contextlib
import os
import signal
import stat
from pathlib import Path

import pytest

from schemas.errors import BadRequest
from signing import keys
from signing.seal import seal
from tests.signing.forge import CONTENT, NOW

STEPS = ("open", "fsync", "link", "unlink", "close")


def killed_at(step: str, count: int, path: Path) -> bool:
    """Make a key in a process that kills itself before the nth call of `os.<step>`.

    Says whether there was such a call.
    """
    child = os.fork()
    if child == 0:
        real, calls = getattr(os, step), 0

        def trap(*words: object, **more: object) -> object:
            nonlocal calls
            calls += 1
            if calls == count:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*words, **more)

        setattr(os, step, trap)
        try:
            keys.create(path, "us-ctpat", NOW, kind="p256")
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("step", STEPS)
def test_killed_before_any_step_it_is_repaired_by_calling_again(tmp_path, step):
    kills = 0
    for count in range(1, 20):
        folder = tmp_path / f"{step}-{count}"
        folder.mkdir()
        path = folder / "home.key"
        if not killed_at(step, count, path):
            break
        kills += 1
        left = path.read_bytes() if path.exists() else None

        with contextlib.suppress(BadRequest):  # killed after the last file was in its place
            keys.create(path, "us-ctpat", NOW, kind="p256")

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
    keys.create(tmp_path / "home.key", "us-ctpat", NOW, kind="p256")

    assert taken == ["file", "home.key", "folder", "file", "home.crt", "folder"]
