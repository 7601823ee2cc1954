"""The guide for partners is true: a partner that has nothing but this page, `curl` and `openssl`.

Its blocks of shell are run in the order of the page, as one script, beside a real gateway; its
blocks of Python are run by themselves.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from http_message_signatures import HTTPMessageSigner
from http_message_signatures.algorithms import RSA_V1_5_SHA256

import schemas
from schemas.codes import CODES
from signing import request
from tests.gateway.cli.command import Mrx, lines
from tests.journeys.processes import Server, free_port
from tests.tools import tool
from tests.world import member

ROOT = Path(schemas.__file__).parents[1]
PAGE = (ROOT / "docs/partner-interface.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def script() -> str:
    """All shell of the page. A block that fails ends it, and its number is said."""
    parts = [f"echo 'block {n}' >&2\n{text}" for n, text in enumerate(blocks("sh"), 1)]
    return "set -eu\n" + "\n".join(parts)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Server]:
    """us-ctpat, served as a process, with a member that may be told to Mexico."""
    home = tmp_path / "us-ctpat"
    ours = Mrx(home)
    ours("init", "--home", "us-ctpat")
    ours("push", "members", "-", stdin=lines(member("10000001")))
    now = datetime.now(UTC) - timedelta(minutes=1)
    consent = {
        "account": "10000001",
        "programme": "mx-neec",
        "event": "granted",
        "at": now.isoformat(timespec="seconds"),
        "officer": {"title": "Vice President"},
        "text_version": "neec-2014",
    }
    ours("push", "consents", "-", stdin=lines(consent))
    port = free_port()
    server = Server(home, ["serve", "--port", str(port)], port)
    server.start()
    server.wait()
    yield server
    server.stop()


@pytest.fixture
def desk(tmp_path: Path, gateway: Server) -> Path:
    """Where the partner's engineer works: the page's Python files, and our operator's command."""
    folder = tmp_path / "desk"
    (folder / "bin").mkdir(parents=True)
    ours = folder / "bin/mrx"
    command = f'exec "{sys.executable}" -m gateway.cli "$@"'
    ours.write_text(f'#!/bin/sh\nMRX_HOME="{gateway.home}" PYTHONPATH="{ROOT}" {command}\n')
    ours.chmod(0o755)
    for text in blocks("python"):
        name = re.match(r"# (\w+\.py)\n", text)
        assert name, "a block of Python begins with the name of its file"
        (folder / name[1]).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.processes
@pytest.mark.second_opinion
def test_curl_and_openssl_are_enough(desk: Path, gateway: Server):
    for name in ("curl", "openssl"):
        tool(name)
    (desk / "page.sh").write_text(script(), encoding="utf-8")
    path = f"{desk / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"

    done = subprocess.run(
        ["sh", "page.sh"],
        check=False,
        cwd=desk,
        env={**os.environ, "PATH": path, "US": gateway.url},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr[-2000:] + answers(desk)
    ours = Mrx(gateway.home)
    told = ours.json("batch", "list")
    assert [one["state"] for one in told] == ["settled"]
    held = ours.json("disclosure", "show", "10000001")
    assert held
    theirs = ours.json("roll", "list", "mx-neec")
    assert [one["ref"] for one in theirs] == ["0123456789AB"]


def answers(desk: Path) -> str:
    """What the gateway said last, for whoever has to find out why a block failed."""
    newest = sorted(desk.iterdir(), key=lambda file: file.stat().st_mtime_ns)[-3:]
    return "\n".join(
        f"{file.name}: {file.read_bytes()[:500]!r}" for file in newest if file.is_file()
    )


@pytest.mark.parametrize("text", blocks("python"), ids=lambda text: text.split("\n")[0][2:])
def test_the_examples_in_python_hold(text: str, tmp_path: Path):
    file = tmp_path / "example.py"
    file.write_text(text, encoding="utf-8")

    subprocess.run([sys.executable, "-I", file], check=True, capture_output=True, timeout=60)


def test_the_signature_base_is_the_standard_s():
    """The example of a signed request, made again from its parts by the library."""
    (asked,) = blocks("http")
    base = next(text for text in blocks("text") if text.startswith('"@method"')).rstrip("\n")
    target = asked.split()[1]
    said = dict(re.findall(r'(created|keyid|nonce|tag)="?([^";]+)', asked))

    prepared = HTTPMessageSigner(signature_algorithm=RSA_V1_5_SHA256).prepare(
        request._Message(
            "GET", f"http://gateway.example{target}", {"Date": "Mon, 05 Jan 2026 12:00:00 GMT"}
        ),
        key_id=said["keyid"],
        created=datetime.fromtimestamp(int(said["created"]), UTC),
        nonce=said["nonce"],
        label=request.LABEL,
        tag=said["tag"],
        covered_component_ids=request.COMPONENTS,
    )

    assert prepared.signature_base.decode() == base
    assert f"Signature-Input: {request.LABEL}={base.rpartition(': ')[2]}\n" in asked


def test_every_code_on_the_page_exists():
    for code in re.findall(r"MRX-[0-9]{4}", PAGE):
        assert code in CODES


def test_the_page_names_every_route_of_the_door_and_no_other():
    door = orjson.loads((ROOT / "docs/openapi/partner.json").read_bytes())["paths"]
    said = re.findall(r"/v1/partner(/[A-Za-z0-9/.-]*[A-Za-z0-9])", PAGE)
    named = {re.sub(r"/schemas/.+\.xsd", "/schemas/{name}.xsd", path) for path in said}

    assert {path.replace("BUCKET", "{bucket}") for path in named} == door.keys()


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings
    }
    for anchor in re.findall(r"\]\(#([^)]+)\)", PAGE):
        assert anchor in anchors, anchor
