"""`mrx partner connect`: the two addresses of a partner, and the one certificate it cannot have."""

from pathlib import Path

import pytest

from tests.gateway.cli.command import Mrx

PUSH, PULL = "https://neec.example/push", "https://neec.example/pull"


def addresses(mrx: Mrx) -> tuple[str | None, str | None]:
    shown = mrx.json("partner", "show", "mx-neec")
    return shown["push_url"], shown["pull_url"]


def test_each_address_stays_until_another_is_given(mrx: Mrx, certificate: Path):
    order = ("partner", "connect", "mx-neec", "--certificate", certificate)

    first = mrx.json(*order, "--pull", f"{PULL}/")
    assert (first["push_url"], first["pull_url"], first["changed"]) == (None, PULL, True)
    mrx(*order, "--push", PUSH)
    assert addresses(mrx) == (PUSH, PULL)
    assert mrx.json(*order)["changed"] is False
    mrx(*order, "--pull", PUSH)
    assert addresses(mrx) == (PUSH, PUSH)


def test_what_is_no_address_to_pull_from_is_refused(mrx: Mrx, certificate: Path):
    order = ("partner", "connect", "mx-neec", "--certificate", certificate, "--pull", "ftp://x")

    assert mrx(*order, code=1).stderr.startswith("error: MRX-5010 ")
    assert addresses(mrx) == (None, None)


@pytest.mark.slow
@pytest.mark.parametrize("which", ["current", "next"])
def test_a_certificate_of_ours_is_never_a_partner_s(mrx: Mrx, tmp_path: Path, which: str):
    """Else every file we ever sealed would be the partner's word."""
    mrx("key", "stage")
    [file] = [one["file"] for one in mrx.json("key", "list") if one["state"] == which]
    ours = (mrx.home / file).with_suffix(".crt")

    said = mrx("partner", "connect", "mx-neec", "--certificate", ours, code=1)

    assert "MRX-3012" in said.stderr
    assert mrx.json("partner", "show", "mx-neec")["certificates"] == []
