"""`mrx batch export` and `mrx open`: sealed files leave as they are, and open only if believed."""

import subprocess
from pathlib import Path

import pytest

from tests.gateway.cli.command import Mrx
from tests.world import NEVER_ARRIVED, World, member


@pytest.mark.second_opinion
@pytest.mark.usefixtures("told")
def test_an_exported_batch_opens_here_and_with_openssl(mrx: Mrx, tmp_path: Path, openssl: str):
    file, ours = tmp_path / "batch.p7m", tmp_path / "us.crt"
    ours.write_bytes(mrx("certificate").stdout_bytes)
    entries = mrx.json("ledger", "verify")["entries"]

    mrx("batch", "export", 1, "-o", file)
    opened = Mrx(tmp_path / "nowhere")("open", file, "--certificate", ours)

    verify = ("cms", "-verify", "-binary", "-inform", "DER", "-CAfile", ours, "-purpose", "any")
    theirs = subprocess.run(
        [openssl, *verify, "-in", file, "-partial_chain"], check=True, capture_output=True
    )
    assert theirs.stdout == opened.stdout_bytes
    assert opened.stdout_bytes.count(b"<operador>") == 2
    assert b"10000001" not in opened.stdout_bytes.replace(b"Invented Company 10000001", b"")
    assert "Signed under" in opened.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert mrx("batch", "export", 1, "-o", "-").stdout_bytes == file.read_bytes()
    assert mrx.json("ledger", "verify")["entries"] == entries + 2


@pytest.mark.usefixtures("told")
def test_what_is_not_believed_does_not_come_out(mrx: Mrx, certificate: Path, tmp_path: Path):
    file = tmp_path / "batch.p7m"
    mrx("batch", "export", 1, "-o", file)
    ours = tmp_path / "us.crt"
    ours.write_bytes(mrx("certificate").stdout_bytes)
    spoiled = file.read_bytes().replace(b"Invented", b"Inverted")

    other = mrx("open", file, "--certificate", certificate, code=1)
    changed = mrx("open", "-", "--certificate", ours, code=1, stdin=spoiled)
    early = mrx("open", file, "--certificate", ours, "--at", "2001-01-01T00:00:00Z", code=1)
    both = mrx("open", file, "--certificate", certificate, "--certificate", ours)

    assert (other.stdout, changed.stdout, early.stdout) == ("", "", "")
    assert "MRX-3004" in other.stderr
    assert "MRX-3010" in changed.stderr
    assert "MRX-3006" in early.stderr
    assert both.stdout.startswith("<?xml")


def test_a_stale_batch_is_not_handed_out(world: World, mrx: Mrx):
    world.push(member("10000001"))
    world.grant("10000001")
    world.wire.plan = [NEVER_ARRIVED]
    world.deliver(1)
    mrx("consent", "revoke", "10000001", "mx-neec")

    assert "MRX-5007" in mrx("batch", "export", 1, "-o", "-", code=1).stderr
