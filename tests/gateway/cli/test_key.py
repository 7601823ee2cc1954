"""`mrx key`: staged, fetched, activated; the ledger and the register follow the files."""

import os
import signal
from pathlib import Path

from gateway import own_keys
from gateway.home import open_home
from gateway.settings import Settings
from tests.gateway.cli.command import Mrx


def states(mrx: Mrx) -> dict[str, str]:
    return {one["fingerprint"]: one["state"] for one in mrx.json("key", "list")}


def test_a_key_is_staged_once_and_signs_nothing_yet(mrx: Mrx):
    [current] = states(mrx)

    first, again = mrx.json("key", "stage"), mrx.json("key", "stage")

    assert (first["changed"], again["changed"]) == (True, False)
    assert first["fingerprint"] == again["fingerprint"]
    assert states(mrx) == {current: "current", first["fingerprint"]: "next"}
    assert open_home(Settings(home=mrx.home)).key.certificate.fingerprint == current
    assert mrx.json("ledger", "verify")["entries"] == 1


def test_an_activated_key_is_our_certificate_and_the_old_key_is_kept(mrx: Mrx):
    [old] = states(mrx)
    new = mrx.json("key", "stage")["fingerprint"]

    done = mrx.json("key", "activate")

    assert (done["fingerprint"], done["retired"]) == (new, old)
    assert states(mrx) == {old: "retired", new: "current"}
    kept = {one["fingerprint"]: mrx.home / one["file"] for one in mrx.json("key", "list")}
    assert kept[old].name == f"retired-{old}.key"
    assert all(file.exists() for file in kept.values())
    shown = mrx("certificate").stdout
    assert shown == open_home(Settings(home=mrx.home)).key.certificate.pem
    assert mrx.json("ledger", "verify")["entries"] == 2


def test_a_dry_run_activates_nothing(mrx: Mrx):
    new = mrx.json("key", "stage")["fingerprint"]

    assert mrx.json("key", "activate", "--dry-run")["changed"] is False

    assert states(mrx)[new] == "next"


def test_activating_nothing_is_refused(mrx: Mrx):
    assert "MRX-5023" in mrx("key", "activate", code=1).stderr


def test_a_partner_that_never_fetched_it_is_named(mrx: Mrx, certificate: Path):
    mrx("partner", "connect", "mx-neec", "--certificate", certificate)
    mrx("key", "stage")

    assert "MRX-5030" in mrx("key", "activate", code=1).stderr
    said = mrx("key", "activate", "--although-unseen")

    assert "mx-neec never fetched this certificate" in said.stderr


def test_a_key_that_follows_another_can_be_followed(mrx: Mrx):
    for _ in range(2):
        mrx("key", "stage")
        mrx("key", "activate")

    assert sorted(states(mrx).values()) == ["current", "retired", "retired"]


def test_killed_between_the_files_and_the_register_the_next_command_puts_it_right(mrx: Mrx):
    [old] = states(mrx)
    new = mrx.json("key", "stage")["fingerprint"]
    child = os.fork()
    if child == 0:
        try:
            own_keys.settle = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
            mrx("key", "activate")
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL

    assert states(mrx) == {old: "retired", new: "current"}
    assert mrx.json("ledger", "verify")["entries"] == 2


def test_a_next_key_whose_files_were_taken_away_is_the_next_one_no_more(mrx: Mrx):
    gone = mrx.json("key", "stage")["fingerprint"]
    for file in (mrx.home / "keys").glob("next.*"):
        file.unlink()

    new = mrx.json("key", "stage")["fingerprint"]

    assert gone not in states(mrx)
    assert states(mrx)[new] == "next"
