# ruff: noqa: INP001 - a program by itself
"""`make audit`: does anybody know of a weakness in what we install?

Asks pip-audit about requirements.lock, and judges its report rather than its exit code: where it
reaches nothing but a mirror it says "could not be audited" of every package, and then that no
vulnerability was found.

    a known weakness                                1
    some packages could not be looked up            1   their names; a part is not the whole
    the advisories cannot be reached from here      0   says NOT AUDITED; with --required: 1
    all were looked up, and nothing is known        0
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
SERVICES = ("pypi", "osv")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_UNREACHED = re.compile(r"ConnectionError|Timeout|NameResolution|ProxyError|SSLError|ServiceError")


@dataclass(frozen=True)
class Verdict:
    """What an audit came to. `audited` is False where nobody could be asked."""

    audited: bool
    well: bool
    words: tuple[str, ...]


def judged(report: str, complaint: str, names: set[str]) -> Verdict:
    """What pip-audit's report (JSON) and its complaint say of the packages of these names."""
    try:
        listed: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (complaint.strip().splitlines() or ["it said nothing"])[-1][:200]
        if _UNREACHED.search(complaint):
            return Verdict(False, True, ("the advisories cannot be reached",))
        return Verdict(True, False, (f"pip-audit failed: {last}",))
    known = [
        f"{one['name']} {one['version']}: {fault['id']}, mended in {' '.join(fault['fix_versions']) or 'nothing yet'}"
        for one in listed
        for fault in one.get("vulns", [])
    ]
    looked_up = {one["name"].lower() for one in listed if "vulns" in one}
    missed = sorted(names - looked_up)
    if known:
        return Verdict(
            True, False, (*known, *([f"not looked up: {' '.join(missed)}"] if missed else ()))
        )
    if not looked_up & names:
        return Verdict(False, True, (f"the service knows none of {len(names)} packages",))
    if missed:
        return Verdict(True, False, (f"not looked up: {' '.join(missed)}",))
    return Verdict(True, True, (f"{len(names)} packages, and no known weakness",))


def asked(service: str) -> Verdict:
    """Ask one service about every package of the lock."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--disable-pip"]
    more = ["--require-hashes", "--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    try:
        done = subprocess.run(  # noqa: S603
            [*command, *more, "--vulnerability-service", service],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Verdict(False, True, ("no answer in 300 s",))
    names = {name.lower() for name in _PINNED.findall(LOCK.read_text(encoding="utf-8"))}
    return judged(done.stdout, done.stderr, names)


def main() -> int:
    """Ask the services in turn until one has answered."""
    for service in SERVICES:
        verdict = asked(service)
        if verdict.audited:
            print("\n".join(verdict.words))  # noqa: T201
            return 0 if verdict.well else 1
        print(f"NOT AUDITED by {service}: {verdict.words[0]}")  # noqa: T201
    print("NOT AUDITED: nothing is known of the packages either way")  # noqa: T201
    return 1 if "--required" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
