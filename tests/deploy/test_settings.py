"""What the files of deploy/ set is what the gateway takes."""

import re
from pathlib import Path

import pytest

from gateway.settings import Settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
FILES = sorted(
    file for file in DEPLOY.rglob("*") if file.is_file() and file.parent.name != "__pycache__"
)
KNOWN = {f"MRX_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_variable_that_is_named_is_a_setting(file: Path):
    named = set(re.findall(r"\bMRX_[A-Z0-9_]+", file.read_text(encoding="utf-8")))

    assert named <= KNOWN


def test_the_example_environment_is_taken_whole(monkeypatch, tmp_path: Path):
    text = (DEPLOY / "mrx.env.example").read_text(encoding="utf-8")
    # Quotes are taken off by systemd and by a shell alike.
    assignments = re.findall(r'^#?(MRX_\w+)="?(.*?)"?$', text, re.MULTILINE)
    assert assignments
    for name, value in assignments:
        monkeypatch.setenv(name, value)

    made = Settings(home=tmp_path)

    assert made.engine == "celery"
    assert {f"MRX_{name.upper()}" for name in made.model_fields_set} == {
        "MRX_HOME",
        *(name for name, _ in assignments),
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_password_is_committed(file: Path):
    for line in file.read_text(encoding="utf-8").splitlines():
        for word in re.findall(r"://[^\s:/@]*:([^\s@]+)@", line):
            assert word == "change-me" or word.startswith("${"), line
