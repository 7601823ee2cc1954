"""The systemd units: systemd itself reads them, and says how much they expose."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.cli import commands

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
# systemd's own measure, in tenths: from 0 (nothing left to take) to 100. Its "OK" ends at 40.
EXPOSED_MAX = 15
PROGRAM = "/opt/mrx/bin/mrx"

each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)


class Unit(configparser.RawConfigParser):
    """A unit whose lines may repeat; the last one counts here."""

    def __init__(self, file: Path) -> None:
        super().__init__(strict=False, interpolation=None, delimiters="=")
        self.optionxform = str
        self.read(file, encoding="utf-8")


@pytest.fixture(scope="session")
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("allowed: no systemd-analyze here, so systemd did not read the units")
    return found


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as they would lie on a host that has the program."""
    program = tmp_path / "mrx"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        assert PROGRAM in text
        (tmp_path / unit.name).write_text(text.replace(PROGRAM, str(program)), encoding="utf-8")
    return tmp_path


def test_there_are_a_server_and_workers():
    assert [unit.name for unit in UNITS] == ["mrx-serve.service", "mrx-worker@.service"]


@each_unit
def test_systemd_finds_nothing_wrong(unit: Path, installed: Path, analyze: str):
    said = verified(analyze, installed / unit.name.replace("@.", "@1."), installed, unit)

    assert said.returncode == 0, said.stderr
    assert said.stderr == ""


@each_unit
def test_systemd_would_find_a_mistake(unit: Path, installed: Path, analyze: str):
    """So that the test above is known to be one that can fail."""
    file = installed / unit.name
    file.write_text(file.read_text().replace("ProtectSystem=strict", "ProtectSystm=strict"))

    said = verified(analyze, installed / unit.name.replace("@.", "@1."), installed, unit)

    assert "ProtectSystm" in said.stderr


def verified(
    analyze: str, instance: Path, folder: Path, unit: Path
) -> subprocess.CompletedProcess[str]:
    if instance.name != unit.name:  # a template is read through one of its instances
        (folder / unit.name).rename(instance)
    return subprocess.run(
        [analyze, "verify", "--man=no", instance],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@each_unit
def test_little_is_exposed(unit: Path, analyze: str):
    said = subprocess.run(
        [analyze, "security", "--offline=true", f"--threshold={EXPOSED_MAX}", "--no-pager", unit],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert said.returncode == 0, said.stdout[-200:] + said.stderr


@each_unit
def test_only_the_home_folder_is_written(unit: Path):
    service = Unit(unit)["Service"]

    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert (service["StateDirectory"], service["StateDirectoryMode"]) == ("mrx", "0700")
    assert service["Environment"] == "MRX_HOME=/var/lib/mrx"
    assert service["User"] == "mrx"
    assert not {"ReadWritePaths", "ReadWriteDirectories"} & service.keys()


@each_unit
def test_each_starts_a_command_that_exists(unit: Path):
    words = Unit(unit)["Service"]["ExecStart"].split()

    assert words[0] == PROGRAM
    assert words[1] in commands.VERBS


def test_both_are_as_hard():
    server, worker = (Unit(unit)["Service"] for unit in UNITS)

    own = {"ExecStart", "TimeoutStopSec", "Restart"}
    assert {name for name in server if server[name] != worker.get(name)} == own
    assert server.keys() == worker.keys()


def test_a_worker_has_longer_to_end_than_it_takes():
    from gateway.engine.supervisor import GRACE_SECONDS
    from gateway.settings import Settings
    from outbox.delivery import BUDGET

    patience = BUDGET.total_seconds() + Settings().request_seconds + GRACE_SECONDS
    unit = int(Unit(DEPLOY / "mrx-worker@.service")["Service"]["TimeoutStopSec"])
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    worker = compose[compose.index("\n  worker:") :]

    assert unit > patience
    assert int(re.search(r"stop_grace_period: (\d+)s", worker)[1]) > patience
