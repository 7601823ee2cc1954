"""How the console's styles come from npm, and that it serves without them."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.console import assets, rendering
from gateway.identity.roles import Role
from outbox.house import House
from tests.gateway.console.people import at_console
from tests.world import World

HERE = Path(assets.__file__).parent

NPM = """#!/bin/sh
echo "$@" >> "$0.calls"
[ "$1" = ci ] || exit 9
{act}
"""
FAILS = "echo 'npm error no such host' >&2; exit 1"
WORKS = """
mkdir -p node_modules/@uswds/uswds/dist/css node_modules/@uswds/uswds/dist/fonts/one \\
         node_modules/@uswds/uswds/dist/img node_modules/htmx.org/dist
echo 'a{src:url(../fonts/one/used.woff2)}b{src:url()}' > node_modules/@uswds/uswds/dist/css/uswds.min.css
touch node_modules/@uswds/uswds/dist/fonts/one/used.woff2 \\
      node_modules/@uswds/uswds/dist/fonts/one/unused.woff2 \\
      node_modules/@uswds/uswds/LICENSE.md node_modules/htmx.org/LICENSE
echo 'var htmx' > node_modules/htmx.org/dist/htmx.min.js
"""


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Lets a program of this name on the path do as told; folders of our own for what it brings."""
    monkeypatch.setattr(assets, "WORK", tmp_path / "work")
    monkeypatch.setattr(assets, "MODULES", tmp_path / "work" / "node_modules")
    monkeypatch.setattr(assets, "VENDOR", tmp_path / "vendor")
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def place(act: str) -> Path:
        program = folder / "npm"
        program.write_text(NPM.format(act=act))
        program.chmod(0o755)
        return program

    return place


def files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_what_the_pages_use_is_laid_out_and_nothing_else(
    npm: Callable[[str], Path], tmp_path: Path
):
    npm(WORKS)

    assert assets.main([]) == 0

    assert files(tmp_path / "vendor") == {
        "LOCK",
        "htmx.min.js",
        "htmx.org.LICENSE",
        "uswds.LICENSE",
        "uswds/css/uswds.min.css",
        "uswds/fonts/one/used.woff2",
    }


def test_it_is_done_once_for_a_lock_file(
    npm: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    calls = npm(WORKS).with_suffix(".calls")

    assets.main([])
    assets.main([])
    assert len(calls.read_text().splitlines()) == 1
    other = tmp_path / "package-lock.json"
    other.write_text("{}")
    monkeypatch.setattr(assets, "LOCK", other)
    assets.main([])

    assert len(calls.read_text().splitlines()) == 2


def test_only_tests_bring_what_only_tests_need(npm: Callable[[str], Path]):
    calls = npm(WORKS).with_suffix(".calls")

    assets.main([])
    assets.main(["--tests"])

    assert ["--omit=dev" in call for call in calls.read_text().splitlines()] == [True, False]


def test_without_npm_it_says_how_to_get_the_styles_and_ends_well(
    npm: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    assert assets.main([]) == 0

    assert "apt-get install npm" in capsys.readouterr().err


def test_when_the_registry_does_not_answer_what_is_there_stays(
    npm: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    npm(WORKS)
    assets.main([])
    (tmp_path / "vendor" / "LOCK").write_text("of an older lock file")
    npm(FAILS)

    assert assets.main([]) == 0

    assert "no such host" in capsys.readouterr().err
    assert (tmp_path / "vendor" / "uswds" / "css" / "uswds.min.css").exists()


def test_the_lock_file_names_exact_versions_and_digests_and_no_address():
    named = json.loads((HERE / "package.json").read_text())
    locked = json.loads((HERE / "package-lock.json").read_text())["packages"]

    wanted = named["dependencies"] | named["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [name for name, one in locked.items() if name and "integrity" not in one] == []
    assert [name for name, one in locked.items() if "resolved" in one] == []


@pytest.fixture
def house(small_world: World) -> House:
    return small_world.house


def test_without_the_styles_every_word_is_there_and_how_to_get_them(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("gateway.console.page.STYLES", tmp_path / "nothing.css")

    page = at_console(house, "vera", {Role.VIEWER}).get("/console/").text

    assert "mx-neec" in page
    assert "make run" in page
    assert "vendor" not in page


def test_with_the_styles_they_come_from_here_and_may_be_kept(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    there = rendering.STATIC / "console.css"
    monkeypatch.setattr("gateway.console.page.STYLES", there)
    client = at_console(house, "vera", {Role.VIEWER})

    page = client.get("/console/").text
    sources = re.findall(r'(?:src|href)="([^"]+\.(?:css|js))[?"]', page)

    assert len(sources) == 4
    assert all(one.startswith("/console/static/") for one in sources)
    own = client.get("/console/static/console.css")
    assert own.headers["cache-control"] == "no-cache"
    kept = client.get("/console/static/vendor/htmx.min.js")
    assert "immutable" in kept.headers["cache-control"]
    assert client.get("/console/preferences").headers["cache-control"] == "no-store"


def test_a_zone_is_kept_and_shown(house: House):
    client = at_console(house, "vera", {Role.VIEWER})

    changed = client.post("/console/preferences", data={"zone": "Asia/Seoul", "keys": "on"})
    page = client.get("/console/preferences").text

    assert changed.headers["location"] == "/console/preferences?said=shown-so"
    assert "<option selected>Asia/Seoul</option>" in page
    assert "Asia/Seoul, settings" in page


@pytest.mark.parametrize("zone", ["", "../etc/passwd", "Mars/Olympus", "posix/UTC"])
def test_what_is_no_zone_is_refused(house: House, zone: str):
    client = at_console(house, "vera", {Role.VIEWER})

    answer = client.post("/console/preferences", data={"zone": zone})

    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers
    client.cookies.set("mrx-zone", zone or "x")
    assert "UTC, settings" in client.get("/console/preferences").text


def test_single_keys_are_switched_off_for_good(house: House):
    client = at_console(house, "vera", {Role.VIEWER})

    client.post("/console/preferences", data={"zone": "UTC"})

    assert 'data-keys="off"' in client.get("/console/preferences").text
