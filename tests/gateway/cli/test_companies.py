"""`mrx disclosure find|statement`, `mrx revocation list|enter`, `mrx report exposure`."""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from tests.gateway.cli.command import Mrx
from tests.gateway.console.test_told import entries
from tests.world import ONE, World, member


@pytest.mark.usefixtures("told")
def test_a_company_is_found_by_its_name(mrx: Mrx, world: World):
    found = mrx.json("disclosure", "find", ONE, "--why", "audit")
    same = mrx.json("disclosure", "find", "-", stdin=ONE.encode())

    assert found == same == [{"account": "10000001", "name": ONE}]
    looked = entries(world.house, "looked up")
    assert [one["reason"] for one in looked] == ["audit", "other"]
    assert [one.get("line") for one in looked] == [None, "at the command line"]
    assert {one["by"] for one in looked} == {"jdoe"}


@pytest.mark.usefixtures("told")
def test_showing_stands_in_the_ledger_too(mrx: Mrx, world: World):
    mrx("disclosure", "show", "10000001", "--why", "company", "--reason", "their letter")

    [looked] = entries(world.house, "looked up")
    assert (looked["reason"], looked["line"]) == ("request by the company", "their letter")
    assert looked["subject"] == "10000001"


@pytest.mark.usefixtures("told")
def test_a_statement_opens_with_mrx_open(mrx: Mrx, tmp_path: Path):
    file, ours = tmp_path / "statement.p7m", tmp_path / "us.crt"
    ours.write_bytes(mrx("certificate").stdout_bytes)

    said = mrx("disclosure", "statement", "10000001", "-o", file, "--why", "company")

    opened = Mrx(tmp_path / "nowhere")("open", file, "--certificate", ours).stdout_bytes
    assert orjson.loads(opened)["company"]["name"] == ONE
    assert "SHA-256" in said.stderr
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("told")
def test_a_revocation_is_tried_entered_and_listed(mrx: Mrx):
    order = ("revocation", "enter", "10000001", "mx-neec", "--reason", "their letter")

    [foreseen] = mrx.json(*order, "--dry-run")
    assert mrx.json("revocation", "list", "--show", "all") == []
    [entered] = mrx.json(*order)
    listed = mrx.json("revocation", "list")

    assert foreseen == {
        "partner": "mx-neec", "consented": True, "answer": "withdrawal on its way"
    }  # fmt: skip
    assert (entered["id"], entered["answer"]) == (1, "withdrawal on its way")
    assert [(one["id"], one["overdue"]) for one in listed] == [(1, False)]
    assert mrx.json("revocation", "list", "--show", "overdue") == []
    assert mrx.json("revocation", "list", "--partner", "ca-pip") == []
    assert "--reason" in mrx(*order[:-1], " ", code=2).stderr


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
