"""`mrx report exposure`."""

from datetime import UTC, datetime
from pathlib import Path

import orjson

from tests.gateway.cli.command import Mrx
from tests.world import World, member


def test_exposure_is_a_table_a_document_and_a_signed_file(told: World, mrx: Mrx, tmp_path: Path):
    told.push(member("10000001", status="REMOVED"))
    file, ours = tmp_path / "exposure.p7m", tmp_path / "us.crt"
    ours.write_bytes(mrx("certificate").stdout_bytes)
    month = f"{datetime.now(UTC):%Y-%m}"

    shown = mrx.json("report", "exposure", "--month", month, "--signed", file)
    table = mrx("report", "exposure").stdout

    [mexico] = [one for one in shown["partners"] if one["partner"] == "mx-neec"]
    assert (mexico["members"], mexico["open"]) == (1, 1)
    assert "mx-neec\t1\t" in table
    opened = orjson.loads(mrx("open", file, "--certificate", ours).stdout_bytes)
    assert (opened["month"], opened["document"]) == (month, "mrx-exposure/1")
    assert "10000001" not in str(opened)


def test_a_month_that_is_none_is_said(mrx: Mrx):
    assert "MRX-7003" in mrx("report", "exposure", "--month", "2026-13", code=1).stderr
