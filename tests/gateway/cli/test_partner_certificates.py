"""`mrx partner certificates`, approve and reject: two persons at one terminal each."""

from datetime import UTC, datetime

import pytest

from gateway import inbound, staging
from schemas.errors import NotTrusted
from signing import keys
from signing.seal import seal
from tests.gateway.cli.command import Mrx
from tests.world import World


@pytest.fixture
def wanted(world: World, tmp_path) -> str:
    """The fingerprint of a certificate that Mexico asked for."""
    now = datetime.now(UTC)
    following = keys.create(tmp_path / "following.key", "mx", now, kind="p256")
    file = seal(following.certificate.der, world.partners["mx-neec"].key, now)
    return staging.stage(world.house, file, now=now)[0]


def states(mrx: Mrx) -> dict[str, str]:
    return {c["fingerprint"]: c["state"] for c in mrx.json("partner", "certificates", "mx-neec")}


def test_what_waits_is_shown_with_what_is_pinned(mrx: Mrx, wanted: str):
    assert sorted(states(mrx).values()) == ["pinned", "staged"]
    assert states(mrx)[wanted] == "staged"
    shown = mrx.json("partner", "show", "mx-neec")
    assert [one["fingerprint"] for one in shown["staged_certificates"]] == [wanted]
    assert wanted not in [one["fingerprint"] for one in shown["certificates"]]


def test_two_persons_pin_it(mrx: Mrx, wanted: str):
    order = ("partner", "approve-certificate", "mx-neec", wanted)

    first = mrx(*order, USER="ada")
    same = mrx(*order, USER="ada", code=1)
    second = mrx.json(*order, USER="grace")

    assert "A second person" in first.stderr
    assert "MRX-7014" in same.stderr
    assert second["state"] == "pinned"
    assert states(mrx)[wanted] == "pinned"
    assert "MRX-5015" in mrx(*order, USER="grace", code=1).stderr


def test_a_fingerprint_may_be_written_as_openssl_does(mrx: Mrx, wanted: str):
    pairs = ":".join(wanted[at : at + 2] for at in range(0, 64, 2)).upper()

    assert mrx.json("partner", "approve-certificate", "mx-neec", pairs)["state"] == "approved once"


def test_one_person_rejects_it(mrx: Mrx, wanted: str):
    order = ("partner", "reject-certificate", "mx-neec", wanted)
    mrx(*order, code=2)

    said = mrx.json(*order, "--reason", "they did not ask for it")

    assert said["state"] == "rejected"
    assert wanted not in states(mrx)


def test_another_partner_s_cannot_be_decided_by_mistake(mrx: Mrx, wanted: str):
    approve = ("partner", "approve-certificate", "ca-pip", wanted)
    reject = ("partner", "reject-certificate", "ca-pip", wanted, "--reason", "no")

    for order in (approve, reject):
        assert "MRX-5015" in mrx(*order, code=1).stderr
    assert states(mrx)[wanted] == "staged"


def test_an_unknown_partner_has_no_certificates(mrx: Mrx):
    assert "MRX-5001" in mrx("partner", "certificates", "fr-aeo", code=1).stderr


def test_a_stolen_key_is_taken_off_by_one_person_at_once(mrx: Mrx, world: World):
    theirs = world.partners["mx-neec"].key.certificate.fingerprint
    order = ("partner", "withdraw-certificate", "mx-neec", theirs, "--reason", "stolen")
    file = seal(b"anything", world.partners["mx-neec"].key, datetime.now(UTC))

    mrx(*order)

    assert states(mrx) == {}
    with pytest.raises(NotTrusted, match="MRX-3004"):
        inbound.believe(world.house, file, bytes_max=10_000, now=datetime.now(UTC))
    assert "MRX-5031" in mrx(*order, code=1).stderr
    assert mrx.json("ledger", "verify")["broken_at"] is None
