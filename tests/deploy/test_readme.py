"""The page on running mrx names commands, files and settings that exist, and its shell is shell."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pysqlite3
import pytest

from gateway.cli import commands
from tests.gateway.cli.command import Mrx
from tests.world import member

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "deploy/README.md").read_text(encoding="utf-8")
SHELL = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_command_exists():
    said = set(re.findall(r"`mrx ([a-z]+)", PAGE)) | set(re.findall(r"as_mrx ([a-z]+)", PAGE))

    assert said
    assert said <= {*commands.VERBS, *commands.NOUNS}


def test_every_file_exists():
    here = re.findall(r"`([\w@.-]+\.(?:yaml|service|example)|Dockerfile)`", PAGE)
    from_root = re.findall(r"deploy/([\w@.-]+\.\w+)", PAGE)

    for name in (*here, *from_root):
        assert name == "compose.env" or (ROOT / "deploy" / name).exists(), name
    beside = re.findall(r"`\.\./([\w/.]+)`", PAGE)
    assert beside == ["docs/settings.md", "docs/metrics.md"]
    assert all((ROOT / name).exists() for name in beside)
    assert list((ROOT / "decisions").glob("0005-*"))


@pytest.mark.parametrize("text", SHELL, ids=range(len(SHELL)))
def test_the_shell_is_shell(text: str):
    done = subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr


def test_a_backup_of_the_file_in_use_is_a_whole_one(small_world, tmp_path: Path):
    """The page's own line, run beside somebody who has the file open."""
    script = re.search(r'-c "(import pysqlite3.*?)"', PAGE, re.DOTALL)[1]
    small_world.push(member("10000001"))
    copy = tmp_path / "mrx.db.copy"

    with small_world.house.database.read():
        subprocess.run(
            [sys.executable, "-c", script, small_world.house.database.file, copy], check=True
        )

    assert pysqlite3.connect(copy).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    for file in small_world.house.folder.glob("mrx.db*"):
        file.unlink()
    shutil.copy(copy, small_world.house.folder / "mrx.db")
    shown = Mrx(small_world.house.folder).json("member", "show", "10000001")
    assert shown["account"] == "10000001"
