"""What the benchmark ran on: without it a figure means nothing."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import pysqlite3

_LIBRARIES = ("lxml", "cryptography", "sqlalchemy", "psycopg", "xmlschema", "signxml", "celery")


def machine() -> dict[str, object]:
    """Cores, memory, system, versions, and how busy the machine was when the benchmark began."""
    return {
        "cores": os.cpu_count(),
        "model": _named(Path("/proc/cpuinfo"), "model name") or platform.processor() or "unknown",
        "memory_gib": round(_pages() / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": pysqlite3.sqlite_version,
        "postgresql": _said("postgres") or _said("psql") or "not found",
        "redis": _said("redis-server") or "not found",
        "libraries": {name: version(name) for name in _LIBRARIES},
        "load": [round(one, 2) for one in os.getloadavg()],
    }


def stated(found: dict[str, object]) -> str:
    """The machine in one sentence."""
    return (
        f"{found['cores']} cores ({found['model']}), {found['memory_gib']} GiB, {found['system']}, "
        f"Python {found['python']}, SQLite {found['sqlite']}, PostgreSQL {found['postgresql']}, "
        f"Redis {found['redis']}; load when it began {found['load']}"
    )


def _named(file: Path, name: str) -> str | None:
    if not file.exists():
        return None
    lines = (line.partition(":") for line in file.read_text().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), None)


def _pages() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _said(program: str) -> str | None:
    """The version a program says it has."""
    found = shutil.which(program) or next(
        (str(one) for one in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))), None
    )
    if found is None:
        return None
    words = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    said = (word.removeprefix("v=") for word in words.stdout.split())
    return next((word for word in said if word[:1].isdigit()), None)
