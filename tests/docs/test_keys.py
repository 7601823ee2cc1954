"""docs/keys.md is true: its shell is run in the order of the page, with a token of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import schemas
from gateway.cli import commands
from gateway.settings import Settings
from schemas.codes import CODES
from tests import softhsm
from tests.tools import tool

ROOT = Path(schemas.__file__).parents[1]
PAGE = (ROOT / "docs/keys.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def test_what_it_names_is_there():
    settings = set(re.findall(r"MRX_[A-Z_]+", PAGE))
    verbs = set(re.findall(r"`?mrx (\w+)", "\n".join(blocks("sh") + blocks("console"))))

    assert settings <= {f"MRX_{name.upper()}" for name in Settings.model_fields}
    assert {
        f"MRX_{name.upper()}" for name in Settings.model_fields if "token_m" in name
    } <= settings
    assert set(re.findall(r"MRX-[0-9]{4}", PAGE)) <= CODES.keys()
    assert verbs <= {*commands.VERBS, *commands.NOUNS}
    for beside in re.findall(r"\]\((\w[\w-]*\.md)\)", PAGE):
        assert (ROOT / "docs" / beside).exists()


def test_its_compose_file_is_one_and_reads_a_file_with_a_mode_that_is_taken():
    [text] = blocks("yaml")
    found = yaml.safe_load(text)

    [secret] = found["services"]["gateway"]["secrets"]
    assert secret["mode"] == 0o400
    assert found["services"]["gateway"]["environment"]["MRX_KEY_PASSPHRASE_FILE"].endswith(
        secret["source"]
    )


@pytest.mark.processes
@pytest.mark.slow
def test_its_commands_do_what_it_says(tmp_path: Path):
    for name in ("openssl", "softhsm2-util"):
        tool(name)
    soft = softhsm.made(tmp_path / "soft")
    for one in soft.tokens.iterdir():  # the page makes its own
        one.rename(tmp_path / "unused")
    etc, bin_ = tmp_path / "etc", tmp_path / "bin"
    etc.mkdir()
    bin_.mkdir()
    ours = bin_ / "mrx"
    ours.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m gateway.cli "$@"\n')
    ours.chmod(0o755)
    said = "\n".join(f"echo 'block {n}' >&2\n{text}" for n, text in enumerate(blocks("sh"), 1))
    script = said.replace("/etc/mrx", str(etc)).replace(softhsm.MODULES[0], str(soft.module))

    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        env={
            "PATH": f"{bin_}:{os.environ['PATH']}",
            "MRX_HOME": str(tmp_path / "home"),
            "SOFTHSM2_CONF": str(soft.conf),
            "USER": "jdoe",
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    lists = re.findall(r"\b(current|next)\b.*\b(plain|encrypted|token)\b", done.stdout)
    assert lists == [
        *[("current", "encrypted")] * 2,
        ("current", "encrypted"),
        ("next", "token"),
    ]
    secrets = [(etc / name).read_text().strip() for name in ("key-passphrase", "token-pin")]
    assert not any(one in done.stdout + done.stderr for one in secrets)
    kept = {path.name: path.stat().st_mode & 0o777 for path in etc.iterdir()}
    assert kept == {"key-passphrase": 0o600, "token-pin": 0o600}
    assert len((etc / "key-passphrase").read_text().splitlines()) == 1
