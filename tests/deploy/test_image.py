"""The Dockerfile, as far as it can be judged where no image is built: what it copies, who runs."""

import fnmatch
import re
import shlex
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
IGNORE = (ROOT / ".dockerignore").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Order:
    """One instruction of one stage."""

    stage: int
    word: str
    rest: str


def orders() -> list[Order]:
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    found, stage = [], -1
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        found.append(Order(stage, word, " ".join(rest.split())))
    return found


ORDERS = orders()
LAST = max(one.stage for one in ORDERS)
KNOWN = {
    *("FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE"),
    *("STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"),
}


def last(word: str) -> str:
    """What the image that is kept says, the last time it says it."""
    return [one.rest for one in ORDERS if one.stage == LAST and one.word == word][-1]


def copied() -> list[str]:
    """What is copied out of the repository."""
    lines = [one.rest for one in ORDERS if one.word == "COPY" and not one.rest.startswith("--from")]
    return [source for line in lines for source in line.split()[:-1]]


def test_every_instruction_is_one():
    assert {one.word for one in ORDERS} <= KNOWN


def test_it_has_two_stages_and_the_second_takes_only_the_environment():
    assert LAST == 1
    assert [one.rest for one in ORDERS if one.stage == 1 and one.word == "COPY"] == [
        "--from=build /opt/mrx /opt/mrx"
    ]


def test_the_base_is_pinned_and_names_no_registry():
    bases = [one.rest.split()[0] for one in ORDERS if one.word == "FROM"]

    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", bases[0])


def test_dependencies_come_by_their_digests():
    installs = [one.rest for one in ORDERS if "pip install" in one.rest]

    assert len(installs) == 2
    assert "--require-hashes -r requirements.lock" in installs[0]
    assert "--no-deps" in installs[1]


def test_it_does_not_run_as_root():
    assert last("USER") == "10001:10001"
    users = [n for n, one in enumerate(ORDERS) if one.word == "USER"]
    assert not [one for one in ORDERS[users[-1] :] if one.word in {"RUN", "COPY"}]


def test_it_writes_its_home_only():
    home = re.search(r"MRX_HOME=(\S+)", last("ENV"))[1]

    assert orjson.loads(last("VOLUME")) == [home]
    assert f"install -d -m 0700 -o mrx -g mrx {home}" in last("RUN")
    assert "PYTHONDONTWRITEBYTECODE=1" in last("ENV")


def test_it_is_stopped_and_watched_as_the_server_expects():
    from gateway.server import DEFAULT_PORT

    assert last("STOPSIGNAL") == "SIGTERM"
    assert last("EXPOSE") == str(DEFAULT_PORT)
    assert f"http://127.0.0.1:{DEFAULT_PORT}/health/live" in last("HEALTHCHECK")
    assert orjson.loads(last("CMD"))[:1] == ["serve"]
    assert str(DEFAULT_PORT) in orjson.loads(last("CMD"))


def test_the_health_check_fails_where_nobody_answers():
    words = orjson.loads(last("HEALTHCHECK").partition("CMD ")[2])
    script = words[2].replace(":8700", ":1")

    done = subprocess.run([sys.executable, *words[1:2], script], capture_output=True, check=False)

    assert done.returncode != 0


def test_shell_lines_are_shell():
    for one in ORDERS:
        if one.word == "RUN":
            assert subprocess.run(["sh", "-n", "-c", one.rest], check=False).returncode == 0
            assert shlex.split(one.rest)


@pytest.mark.parametrize("source", copied())
def test_what_is_copied_is_there_and_not_ignored(source: str):
    assert (ROOT / source.removeprefix("./")).exists()
    kept = [line[1:] for line in IGNORE.splitlines() if line.startswith("!")]
    assert source in kept


def test_nothing_else_reaches_the_build():
    lines = [line for line in IGNORE.splitlines() if line and not line.startswith("#")]

    assert lines[0] == "*"
    assert sorted(line[1:] for line in lines if line.startswith("!")) == sorted(copied())
    assert any(fnmatch.fnmatch("gateway/__pycache__", line) for line in lines[1:])


@pytest.mark.slow
def test_what_is_copied_is_enough_to_install(tmp_path: Path):
    """The second half of the first stage, here: a wheel out of the copied files alone."""
    import shutil

    source = tmp_path / "build"
    source.mkdir()
    for name in copied():
        here = ROOT / name
        if here.is_dir():
            shutil.copytree(here, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here, source / name)
    flags = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *flags, "--wheel-dir", tmp_path, source],
        check=True,
        capture_output=True,
        timeout=300,
    )
    (wheel,) = tmp_path.glob("mrx-*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")

    done = subprocess.run(
        [sys.executable, "-c", "from gateway.cli import run; run()", "init"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site"), "MRX_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
