"""`mrx key`: staged, fetched, activated by two; the ledger and the register follow the files."""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway import own_keys
from gateway.acts import approvals
from gateway.cli import exits
from gateway.home import open_home
from gateway.settings import Settings
from schemas.tables import approvals as rows
from tests.gateway.cli.command import Mrx


def states(mrx: Mrx) -> dict[str, str]:
    return {one["fingerprint"]: one["state"] for one in mrx.json("key", "list")}


def ask(mrx: Mrx, *options: str) -> str:
    """Ask to activate the next key; the approval it waits for."""
    said = mrx.json("key", "activate", "--reason", "it is time", *options, code=exits.WAITS)
    return str(said["id"])


def activate(mrx: Mrx) -> None:
    """Two persons activate the next key."""
    mrx("approval", "approve", ask(mrx), "--reason", "they have pinned it", USER="anna")


@pytest.mark.slow
def test_a_key_is_staged_once_and_signs_nothing_yet(mrx: Mrx):
    [current] = states(mrx)

    first, again = mrx.json("key", "stage"), mrx.json("key", "stage")

    assert (first["changed"], again["changed"]) == (True, False)
    assert first["fingerprint"] == again["fingerprint"]
    assert states(mrx) == {current: "current", first["fingerprint"]: "next"}
    assert open_home(Settings(home=mrx.home)).key.certificate.fingerprint == current
    [entry] = mrx.json("ledger", "tail", "--kind", "key staged")
    assert (entry["by"], entry["entry"]["certificate"]) == ("jdoe", first["fingerprint"])


def test_an_activated_key_is_our_certificate_and_the_old_key_is_kept(mrx: Mrx):
    [old] = states(mrx)
    new = mrx.json("key", "stage")["fingerprint"]

    activate(mrx)

    assert states(mrx) == {old: "retired", new: "current"}
    kept = {one["fingerprint"]: mrx.home / one["file"] for one in mrx.json("key", "list")}
    assert kept[old].name == f"retired-{old}.key"
    assert all(file.exists() for file in kept.values())
    shown = mrx("certificate").stdout
    assert shown == open_home(Settings(home=mrx.home)).key.certificate.pem
    kinds = [one["kind"] for one in mrx.json("ledger", "tail", "--most", 5)]
    assert kinds == [
        "approval approved",
        "key activated",
        "approval begun",
        "approval asked",
        "key staged",
    ]
    assert mrx.json("ledger", "verify")["broken_at"] is None


def test_one_person_alone_activates_nothing(mrx: Mrx):
    new = mrx.json("key", "stage")["fingerprint"]
    one = ask(mrx)

    assert states(mrx)[new] == "next"
    assert "MRX-7014" in mrx("approval", "approve", one, "--reason", "sure", code=1).stderr
    assert "MRX-7022" in mrx("key", "activate", "--reason", "again", code=1).stderr
    assert states(mrx)[new] == "next"


def test_a_no_leaves_the_key_the_next_one(mrx: Mrx):
    new = mrx.json("key", "stage")["fingerprint"]

    mrx("approval", "refuse", ask(mrx), "--reason", "not this week", USER="anna")

    assert states(mrx)[new] == "next"
    assert mrx.json("approval", "list")[0]["state"] == "refused"


@pytest.mark.slow
def test_a_next_key_can_be_taken_back_before_it_signs(mrx: Mrx):
    [old] = states(mrx)
    gone = mrx.json("key", "stage")["fingerprint"]
    one = ask(mrx)

    mrx("key", "retire", "--reason", "its file was copied")

    assert states(mrx) == {old: "current", gone: "retired"}
    assert not list((mrx.home / "keys").glob("next.*"))
    assert "MRX-5022" in mrx("approval", "approve", one, "--reason", "ok", code=1, USER="a").stderr
    assert "MRX-5023" in mrx("key", "retire", "--reason", "again", code=1).stderr
    assert mrx.json("key", "stage")["fingerprint"] not in {old, gone}


@pytest.mark.slow
def test_a_yes_for_a_key_that_was_replaced_since_activates_nothing(mrx: Mrx):
    mrx("key", "stage")
    one = ask(mrx)
    for file in (mrx.home / "keys").glob("next.*"):
        file.unlink()
    new = mrx.json("key", "stage")["fingerprint"]

    assert "MRX-5023" in mrx("approval", "approve", one, "--reason", "ok", code=1, USER="a").stderr

    assert states(mrx)[new] == "next"


def test_a_dry_run_activates_nothing(mrx: Mrx):
    new = mrx.json("key", "stage")["fingerprint"]

    assert mrx.json("key", "activate", "--dry-run")["changed"] is False

    assert states(mrx)[new] == "next"


def test_activating_nothing_is_refused(mrx: Mrx):
    assert "MRX-5023" in mrx("key", "activate", "--reason", "why", code=1).stderr


def test_a_partner_that_never_fetched_it_is_named(mrx: Mrx, certificate: Path):
    mrx("partner", "connect", "mx-neec", "--certificate", certificate)
    mrx("key", "stage")

    why = ("--reason", "why")
    assert "MRX-5030" in mrx("key", "activate", *why, code=1).stderr
    said = mrx("key", "activate", *why, "--although-unseen", code=exits.WAITS)

    assert "mx-neec never fetched this certificate" in said.stderr


def test_a_key_that_follows_another_can_be_followed(mrx: Mrx):
    for _ in range(2):
        mrx("key", "stage")
        activate(mrx)

    assert sorted(states(mrx).values()) == ["current", "retired", "retired"]


def test_killed_between_the_files_and_the_register_the_next_command_puts_it_right(mrx: Mrx):
    [old] = states(mrx)
    new = mrx.json("key", "stage")["fingerprint"]
    one = ask(mrx)
    child = os.fork()
    if child == 0:
        try:
            own_keys.settle = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
            mrx("approval", "approve", one, "--reason", "they have pinned it", USER="anna")
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL

    assert states(mrx) == {old: "retired", new: "current"}
    [left] = mrx.json("approval", "list")
    assert (left["state"], left["begun"]) == ("waiting", True)
    soon = mrx("approval", "approve", one, "--reason", "again", code=exits.FAILED, USER="ben")
    assert "MRX-7015" in soon.stderr, "it may still be under way"
    database = open_home(Settings(home=mrx.home)).database
    with database.write() as tx:
        then = datetime.now(UTC) - approvals.BEGUN_FOR
        tx.execute(update(rows).where(rows.c.id == one).values(decided_at=then))
    database.close()
    done = mrx.json("approval", "approve", one, "--reason", "again", USER="ben")
    assert (done["state"], done["decided_by"]) == ("approved", "ben")
    assert states(mrx) == {old: "retired", new: "current"}
    kinds = [one["kind"] for one in mrx.json("ledger", "tail")]
    assert kinds.count("key activated") == 1


@pytest.mark.slow
def test_a_next_key_whose_files_were_taken_away_is_the_next_one_no_more(mrx: Mrx):
    gone = mrx.json("key", "stage")["fingerprint"]
    for file in (mrx.home / "keys").glob("next.*"):
        file.unlink()

    new = mrx.json("key", "stage")["fingerprint"]

    assert gone not in states(mrx)
    assert states(mrx)[new] == "next"
