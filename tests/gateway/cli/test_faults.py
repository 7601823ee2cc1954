"""What goes wrong is shown once, in one way, and says nothing of the companies in it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.cli import faults, home, notice
from outbox import notices
from tests.gateway.cli.command import ROOT, Mrx
from tests.journeys.processes import mrx
from tests.world import member

SECRET = "Invented Secret Company"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(notices, "every", fail)
    assert notice.notices is notices


@pytest.mark.usefixtures("broken")
def test_what_should_not_happen_is_shown_without_its_words(mrx: Mrx):
    said = mrx("notice", "list", code=1)

    assert said.stderr.startswith("error: MRX-9999 ")
    assert "ZeroDivisionError" in said.stderr
    assert "at: gateway/cli/notice.py:" in said.stderr
    assert SECRET not in said.output


@pytest.mark.usefixtures("broken")
def test_whoever_asks_is_shown_everything(mrx: Mrx):
    said = mrx("notice", "list", code=1, MRX_DEBUG="1")

    assert "Traceback" in said.stderr
    assert SECRET in said.stderr
    assert "error: MRX-9999 " in said.stderr


def test_an_interrupt_ends_quietly_with_130(mrx: Mrx, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(home, "make", interrupted)

    said = mrx("init", code=130)

    assert said.output == ""


def opened(pid: int, name: str) -> bool:
    """Whether a process has a file of that name open."""
    try:
        return any(link.readlink().name == name for link in Path(f"/proc/{pid}/fd").iterdir())
    except FileNotFoundError:  # closed while we looked
        return False


@pytest.mark.processes
def test_a_real_interrupt_too(mrx: Mrx):
    process = mrx.process("push", "members", "-", stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + 30
    while not opened(process.pid, "mrx.db") and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)  # now it waits for its input
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert (process.returncode, said) == (130, b"")


@pytest.mark.processes
def test_a_reader_that_stops_reading_is_no_error(mrx: Mrx):
    mrx.push(*(member(str(10_000_000 + n), name="N" * 400) for n in range(1_000)))

    with mrx.process(
        "roll", "list", "us-ctpat", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (141, b"")


def test_an_error_cannot_act_on_the_terminal(capsys: pytest.CaptureFixture[str]):
    from schemas.errors import BadRequest

    faults.show(BadRequest("MRX-5009", because="\x1b[2J\x9b"))

    assert capsys.readouterr().err == (
        "error: MRX-5009 the file cannot be read (because: \\x1b[2J\\x9b); check the path\n"
    )


@pytest.mark.processes
@pytest.mark.parametrize("module", ["gateway", "gateway.cli"])
def test_it_runs_as_a_module(module: str, mrx: Mrx):
    said = subprocess.run(
        [sys.executable, "-m", module, "partner", "list"],
        env={**os.environ, "MRX_HOME": str(mrx.home), "PYTHONPATH": str(ROOT), "LC_ALL": "C"},
        capture_output=True,
        check=True,
    )

    assert said.stdout.decode().splitlines()[3].split("\t")[:2] == ["mx-neec", "MX"]


@pytest.mark.parametrize("user", ["", None])
def test_a_person_without_a_name_has_a_number_at_least(
    user: str | None, monkeypatch: pytest.MonkeyPatch
):
    from gateway.cli import here

    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.delenv("USER", raising=False)
    if user is not None:
        monkeypatch.setenv("USER", user)
    monkeypatch.setattr(here.getpass, "getuser", nobody)

    assert here.who() == f"uid {os.getuid()}"


@pytest.mark.processes
def test_a_failure_is_a_document_too_where_one_was_asked_for(tmp_path):
    done = mrx(tmp_path / "none", "partner", "list", "--json", check=False)

    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "MRX-9001"
    assert "MRX-9001" in done.stderr
