"""`mrx sandbox --faults`: what it takes, what it teaches, and that a process does it."""

from pathlib import Path

import pytest

from gateway.sandbox.habits import Habit
from tests.gateway.cli.command import Mrx
from tests.gateway.cli.test_journey import free_port, introduce, served
from tests.world import member


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--faults", "lazy"], "lazy is no habit"),
        (["--faults", "received"], "give its address"),
        (["--faults-rate", "2"], "--faults-rate"),
    ],
    ids=["no habit", "no address", "no share"],
)
def test_what_cannot_be_done_is_a_usage_error(
    options: list[str], sentence: str, mrx: Mrx, certificate: Path, tmp_path: Path
):
    words = ["sandbox", "mx-neec", "--port", free_port(), "--trust", certificate]
    elsewhere = Mrx(tmp_path / "elsewhere")

    assert sentence in " ".join(elsewhere(*words, *options, code=2).stderr.split())
    assert not elsewhere.home.exists()


def test_help_teaches_every_habit(mrx: Mrx):
    lines = [line.split() for line in mrx("sandbox", "--help").stdout.splitlines()]
    first = {line[0] for line in lines if line}

    assert {habit.value for habit in Habit} <= first


@pytest.mark.processes
def test_a_bad_partner_as_a_process_is_overcome(mrx: Mrx, tmp_path: Path):
    mexico, ours = Mrx(tmp_path / "mexico"), tmp_path / "us-ctpat.crt"
    ours.write_bytes(mrx("certificate").stdout_bytes)
    port = free_port()
    words = ("sandbox", "mx-neec", "--trust", ours, "--faults", "500,unsigned,cut")
    with served(mexico, *words, port=port):
        introduce(mrx, mexico, port)
        mrx.push(member("10000001"))
        mrx("consent", "grant", "10000001", "mx-neec", "--officer-title", "President")
        for _ in range(4):
            mrx("deliver", "--timeout", "20", code=None)

        assert mrx.json("notice", "list", "--state", "held")[0]["account"] == "10000001"
    attempts = mrx.json("batch", "show", 1)["attempts_made"]
    assert [one["outcome"] for one in attempts] == [
        "no answer",
        "no receipt",
        "no answer",
        "receipt",
    ]
