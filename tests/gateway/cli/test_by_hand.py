"""A partner without a server: its batches leave as files, and its receipts come as files."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import inbound
from outbox import batch
from outbox import lane as lanes
from outbox.house import House
from partners import agreements
from schemas.batch import Lane
from tests.gateway.cli.command import Mrx
from tests.world import BYTES_MAX, ONE, TWO, World, member


@pytest.fixture
def world(world: World) -> World:
    """Two members wait for Mexico, which has no address."""
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url=None)
    world.push(member("10000001"), member("10000002"))
    world.grant("10000001", "10000002")
    return world


def carried(world: World, file: Path, receipt: Path) -> None:
    """The partner takes the file in, and writes its receipt beside it."""
    end: House = world.partners["mx-neec"]
    answer = inbound.take(end, file.read_bytes(), bytes_max=BYTES_MAX, now=datetime.now(UTC))
    receipt.write_bytes(answer)


def test_a_batch_leaves_by_hand_and_its_receipt_comes_back(mrx: Mrx, world: World, tmp_path: Path):
    file, receipt = tmp_path / "batch.p7m", tmp_path / "receipt.p7m"

    said = mrx.json("batch", "next", "mx-neec", "-o", file)
    assert (said["lane"], said["number"], said["state"]) == ("routine", 1, "unknown")
    assert file.stat().st_mode & 0o777 == 0o600
    carried(world, file, receipt)
    taken = mrx.json("receipt", "import", receipt)
    again = mrx.json("receipt", "import", receipt)

    assert taken == again
    assert (taken["partner"], taken["number"], taken["verdict"]) == ("mx-neec", 1, "all")
    assert world.states() == ["settled"]
    assert world.held("mx-neec").keys() == {ONE, TWO}
    nothing = mrx("batch", "next", "mx-neec", "-o", tmp_path / "more.p7m", code=1)
    assert "MRX-5020" in nothing.stderr
    assert not (tmp_path / "more.p7m").exists()


def test_the_same_file_comes_until_its_receipt_does(mrx: Mrx, world: World, tmp_path: Path):
    first = mrx("batch", "next", "mx-neec", "-o", "-").stdout_bytes
    mrx("batch", "next", "mx-neec", "-o", tmp_path / "again.p7m")

    assert (tmp_path / "again.p7m").read_bytes() == first


def test_a_file_that_is_there_is_not_overwritten_and_nothing_is_claimed(
    mrx: Mrx, world: World, tmp_path: Path
):
    (tmp_path / "kept.p7m").write_text("kept")

    refused = mrx("batch", "next", "mx-neec", "-o", tmp_path / "kept.p7m", code=1)

    assert "MRX-5012" in refused.stderr
    assert (tmp_path / "kept.p7m").read_text() == "kept"
    assert world.states() == []


def test_a_claim_whose_file_cannot_be_written_stays_unknown(mrx: Mrx, world: World, tmp_path: Path):
    failed = mrx("batch", "next", "mx-neec", "-o", tmp_path / "no folder" / "b.p7m", code=1)

    assert "MRX-5012" in failed.stderr
    assert world.states() == ["unknown"]
    with world.house.database.read() as tx:
        assert [row.outcome for row in batch.history(tx, 1)] == ["handed over"]


def test_a_lane_may_be_named(mrx: Mrx, world: World, tmp_path: Path):
    mrx("batch", "next", "mx-neec", "--lane", "urgent", "-o", tmp_path / "b.p7m", code=1)
    said = mrx.json("batch", "next", "mx-neec", "--lane", "routine", "-o", tmp_path / "b.p7m")

    assert said["lane"] == "routine"


def test_a_lane_that_another_works_is_left_alone(mrx: Mrx, world: World, tmp_path: Path):
    with world.house.database.write() as tx:
        lease = world.house.terms.lease
        assert lanes.take_one(
            tx, "mx-neec", Lane.ROUTINE, worker="x", now=datetime.now(UTC), lease=lease
        )

    busy = mrx("batch", "next", "mx-neec", "-o", tmp_path / "b.p7m", code=1)

    assert "MRX-5021" in busy.stderr
    assert world.states() == []


def test_no_such_partner_and_no_such_file(mrx: Mrx, world: World, tmp_path: Path):
    stranger = mrx("batch", "next", "xx-none", "-o", tmp_path / "b.p7m", code=1)
    missing = mrx("receipt", "import", tmp_path / "none.p7m", code=1)

    assert "MRX-5001" in stranger.stderr
    assert "MRX-5009" in missing.stderr


@pytest.mark.parametrize("content", [b"", b"hello", b"0\x80"], ids=["empty", "text", "DER"])
def test_a_receipt_that_is_none_changes_nothing(
    mrx: Mrx, world: World, tmp_path: Path, content: bytes
):
    mrx("batch", "next", "mx-neec", "-o", tmp_path / "b.p7m")
    (tmp_path / "r.p7m").write_bytes(content)

    refused = mrx("receipt", "import", tmp_path / "r.p7m", code=1)

    assert "MRX-30" in refused.stderr
    assert world.states() == ["unknown"]


def test_a_batch_is_no_receipt(mrx: Mrx, world: World, tmp_path: Path):
    mrx("batch", "next", "mx-neec", "-o", tmp_path / "b.p7m")

    assert "MRX-" in mrx("receipt", "import", tmp_path / "b.p7m", code=1).stderr
    assert world.states() == ["unknown"]
