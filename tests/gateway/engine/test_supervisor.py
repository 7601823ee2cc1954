"""The supervisor starts again what ended, later and later; its parts keep secrets."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from gateway.engine import parts
from gateway.engine.supervisor import BACK_OFF_MAX, WELL_SECONDS, _Child
from tests import world
from tests.conftest import FILE_ONLY
from tests.world import World

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Child]:
    """One that only sleeps."""
    monkeypatch.setattr(parts, "command", lambda _: SLEEPS)
    made = _Child("part")
    yield made
    process = made.process
    made.kill()
    if process is not None:
        process.wait(30)


def ended(child: _Child) -> int:
    until = time.monotonic() + 30
    while (code := child.ended()) is None:
        assert time.monotonic() < until
        time.sleep(0.02)
    return code


def test_a_child_that_ends_comes_again_later_and_later(child: _Child):
    waits = []
    for _ in range(7):
        child.start(now=0)
        child.kill()
        child.bury(ended(child), now=1)
        waits.append(child.not_before - 1)

    assert waits == [1, 2, 4, 8, 16, BACK_OFF_MAX, BACK_OFF_MAX]


def test_one_that_was_well_for_a_while_begins_anew(child: _Child):
    child.deaths = 6
    child.start(now=0)
    child.tell(signal.SIGTERM)

    child.bury(ended(child), now=WELL_SECONDS + 1)

    assert child.not_before == WELL_SECONDS + 2
    assert child.process is None


def test_ctrl_c_of_a_terminal_does_not_reach_it(child: _Child):
    child.start(now=0)
    assert child.process is not None

    assert os.getpgid(child.process.pid) == child.process.pid


@pytest.mark.processes
@FILE_ONLY
def test_a_part_that_finds_no_redis_goes_on_and_keeps_its_password(small_world: World):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"redis://:very-secret@127.0.0.1:{closed.getsockname()[1]}/0"
    celery = {"MRX_ENGINE": "celery", "MRX_BROKER_URL": url, "MRX_URGENT_SLOTS": "1"}
    process = subprocess.Popen(
        parts.command("urgent"),
        env={**os.environ, **world.environment(small_world.house), **celery},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    assert process.poll() is None
    process.terminate()
    said += process.stderr.read()
    process.stderr.close()

    assert process.wait(30) == 0
    assert b"onnect" in said
    assert b"very-secret" not in said
    assert b"Traceback" not in said


@pytest.mark.slow
def test_a_part_without_its_supervisor_does_not_begin():
    words = [*parts.command("sweep")[:-1], "1"]

    assert subprocess.run(words, capture_output=True, check=False).returncode == 1
