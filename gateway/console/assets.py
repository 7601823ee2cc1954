"""Brings the console's styles from npm: `python gateway/console/assets.py`, which `make run` calls.

    package-lock.json --npm ci--> .venv/npm/node_modules --what is used--> static/vendor   (neither is committed)

    vendor/uswds/css/uswds.min.css      and beside it the fonts and pictures that it names
    vendor/htmx.min.js
    vendor/LOCK                         of which lock file all that is; written last

Done once per lock file. Where npm is missing, or its registry cannot be reached, it says how to get
the styles, and ends well: the console serves without them. `--tests` brings what only tests need
too. Standard library alone, so that an image can be built with any Python.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
LOCK: Final = HERE / "package-lock.json"
VENDOR: Final = HERE / "static" / "vendor"
WORK: Final = HERE.parents[1] / ".venv" / "npm"
MODULES: Final = WORK / "node_modules"
_NAMED = re.compile(rb"url\((\.\./[a-zA-Z0-9/_.-]+)\)")
_SECONDS_MAX = 300


def main(arguments: list[str]) -> int:
    """Bring them if they are not here; 0 in any case in which the console can serve."""
    tests = "--tests" in arguments
    if _here(tests=tests):
        return 0
    npm = shutil.which("npm")
    if npm is None:
        print(  # noqa: T201
            "the console will look plain: its styles come from npm, and there is none\n"
            "(apt-get install npm, then this command again)",
            file=sys.stderr,
        )
        return 0
    print("bringing the console's styles (once)")  # noqa: T201
    if not _install(npm, tests=tests):
        return 0
    lay_out(MODULES, VENDOR)
    (VENDOR / "LOCK").write_text(_digest())
    return 0


def _here(*, tests: bool) -> bool:
    kept = VENDOR / "LOCK"
    same = kept.exists() and kept.read_text() == _digest()
    return same and (not tests or (MODULES / "axe-core" / "axe.min.js").exists())


def _digest() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def _install(npm: str, *, tests: bool) -> bool:
    """Install by the lock file, which holds a digest of each package. No package's own script runs."""
    WORK.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", LOCK.name):
        shutil.copy(HERE / name, WORK / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(  # noqa: S603
            command if tests else [*command, "--omit=dev"],
            cwd=WORK,
            capture_output=True,
            text=True,
            timeout=_SECONDS_MAX,
            check=False,
        )
        said = done.stderr.strip().splitlines()[-3:] if done.returncode else None
    except subprocess.TimeoutExpired:
        said = [f"no answer in {_SECONDS_MAX} s"]
    if said is None:
        return True
    print(  # noqa: T201
        "the console will look plain: npm could not bring its styles\n  "
        + "\n  ".join(said)
        + "\n(this command again tries again)",
        file=sys.stderr,
    )
    return False


def lay_out(modules: Path, vendor: Path) -> None:
    """Copy what the pages use, and nothing else, into a folder that is put in place as a whole."""
    draft = vendor.with_name("vendor.new")
    shutil.rmtree(draft, ignore_errors=True)
    dist = modules / "@uswds" / "uswds" / "dist"
    style = dist / "css" / "uswds.min.css"
    named = {
        (style.parent / path.decode()).resolve() for path in _NAMED.findall(style.read_bytes())
    }
    for file in sorted({style, *named}):
        to = draft / "uswds" / file.relative_to(dist.resolve())
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, to)
    shutil.copy(modules / "htmx.org" / "dist" / "htmx.min.js", draft)
    for package, licence in (("@uswds/uswds", "LICENSE.md"), ("htmx.org", "LICENSE")):
        shutil.copy(modules / package / licence, draft / f"{package.rpartition('/')[2]}.LICENSE")
    shutil.rmtree(vendor, ignore_errors=True)
    draft.rename(vendor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
