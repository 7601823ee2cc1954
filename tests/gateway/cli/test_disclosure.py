"""`mrx disclosure find|show|statement`: who was told about a company?"""

from pathlib import Path

import orjson
import pytest

from tests.gateway.cli.command import Mrx
from tests.gateway.console.test_told import entries
from tests.world import ONE, World


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
