"""`mrx conformance`: a key first, then the checklist, as a person or a pipeline runs it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.cli.connecting import connect
from signing.certificate import Certificate
from tests.gateway.cli.command import Mrx
from tests.gateway.sandbox.bad_partner import BadPartner, bad_partner
from tests.world import World


@pytest.fixture
def partner(world: World) -> Iterator[BadPartner]:
    with bad_partner(world.partners["mx-neec"]) as running:
        yield running


def call(partner: BadPartner, certificate: Path, folder: Path, *more: object) -> list[object]:
    words = ["conformance", partner.url, "--programme", "mx-neec"]
    return [*words, "--certificate", certificate, "--key-home", folder, *more]


def pin(partner: BadPartner, certificate: Path) -> None:
    connect(
        partner.house,
        "us-ctpat",
        push_url=None,
        certificate=Certificate.parse(certificate.read_bytes()),
        by="test",
        now=datetime.now(UTC),
    )


@pytest.mark.slow
def test_the_first_run_makes_a_key_the_second_checks_and_a_fault_is_found(
    mrx: Mrx, partner: BadPartner, certificate: Path, tmp_path: Path
):
    folder, text = tmp_path / "checks", tmp_path / "report.txt"
    words = call(partner, certificate, folder)

    said = mrx(*words, code=6)
    assert f"pin {folder / 'conformance.crt'}" in said.stderr

    not_pinned = mrx.json(*words, code=3)
    assert not_pinned["checks"][0]["result"] == "failed"
    assert "MRX-3004" in not_pinned["checks"][0]["because"]

    pin(partner, folder / "conformance.crt")
    found = mrx.json(*words, "--report", text)
    assert (found["failed"], found["skipped"], found["ok"]) == (0, 0, len(found["checks"]))
    assert text.read_text().startswith(f"Conformance of mx-neec at {partner.url}\n")

    partner.will("wrong-digest")
    lines = mrx(*words, code=3).stdout.splitlines()
    assert lines[0].startswith("failed\treceipt\t")


@pytest.mark.slow
def test_our_own_gateway_is_left_alone(
    mrx: Mrx, partner: BadPartner, certificate: Path, tmp_path: Path
):
    """It needs no home, and never speaks with the key of one."""
    folder = tmp_path / "checks"
    nowhere = Mrx(tmp_path / "no home")

    nowhere(*call(partner, certificate, folder), code=6)
    pin(partner, folder / "conformance.crt")
    nowhere(*call(partner, certificate, folder))

    assert not nowhere.home.exists()
    assert mrx.json("batch", "list") == []


def test_a_programme_nobody_knows_is_an_error(
    mrx: Mrx, partner: BadPartner, certificate: Path, tmp_path: Path
):
    words = ["conformance", partner.url, "--programme", "xx-aeo", "--certificate", certificate]

    assert "MRX-5001" in mrx(*words, "--key-home", tmp_path / "checks", code=1).stderr
    assert not (tmp_path / "checks").exists()
