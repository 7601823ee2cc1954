"""No secret stands on a command line of a process of ours, nor in the environment of one that has
no use for it.
"""

import sys
import time
from pathlib import Path

import pytest

from gateway.demo.processes import environment as of_the_demo
from gateway.engine import supervisor
from tests.gateway.cli.command import Mrx
from tests.gateway.marked import BROKER, CLIENT, MARK, PLANTED, Secrets


def test_a_demonstration_hands_on_no_setting_of_ours(monkeypatch, tmp_path: Path):
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)

    handed = of_the_demo(tmp_path)

    assert MARK not in str(handed)
    assert "PATH" in handed


def test_workers_are_handed_what_they_need_and_no_more(monkeypatch):
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)

    handed = supervisor._environment()

    assert handed["MRX_BROKER_URL"] == BROKER
    assert CLIENT not in str(handed)


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="allowed: only Linux has /proc")
def test_not_on_a_command_line_of_ours_and_not_in_the_log_of_workers(
    marked_home: Path, secrets: Secrets, tmp_path: Path
):
    """`mrx serve` and `mrx worker` with a broker that cannot be reached."""
    env = {name: value for name, value in PLANTED.items() if name != "MRX_DATABASE_URL"}
    ours, heard = Mrx(marked_home, env), tmp_path / "heard"
    with heard.open("wb") as sink:
        running = [
            ours.process(*words, stdout=sink, stderr=sink)
            for words in (("worker",), ("serve", "--port", "0"))
        ]
        try:
            until = time.monotonic() + 60
            while len(children(running[0].pid)) < 3 and time.monotonic() < until:
                time.sleep(0.1)
            seen = {pid: pid for one in running for pid in (one.pid, *children(one.pid))}
            time.sleep(1.5)
            lines = [read(pid, "cmdline") for pid in seen]
            of_workers = [read(pid, "environ") for pid in children(running[0].pid)]
        finally:
            for one in running:
                one.terminate()
            for one in running:
                one.wait(60)

    assert len(lines) >= 5
    assert [line for line in lines if secrets.within(line)] == []
    assert len(of_workers) >= 3
    assert [one for one in of_workers if CLIENT in one] == []
    assert secrets.within(heard.read_text()) == []


def children(pid: int) -> list[int]:
    listed = read(pid, f"task/{pid}/children")
    return [int(one) for one in listed.split()]


def read(pid: int, what: str) -> str:
    try:
        return (
            Path(f"/proc/{pid}/{what}").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except OSError:
        return ""
