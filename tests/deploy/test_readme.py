"""The page on running mrx names commands, files and settings that exist, and its shell is shell."""

import re
import subprocess
from pathlib import Path

import pytest

from gateway.cli import commands

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
    assert {"docs/settings.md", "docs/metrics.md", "docs/backup.md"} <= set(beside)
    assert all((ROOT / name).exists() for name in beside)


@pytest.mark.parametrize("text", SHELL, ids=range(len(SHELL)))
def test_the_shell_is_shell(text: str):
    done = subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
