"""The wheel: the same bytes wherever and whenever it is made, with all it needs and no more."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy import wheel as wheels
from schemas.programme import PROGRAMMES

pytestmark = [pytest.mark.slow, pytest.mark.processes]

ROOT = Path(__file__).resolve().parents[2]
MOMENT = 1_764_979_200


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the wheel is made of: an editor may be at work in the repository."""
    folder = tmp_path_factory.mktemp("tree")
    for name in wheels.ROOMS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in wheels.FILES:
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def made(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(wheels, "ROOT", tree)
        return wheels.build(tmp_path_factory.mktemp("here"), moment=MOMENT)


@pytest.fixture(scope="module")
def inside(made: Path) -> set[str]:
    return set(zipfile.ZipFile(made).namelist())


def test_two_wheels_made_in_two_folders_at_two_times_are_one(
    made: Path, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The second from a copy whose files have other modes and times, under another umask."""
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(tree, elsewhere)
    for path in elsewhere.rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            os.utime(path, (1_000_000_000, 1_000_000_000))
    static = elsewhere / "gateway" / "console" / "static"
    for junk in (elsewhere / "gateway" / ".junk", static / "console.css~", static / "a.css.orig"):
        junk.write_text("left behind by an editor")
    monkeypatch.setattr(wheels, "ROOT", elsewhere)
    monkeypatch.setenv("TZ", "Asia/Seoul")
    before = os.umask(0o077)
    try:
        again = wheels.build(tmp_path / "dist", moment=MOMENT)
    finally:
        os.umask(before)

    digests = [hashlib.sha256(one.read_bytes()).hexdigest() for one in (made, again)]
    assert digests[0] == digests[1]
    assert made.name == again.name


def test_every_file_in_it_has_the_same_time_and_may_be_read_by_everybody(made: Path):
    for one in zipfile.ZipFile(made).infolist():
        assert one.date_time == (2025, 12, 6, 0, 0, 0)
        assert (one.external_attr >> 16) & 0o777 in {0o644, 0o664}, one.filename


def test_it_holds_all_that_the_rooms_hold(tree: Path, inside: set[str]):
    wanted = {
        path.relative_to(tree).as_posix()
        for room in wheels.ROOMS
        for path in (tree / room).rglob("*")
        if path.is_file()
        if path.suffix
        in {".py", ".html", ".toml", ".xsd", ".mako", ".css", ".js", ".woff2", ".svg"}
    }
    assert {f"schemas/xsd/{code}/1.0.xsd" for code in PROGRAMMES if code != "us-ctpat"} <= wanted
    assert "partners/programmes.toml" in wanted
    assert "gateway/console/templates/layout.html" in wanted
    assert any(name.startswith("schemas/migrations/versions/") for name in wanted)

    assert wanted - inside == set()


def test_it_holds_no_tests_and_no_junk(inside: set[str]):
    tops = {name.partition("/")[0] for name in inside}

    assert {top for top in tops if not top.startswith("mrx-")} == set(wheels.ROOMS)
    junk = [
        name
        for name in inside
        if any(
            part.startswith(".") or part in {"__pycache__", "node_modules"}
            for part in name.split("/")
        )
        or name.endswith((".pyc", ".orig", ".rej", ".db", ".key", ".crt", "~"))
    ]
    assert junk == []


def test_it_is_installed_and_answers(made: Path, tmp_path: Path):
    """Into an environment of its own, without a download: what it needs is lent by ours."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    pip = [sys.executable, "-m", "pip", "--python", venv / "bin" / "python", "install", "--quiet"]
    quiet = ["--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, *quiet, made], check=True, cwd=tmp_path)
    (site,) = venv.glob("lib/python*/site-packages")
    ours = next(Path(one) for one in sys.path if one.endswith("site-packages"))
    # Its own package first; ours lends the others, and its editable mrx is not looked at.
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{site}{os.pathsep}{ours}"}

    shown = subprocess.run(
        [venv / "bin" / "mrx", "--help"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=env,
        check=False,
    )
    where = subprocess.run(
        [venv / "bin" / "python", "-c", "import gateway; print(gateway.__file__)"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=env,
        check=True,
    )

    assert shown.returncode == 0, shown.stderr
    assert "mrx NOUN VERB" in shown.stdout or "Usage: mrx" in shown.stdout
    assert Path(where.stdout.strip()).is_relative_to(venv)


def test_the_digest_stands_beside_it_as_sha256sum_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Path
):
    monkeypatch.setattr(
        wheels, "build", lambda into, **_: Path(shutil.copy(made, into / made.name))
    )
    monkeypatch.setattr(sys, "argv", ["wheel.py", str(tmp_path)])

    wheels.main()

    subprocess.run(["sha256sum", "--check", f"{made.name}.sha256"], cwd=tmp_path, check=True)


@pytest.mark.parametrize("there", [True, False])
def test_a_wheel_without_the_styles_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, made: Path, there: bool
):
    """Without npm they are not there: two such wheels are not the same."""
    styles = tmp_path / wheels.STYLES
    styles.parent.mkdir(parents=True)
    if there:
        styles.touch()
    monkeypatch.setattr(wheels, "ROOT", tmp_path)
    monkeypatch.setattr(wheels, "epoch", lambda: MOMENT)
    monkeypatch.setattr(
        wheels, "build", lambda into, **_: Path(shutil.copy(made, into / made.name))
    )
    monkeypatch.setattr(sys, "argv", ["wheel.py", str(tmp_path)])

    wheels.main()

    assert ("WITHOUT the console's styles" in capsys.readouterr().out) is not there


@pytest.mark.parametrize("given", ["1764979200", None])
def test_the_moment_is_the_one_given_or_that_of_the_last_commit(
    given: str | None, monkeypatch: pytest.MonkeyPatch
):
    if given is None:
        monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
        assert wheels.epoch() >= wheels._OLDEST
    else:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
        assert wheels.epoch() == int(given)
