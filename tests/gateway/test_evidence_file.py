"""The evidence of a batch: one file that OpenSSL can check, and nothing in it that may not leave."""

import hashlib
import subprocess
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from gateway.acts import batches as acts
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from outbox import lane as lanes
from schemas.errors import BadRequest
from schemas.tables import batch_files
from tests.conftest import BOTH
from tests.gateway.acts.entries import entries
from tests.tools import tool
from tests.world import LOST_ANSWER, ONE, TWO, World, member

JANE = Actor("jane", rights({Role.OPERATOR}))


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def unanswered(small_world: World) -> World:
    """Issue 1 of batch 1 names two members, and its answer was lost; then one revokes."""
    small_world.push(member("10000001"), member("10000002"))
    small_world.grant("10000001", "10000002")
    small_world.wire.plan = [LOST_ANSWER]
    small_world.deliver(1)
    return small_world


@pytest.fixture
def world(unanswered: World) -> World:
    """The same, answered at issue 2, without the one who revoked."""
    unanswered.revoke("10000001", of="mx-neec")
    unanswered.deliver()
    return unanswered


def taken(world: World, number: int = 1) -> zipfile.ZipFile:
    _, pieces = acts.evidence(world.house, JANE, number, now=world.clock())
    return zipfile.ZipFile(BytesIO(b"".join(pieces)))


def read(archive: zipfile.ZipFile, path: str) -> Any:
    return orjson.loads(archive.read(path))


def test_every_issue_and_receipt_in_it_verifies_with_openssl_alone(world: World, tmp_path: Path):
    archive = taken(world)
    archive.extractall(tmp_path)
    signed = read(archive, "manifest.json")["signed_under"]

    assert sorted(signed) == [
        "issues/issue-1.p7m",
        "issues/issue-2.p7m",
        "receipts/1-issue-2-applied.p7m",
    ]
    for path, fingerprint in signed.items():
        certificate = f"certificates/{fingerprint}.pem"
        verify = ["cms", "-verify", "-binary", "-inform", "DER", "-in", path, "-nointern"]
        verify += ["-certfile", certificate, "-noverify", "-out", "content.xml"]
        done = subprocess.run(
            [tool("openssl"), *verify], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        said = (tmp_path / "content.xml").read_text()
        assert (ONE in said, TWO in said) == (
            "issue" in path and path.endswith("1.p7m"),
            "issues" in path,
        )


def test_each_file_has_the_digest_that_the_manifest_the_receipt_and_the_ledger_name(world: World):
    archive = taken(world)
    manifest = read(archive, "manifest.json")

    for path, digest in manifest["files"].items():
        assert hashlib.sha256(archive.read(path)).hexdigest() == digest
    disclosed = [
        orjson.loads(line["entry"])
        for line in map(orjson.loads, archive.read("ledger.ndjson").splitlines())
        if line["kind"] == "disclosed"
    ]
    assert [(one["issue"], one["digest"]) for one in disclosed] == [
        (1, manifest["files"]["issues/issue-1.p7m"]),
        (2, manifest["files"]["issues/issue-2.p7m"]),
    ]


def test_the_ledgers_entries_are_all_there_and_each_can_be_recomputed(world: World):
    archive = taken(world)
    lines = [orjson.loads(line) for line in archive.read("ledger.ndjson").splitlines()]

    assert [line["kind"] for line in lines] == [
        "disclosed",
        "unanswered",
        "disclosed",
        "receipt",
        "evidence taken",
    ]
    for line in lines:
        fields = ("previous", "position", "at", "kind", "partner", "subject", "entry")
        compact = orjson.dumps([line[one] for one in fields])
        assert hashlib.sha256(compact).hexdigest() == line["digest"]
    head = read(archive, "ledger-head.json")
    assert (head["size"], head["digest"]) == (lines[-1]["position"], lines[-1]["digest"])


def test_taking_it_stands_in_the_ledger_before_the_first_byte(world: World):
    _, pieces = acts.evidence(world.house, JANE, 1, now=world.clock())

    [kept] = entries(world.house, "evidence taken")
    assert (kept["by"], kept["id"], kept["issues"]) == ("jane", 1, [1, 2])
    assert b"".join(pieces)


def test_an_unanswered_issue_that_may_not_leave_any_more_is_not_handed_out(unanswered: World):
    assert "issues/issue-1.p7m" in taken(unanswered).namelist(), "while it may leave, it is"
    unanswered.revoke("10000001", of="mx-neec")

    archive = taken(unanswered)

    assert not [path for path in archive.namelist() if path.endswith(".p7m")]
    assert "issues/issue-1.p7m" in read(archive, "manifest.json")["missing"][0]
    assert "may not be handed out" in archive.read("README.txt").decode()
    assert ONE.encode() not in b"".join(archive.read(path) for path in archive.namelist())


def test_behind_a_pause_an_unanswered_issue_is_not_handed_out(unanswered: World):
    with unanswered.house.database.write() as tx:
        lanes.pause(tx, "mx-neec", by="test", reason="a test", now=unanswered.clock())

    assert "issues/issue-1.p7m" not in taken(unanswered).namelist()


def test_what_retention_erased_is_named_and_the_ledger_still_proves_it(world: World):
    with world.house.database.write() as tx:
        tx.execute(update(batch_files).where(batch_files.c.issue == 1).values(file=None))

    archive = taken(world)

    assert "issues/issue-1.p7m" not in archive.namelist()
    assert "its bytes were erased" in archive.read("README.txt").decode()
    assert archive.read("ledger.ndjson").count(b'"disclosed"') == 2


def test_a_certificate_withdrawn_since_is_in_it(world: World):
    with world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE certificates SET withdrawn_at = 1")

    archive = taken(world)

    for fingerprint in read(archive, "manifest.json")["signed_under"].values():
        assert f"certificates/{fingerprint}.pem" in archive.namelist()


@pytest.mark.slow
def test_the_entries_are_found_also_in_a_ledger_that_others_fill(world: World):
    for n in range(40):
        world.clock.forward(hours=3)
        world.push(member(f"2000{n:04}"))
        world.grant(f"2000{n:04}")
        world.deliver()

    lines = taken(world).read("ledger.ndjson").splitlines()

    assert len(lines) == 5


def test_who_may_not_export_gets_nothing_and_is_kept(world: World):
    vera = Actor("vera", rights({Role.VIEWER}))

    with pytest.raises(BadRequest, match="MRX-7017"):
        acts.evidence(world.house, vera, 1, now=world.clock() + timedelta(seconds=1))

    assert [one["act"] for one in entries(world.house, "act refused")] == ["take evidence"]
    assert entries(world.house, "evidence taken") == []
