# ruff: noqa: INP001 - a program by itself
"""`make sbom`: what mrx is made of, as a bill of materials (CycloneDX 1.6, JSON).

    requirements.lock            each package, the digests of its files, who needs it ("# via")
    gateway/console/package-lock.json    what the console's pages are made with; nothing for tests alone

Made from the two locks and nothing else, so that it is the same wherever and whenever it is made:
its serial number follows from its content, and it bears a time only if SOURCE_DATE_EPOCH says one.
Checked against CycloneDX's own schema before it is written; nothing is asked of anybody.
"""

import base64
import json
import os
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements.lock"
CONSOLE = ROOT / "gateway" / "console" / "package-lock.json"
PROJECT = ROOT / "pyproject.toml"

_PINNED = re.compile(r"([A-Za-z0-9._-]+)==([^\s\\]+) *\\?")
_DIGEST = re.compile(r" +--hash=sha256:([0-9a-f]{64})(?: \\)?")
_VIA = re.compile(r" +#(?: via)?(?: +(\S.*))?")
_US = re.compile(r"mrx \(pyproject\.toml\)|-r .*")
_SPACE = uuid.UUID("0b5e2a5e-6f0c-5d0e-9a55-6d72782f7362")


@dataclass
class Package:
    """One package of the lock; `needed_by` are names of others, or "mrx"."""

    name: str
    version: str
    digests: list[str] = field(default_factory=list)
    needed_by: list[str] = field(default_factory=list)

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def locked(text: str) -> list[Package]:
    """The packages of a lock as pip-compile writes it. Raises ValueError for a line of another kind."""
    found: list[Package] = []
    for line in text.splitlines():
        if pinned := _PINNED.fullmatch(line):
            found.append(Package(pinned[1].lower(), pinned[2]))
        elif (digest := _DIGEST.fullmatch(line)) and found:
            found[-1].digests.append(digest[1])
        elif (via := _VIA.fullmatch(line)) and found:
            if via[1]:
                found[-1].needed_by.append("mrx" if _US.fullmatch(via[1]) else via[1].lower())
        elif line and not line.startswith("#"):
            raise ValueError(f"no line of a lock: {line[:60]}")
    return found


def bill() -> dict[str, Any]:
    """The bill of materials."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    python = locked(REQUIREMENTS.read_text(encoding="utf-8"))
    console = list(_console(json.loads(CONSOLE.read_text(encoding="utf-8"))))
    us = f"pkg:pypi/mrx@{project['version']}"
    made: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": us,
                "name": project["name"],
                "version": project["version"],
                "description": project["description"],
                "purl": us,
            }
        },
        "components": [*map(_component, python), *(one for one, _ in console)],
        "dependencies": _dependencies(us, python, dict(_edges(console))),
    }
    content = json.dumps(made, sort_keys=True)
    made["serialNumber"] = f"urn:uuid:{uuid.uuid5(_SPACE, content)}"
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        made["metadata"]["timestamp"] = (
            f"{datetime.fromtimestamp(int(epoch), UTC):%Y-%m-%dT%H:%M:%SZ}"
        )
    return made


def _component(package: Package) -> dict[str, Any]:
    digests = [{"alg": "SHA-256", "content": one} for one in package.digests]
    # Any of these files may be what is installed: wheels for different machines, and the source.
    files = {"type": "distribution", "url": package.purl, "hashes": digests}
    return {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        "externalReferences": [files],
    }


def _console(lock: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What of npm is not for tests alone: as a component, and as its lock says it."""
    for place, said in sorted(lock["packages"].items()):
        if not place or said.get("dev"):
            continue
        name = place.rpartition("node_modules/")[2]
        kind, _, digest = said["integrity"].partition("-")
        purl = f"pkg:npm/{name.replace('@', '%40')}@{said['version']}"
        licence = said.get("license", "")
        named = {"name": licence} if " IN " in licence else {"expression": licence}
        yield (
            {
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": said["version"],
                "purl": purl,
                "licenses": [{"license": named} if "name" in named else named],
                "hashes": [
                    {"alg": kind.replace("sha", "SHA-"), "content": base64.b64decode(digest).hex()}
                ],
            },
            said,
        )


def _edges(
    console: list[tuple[dict[str, Any], dict[str, Any]]],
) -> Iterator[tuple[str, list[str]]]:
    refs = {one["name"]: one["bom-ref"] for one, _ in console}
    for one, said in console:
        yield (
            one["bom-ref"],
            sorted(refs[name] for name in said.get("dependencies", {}) if name in refs),
        )


def _dependencies(
    us: str, python: list[Package], console: dict[str, list[str]]
) -> list[dict[str, Any]]:
    refs = {package.name: package.purl for package in python} | {"mrx": us}
    needs: dict[str, list[str]] = {ref: [] for ref in (us, *refs.values())} | console
    for package in python:
        for name in package.needed_by:
            needs[refs[name]].append(package.purl)
    top = json.loads(CONSOLE.with_name("package.json").read_text(encoding="utf-8"))["dependencies"]
    needs[us] += [
        ref
        for ref in console
        if ref.removeprefix("pkg:npm/").rpartition("@")[0].replace("%40", "@") in top
    ]
    return [{"ref": ref, "dependsOn": sorted(set(on))} for ref, on in sorted(needs.items())]


def written() -> str:
    """The file's text. Raises ValueError if CycloneDX's schema does not take it."""
    text = json.dumps(bill(), indent=2, sort_keys=True) + "\n"
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise ValueError(f"CycloneDX does not take it: {fault}")
    return text


def main() -> None:
    """Write the file that is named."""
    file = Path(sys.argv[1])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text := written(), encoding="utf-8")
    print(f"{file}: {text.count('bom-ref') - 1} components")  # noqa: T201


if __name__ == "__main__":
    main()
