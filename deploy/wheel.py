# ruff: noqa: INP001 - a program by itself
"""`make wheel`: the wheel, byte for byte the same wherever and whenever it is made.

    tree --copy--> a folder with one mode and one time for every file --pip wheel--> dist/mrx-*.whl

Only what belongs to the package is copied. The time is SOURCE_DATE_EPOCH, or that of the last
commit, or 1980, before which no zip file can name one. setuptools writes its files sorted and takes
that time for them; which mode a file has here, and the umask, must not matter.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("gateway", "outbox", "partners", "mappers", "signing", "schemas")
FILES = ("pyproject.toml", "README.md")
STYLES = Path("gateway") / "console" / "static" / "vendor" / "LOCK"
_OLDEST = 315_532_800  # 1980-01-01
_JUNK = ("__pycache__", "*.pyc", ".*", "*~", "#*#", "*.orig", "*.rej", "*.bak")
_LEFT_OUT = shutil.ignore_patterns(*_JUNK, "node_modules", "vendor.new")


def epoch() -> int:
    """The moment that stands for this tree."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    git = shutil.which("git")
    if git is not None and (ROOT / ".git").exists():
        done = subprocess.run(  # noqa: S603
            [git, "log", "-1", "--format=%ct"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout.strip():
            return int(done.stdout)
    return _OLDEST


def build(into: Path, *, moment: int) -> Path:
    """Make the wheel in that folder, replacing one of the same name."""
    moment = max(moment, _OLDEST)
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mrx-wheel-") as folder:
        source, made = Path(folder, "source"), Path(folder, "made")
        for room in ROOMS:
            shutil.copytree(ROOT / room, source / room, ignore=_LEFT_OUT)
        for file in FILES:
            shutil.copy(ROOT / file, source / file)
        for path in sorted(source.rglob("*"), reverse=True):
            path.chmod(0o755 if path.is_dir() else 0o644)
            os.utime(path, (moment, moment))
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        more = ["--no-build-isolation", "--disable-pip-version-check", "--no-cache-dir"]
        subprocess.run(  # noqa: S603
            [*command, *more, "--wheel-dir", str(made), str(source)],
            env={**os.environ, "SOURCE_DATE_EPOCH": str(moment), "PYTHONHASHSEED": "0"},
            umask=0o022,
            check=True,
        )
        (wheel,) = made.glob("mrx-*.whl")
        return Path(shutil.copy(wheel, into / wheel.name))


def main() -> None:
    """Make it, and say its digest in the form `sha256sum -c` reads."""
    wheel = build(Path(sys.argv[1]), moment=epoch())
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    wheel.with_name(f"{wheel.name}.sha256").write_text(
        f"{digest}  {wheel.name}\n", encoding="ascii"
    )
    print(f"{digest}  {wheel}")  # noqa: T201
    if not (ROOT / STYLES).exists():
        print("WITHOUT the console's styles, for want of npm: not a wheel to give away")  # noqa: T201


if __name__ == "__main__":
    main()
