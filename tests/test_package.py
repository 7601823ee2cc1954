"""What travels: a wheel that works without the repository around it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from schemas import migration
from schemas.programme import PROGRAMMES
from schemas.sqlite import SQLiteFile
from schemas.tables import metadata

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # a copy: building leaves traces beside what it builds
    for room in ("gateway", "outbox", "partners", "mappers", "signing", "schemas"):
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, source / file)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--disable-pip-version-check",
            "--wheel-dir",
            folder,
            source,
        ],
        check=True,
        capture_output=True,
    )
    (found,) = folder.glob("mrx-*.whl")
    return found


@pytest.mark.slow
def test_the_wheel_carries_xsds_sources_migrations_and_facts(wheel: Path):
    inside = set(zipfile.ZipFile(wheel).namelist())

    for form in ("exchange", *(code for code in PROGRAMMES if code != "us-ctpat")):
        assert f"schemas/xsd/{form}/1.0.xsd" in inside
        assert f"schemas/xsd/{form}/SOURCE.md" in inside
    assert {"schemas/migrations/env.py", "partners/programmes.toml"} <= inside
    assert "schemas/migrations/versions/0001_first_schema.py" in inside
    assert not any(name.startswith("tests") for name in inside)


@pytest.mark.slow
def test_the_wheel_carries_the_console_and_the_styles_that_are_here(wheel: Path):
    inside = set(zipfile.ZipFile(wheel).namelist())
    console = ROOT / "gateway" / "console"
    wanted = {
        file.relative_to(ROOT).as_posix()
        for folder in ("templates", "static")
        for file in (console / folder).rglob("*")
        if file.is_file()
    }

    assert {f"gateway/console/templates/{name}.html" for name in ("layout", "parts/form")} <= wanted
    assert {"gateway/console/static/console.css", "gateway/console/static/live.js"} <= wanted
    assert wanted - inside == set()
    assert not any("node_modules" in name for name in inside)


@pytest.mark.slow
def test_a_gateway_starts_from_the_wheel_alone(wheel: Path, tmp_path: Path):
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
    assert (tmp_path / "home" / "mrx.db").exists()


def test_the_migrations_make_the_schema_that_the_tables_describe(tmp_path: Path):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    database = SQLiteFile(tmp_path / "mrx.db")
    with database.write() as tx:
        migration.upgrade(tx)
        assert migration.current(tx) == migration.head()
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []


def test_what_must_survive_a_power_cut_is_asked_of_sqlite(tmp_path: Path):
    with SQLiteFile(tmp_path / "mrx.db").write() as tx:
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert tx.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
