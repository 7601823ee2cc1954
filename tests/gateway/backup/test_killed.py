"""Killed between any two steps: a backup is there whole or not at all, and so is a restored gateway."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway import home
from gateway.backup import making, place, restoring, server, verifying
from gateway.settings import Settings
from outbox import restored
from outbox.house import House
from schemas.errors import MrxError
from tests import servers
from tests.gateway.backup.loss import back_up, empty
from tests.outbox.two_ends import MEXICO
from tests.world import World

Trap = tuple[object, str, bool]

MAKING: dict[str, Trap] = {
    "nothing copied": (making, "_copied", False),
    "copied, not packed": (making, "_packed", False),
    "packed, not on disk": (making, "_packed", True),
    "on disk, without a name": (os, "link", False),
    "with its name, not in the ledger": (os, "link", True),
}
UNPACKING: dict[str, Trap] = {
    "nothing read": (verifying, "unpacked", False),
    "unpacked": (verifying, "unpacked", True),
    "keys in place": (restoring, "_place_keys", True),
}
OF_A_FILE: dict[str, Trap] = {
    "migrated, not marked": (restored, "mark", False),
    "marked, not committed": (restored, "mark", True),
    "committed, not in place": (place, "flushed", False),
    "in place, its room left": (os, "link", True),
}
OF_A_SERVER: dict[str, Trap] = {
    "unpacked, before pg_restore": (server, "fill", False),
    "filled, not marked": (server, "fill", True),
    "marked, not committed": (restored, "mark", True),
    "committed, its room left": (restoring, "_server", True),
}


def killed(act: Callable[[], object], trap: Trap) -> None:
    """Run the act in a process that is killed there, with no goodbye."""
    child = os.fork()
    if child == 0:
        owner, name, after = trap
        plain: Callable[..., Any] = getattr(owner, name)

        def deadly(*args: Any, **named: Any) -> Any:
            done = plain(*args, **named) if after else None
            os.kill(os.getpid(), signal.SIGKILL)
            return done

        setattr(owner, name, deadly)
        try:
            act()
        finally:
            os._exit(7)  # it came through without the trap
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the trap was not met: {os.waitstatus_to_exitcode(status)}"
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # what follows the copy is the same
@pytest.mark.parametrize("step", MAKING)
def test_a_backup_is_there_whole_or_not_at_all(told: World, tmp_path: Path, step: str):
    file = tmp_path / "backups" / "b.zip"
    file.parent.mkdir()
    told.house.database.close()

    killed(lambda: back_up(told, file), MAKING[step])

    trusted = [told.house.key.certificate]
    if file.exists():
        verifying.verify(file, trusted=trusted, now=told.clock())
        file.unlink()
    again = back_up(told, file)  # what the dead one left is swept
    verifying.verify(again, trusted=trusted, now=told.clock())
    assert [one.name for one in file.parent.iterdir()] == ["b.zip"]


def restoring_is_killed(told: World, file: Path, trap: Trap) -> Settings:
    left = empty(told)
    killed(lambda: restoring.restore(left, file, by="t", now=told.clock()), trap)
    return left


def opened(left: Settings) -> House | str:
    """The gateway that is there, or the code of why there is none."""
    try:
        return home.open_home(left)
    except MrxError as error:
        return error.code


def is_restored(left: Settings) -> None:
    house = opened(left)
    assert isinstance(house, House), house
    with house.database.read() as tx:
        assert restored.standing(tx).shut == (MEXICO,)
    house.database.close()
    assert not list(left.home.glob(".mrx-*"))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step", [*UNPACKING, *OF_A_FILE])
def test_a_file_is_restored_or_restored_again(told: World, tmp_path: Path, step: str):
    file = back_up(told, tmp_path / "b.zip")

    left = restoring_is_killed(told, file, (UNPACKING | OF_A_FILE)[step])

    if step == "in place, its room left":
        is_restored(left)
        return
    expected = "MRX-9001" if step == "nothing read" else "MRX-9019"
    assert opened(left) in {expected, "MRX-9019"}
    with pytest.raises(MrxError, match="MRX-9019"):  # nor is an empty one made in its place
        home.init(left, "us-ctpat")
    restoring.restore(left, file, by="t", now=told.clock())
    is_restored(left)


@pytest.mark.processes
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("step", OF_A_SERVER)
def test_a_server_is_restored_or_emptied_and_restored_again(told: World, tmp_path: Path, step: str):
    file = back_up(told, tmp_path / "b.zip")

    left = restoring_is_killed(told, file, OF_A_SERVER[step])

    try:
        if step == "committed, its room left":
            home.init(left, "us-ctpat").database.close()
            is_restored(left)
            return
        assert opened(left) == "MRX-9019"
        with pytest.raises(MrxError, match="MRX-9019"):  # nor is an empty one made in its place
            home.init(left, "us-ctpat")
        if step in {"filled, not marked", "marked, not committed"}:
            with pytest.raises(MrxError, match="MRX-9019"):
                restoring.restore(left, file, by="t", now=told.clock())
            at = left.database_url.set(database="postgres")
            servers.drop(at, left.database_url)
            servers.execute(at, f"CREATE DATABASE {left.database_url.database}")
        restoring.restore(left, file, by="t", now=told.clock())
        is_restored(left)
    finally:
        servers.drop(left.database_url.set(database="postgres"), left.database_url)
