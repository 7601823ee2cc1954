"""What mrx is made of: locked by digest, listed in a bill of materials, asked about."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from deploy import audit, sbom

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EVERY_LOCK = pytest.mark.parametrize("lock", LOCKS)


def pinned(lock: str) -> dict[str, sbom.Package]:
    found = sbom.locked((ROOT / lock).read_text())
    assert len(found) > 50
    return {canonicalize_name(one.name): one for one in found}


def asked_for() -> list[Requirement]:
    extras = [one for some in PROJECT["optional-dependencies"].values() for one in some]
    return [Requirement(one) for one in (*PROJECT["dependencies"], *extras)]


# -- the locks ---------------------------------------------------------------------------------


@EVERY_LOCK
def test_every_package_of_a_lock_has_its_version_and_its_digests(lock: str):
    found = pinned(lock).values()

    assert all(one.digests for one in found)
    assert all(str(Version(one.version)) for one in found)
    assert len({one.name for one in found}) == len(found)


@EVERY_LOCK
def test_a_lock_names_no_place_to_fetch_from(lock: str):
    text = (ROOT / lock).read_text()

    assert re.findall(r"://|^-|^ *--(?!hash=sha256:)| @ ", text, re.MULTILINE) == []


@pytest.mark.parametrize("one", asked_for(), ids=str)
@EVERY_LOCK
def test_what_the_project_asks_for_is_locked_in_a_version_that_it_takes(
    lock: str, one: Requirement
):
    assert pinned(lock)[canonicalize_name(one.name)].version in one.specifier


def test_both_locks_agree_on_what_they_share():
    runs, tests = (pinned(lock) for lock in LOCKS)

    assert runs.keys() < tests.keys()
    assert {name: one.version for name, one in runs.items()} == {
        name: tests[name].version for name in runs
    }


@EVERY_LOCK
def test_whatever_a_locked_package_needs_is_locked_too(lock: str):
    """Else pip would stop, or on another machine fetch what nobody has looked at."""
    found = pinned(lock)
    missing = []
    for name in found:
        try:
            needs = [Requirement(one) for one in requires(name) or ()]
        except PackageNotFoundError:
            continue  # said by the next test
        for one in needs:
            if one.marker is None or one.marker.evaluate({"extra": ""}):
                there = found.get(canonicalize_name(one.name))
                if there is None or not one.specifier.contains(there.version, prereleases=True):
                    missing.append(f"{name} needs {one}")
    assert missing == []


def test_the_environment_is_what_is_locked():
    other = {}
    for name, one in pinned(LOCKS[1]).items():
        try:
            here = version(name)
        except PackageNotFoundError:
            here = "missing"
        if here != one.version:
            other[name] = (one.version, here)
    assert other == {}


# -- the bill of materials ---------------------------------------------------------------------


@pytest.mark.slow
def test_the_bill_is_the_same_each_time_and_cyclonedx_takes_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)

    first = sbom.written()

    assert json.loads(first) == sbom.bill()
    assert first.endswith("}\n")
    assert "timestamp" not in first
    assert not re.search(r"https?://(?!cyclonedx\.org/schema)", first)


def test_the_bill_bears_the_time_it_is_given(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764979200")

    assert sbom.bill()["metadata"]["timestamp"] == "2025-12-06T00:00:00Z"


def test_a_bill_that_breaks_the_schema_is_not_written(monkeypatch: pytest.MonkeyPatch):
    whole = sbom.bill()
    monkeypatch.setattr(sbom, "bill", lambda: {**whole, "components": [{"type": "spell"}]})

    with pytest.raises(ValueError, match="CycloneDX does not take it"):
        sbom.written()


def test_the_bill_lists_what_is_locked_with_its_digests_and_nothing_of_the_tests():
    listed = {one["purl"]: one for one in sbom.bill()["components"]}
    npm = json.loads((ROOT / "gateway/console/package-lock.json").read_text())["packages"]
    runs = {f"pkg:pypi/{one.name}@{one.version}": one for one in pinned(LOCKS[0]).values()}
    console = {
        f"pkg:npm/{place.rpartition('node_modules/')[2].replace('@', '%40')}@{said['version']}"
        for place, said in npm.items()
        if place and not said.get("dev")
    }

    assert listed.keys() == runs.keys() | console
    assert not any("axe-core" in purl for purl in listed)
    for purl, one in runs.items():
        [files] = listed[purl]["externalReferences"]
        assert [digest["content"] for digest in files["hashes"]] == one.digests
    for purl in console:
        [digest] = listed[purl]["hashes"]
        assert (digest["alg"], len(digest["content"])) == ("SHA-512", 128)


def test_the_bill_says_who_needs_what():
    made = sbom.bill()
    needs = {one["ref"]: set(one["dependsOn"]) for one in made["dependencies"]}
    us = made["metadata"]["component"]["bom-ref"]
    named = {ref.rpartition("/")[2].partition("@")[0] for ref in needs[us]}

    assert {canonicalize_name(one.name) for one in asked_for()} <= named
    assert {"uswds", "htmx.org"} <= named
    assert {one["bom-ref"] for one in made["components"]} | {us} == needs.keys()
    reached, due = set(), [us]
    while due:
        one = due.pop()
        if one not in reached:
            reached.add(one)
            due += needs[one]
    assert reached == needs.keys(), "nothing is listed that nobody needs"


def test_a_line_that_is_no_locks_is_refused():
    with pytest.raises(ValueError, match="no line of a lock"):
        sbom.locked("alembic>=1.20\n")


# -- the audit ---------------------------------------------------------------------------------

NAMES = {"alpha", "beta"}
FINE = {"version": "1.0", "vulns": []}
WEAK = {"version": "1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}]}
SKIPPED = {"skip_reason": "Dependency not found on PyPI and could not be audited"}


def judged(**said: dict[str, object]) -> audit.Verdict:
    listed = [{"name": name, **one} for name, one in said.items()]
    return audit.judged(json.dumps({"dependencies": listed}), "", NAMES)


def test_an_audit_that_looked_everything_up_and_found_nothing_is_well():
    assert judged(alpha=FINE, beta=FINE) == audit.Verdict(
        True, True, ("2 packages, and no known weakness",)
    )


@pytest.mark.parametrize("beta", [FINE, SKIPPED], ids=["all looked up", "a part"])
def test_a_known_weakness_fails_and_is_named(beta):
    found = judged(alpha=WEAK, beta=beta)

    assert (found.audited, found.well) == (True, False)
    assert found.words[0] == "alpha 1.0: PYSEC-2026-1, mended in 1.1"


@pytest.mark.parametrize("said", [{"beta": SKIPPED}, {}], ids=["skipped", "left out"])
def test_a_part_that_could_not_be_audited_is_no_success(said):
    found = judged(alpha=FINE, **said)

    assert (found.audited, found.well) == (True, False)
    assert found.words == ("not looked up: beta",)


def test_where_nothing_could_be_audited_it_is_said_and_is_no_success_either():
    found = judged(alpha=SKIPPED, beta=SKIPPED)

    assert not found.audited
    assert "none of 2" in found.words[0]


def test_no_network_is_told_apart_from_a_tool_that_fails():
    lost = audit.judged("", "requests.exceptions.ConnectionError: HTTPSConnectionPool", NAMES)
    broken = audit.judged("", "ERROR: requirements.lock has no hash for alpha", NAMES)

    assert (lost.audited, lost.well) == (False, True)
    assert (broken.audited, broken.well) == (True, False)
    assert "no hash" in broken.words[0]


@pytest.mark.parametrize(
    ("verdicts", "options", "code", "words"),
    [
        ([(False, True)] * 2, [], 0, "NOT AUDITED"),
        ([(False, True)] * 2, ["--required"], 1, "NOT AUDITED"),
        ([(False, True), (True, True)], ["--required"], 0, "said"),
        ([(True, False)], [], 1, "said"),
    ],
)
def test_what_the_command_ends_with(monkeypatch, capsys, verdicts, options, code, words):
    answers = [audit.Verdict(audited, well, ("said",)) for audited, well in verdicts]
    monkeypatch.setattr(audit, "asked", lambda _service: answers.pop(0))
    monkeypatch.setattr(sys, "argv", ["audit.py", *options])

    assert audit.main() == code
    assert words in capsys.readouterr().out


@pytest.mark.processes
@pytest.mark.slow
def test_pip_audit_itself_reads_our_lock_whole(tmp_path: Path):
    """Its dry run asks nobody: it says how many packages it would have audited."""
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "-r", ROOT / LOCKS[0], "--disable-pip", "--dry-run"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    assert f"would have audited {len(pinned(LOCKS[0]))} packages" in done.stderr, done.stderr
