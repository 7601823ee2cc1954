"""Who may leave out what needs a disk of one's own: only a machine on which nobody can mount one."""

import os
from pathlib import Path

import pytest

from tests.journeys.crash.ground import in_process
from tests.journeys.disk import room

pytestmark = pytest.mark.processes

NOBODY = 65534
STOPPED = (pytest.fail.Exception, pytest.skip.Exception)
"""Either: a skip that nobody catches would take the test that looks for a failure with it."""


def refused(_at: Path) -> None:
    raise PermissionError("Operation not permitted")


def tried(folder: Path) -> None:
    room.small_disk(lambda _: None, folder)


@pytest.fixture
def unmountable(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(room, "mount", refused)
    return monkeypatch


def test_in_ci_root_with_the_right_fails_where_it_cannot_mount(
    tmp_path: Path, unmountable: pytest.MonkeyPatch
):
    unmountable.setenv("CI", "true")
    unmountable.setattr(room, "has_the_right", lambda: True)

    with pytest.raises(STOPPED, match="Operation not permitted") as stopped:
        tried(tmp_path)

    assert stopped.type is pytest.fail.Exception


@pytest.mark.parametrize(("ci", "right"), [("true", False), ("", True), ("", False)])
def test_anybody_else_skips_with_an_allowed_reason(
    tmp_path: Path, unmountable: pytest.MonkeyPatch, ci: str, right: bool
):
    unmountable.setenv("CI", ci)
    unmountable.setattr(room, "has_the_right", lambda: right)

    with pytest.raises(STOPPED, match=r"^allowed:") as stopped:
        tried(tmp_path)

    assert stopped.type is pytest.skip.Exception


def test_a_process_that_gave_root_away_has_no_right(tmp_path: Path):
    """Of the real capabilities, as the system tells them."""
    if os.geteuid() != 0:
        assert not room.has_the_right()
        return

    def given_away() -> None:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        assert not room.has_the_right()

    in_process(given_away, tmp_path)
