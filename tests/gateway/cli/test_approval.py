"""`mrx approval` and `mrx onboarding`: two persons, and who they are."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.acts import approval_words
from gateway.cli import exits
from gateway.cli.approval import PASSWORD
from gateway.home import open_home
from gateway.identity import passwords, sessions, users
from gateway.identity.roles import Role
from gateway.settings import Settings
from gateway.views.onboarding import BY_HAND
from tests.gateway.cli.command import Mrx, lines
from tests.world import member

WORD = "correct horse battery"


@pytest.fixture
def anna(mrx: Mrx) -> str:
    """An approver of the console."""
    house = open_home(Settings(home=mrx.home))
    with house.database.write() as tx:
        now = datetime.now(UTC)
        made = users.create(tx, "anna", {Role.APPROVER}, by="test", now=now, password=WORD)
        users.set_password(tx, made, passwords.kept(WORD), now=now)
    house.database.close()
    return "anna"


@pytest.fixture
def asked(mrx: Mrx) -> str:
    mrx("key", "stage")
    said = mrx.json("key", "activate", "--reason", "it is time", code=exits.WAITS)
    return str(said["id"])


@pytest.mark.slow
@pytest.mark.parametrize("where", ["environment", "stdin"])
def test_a_user_of_the_console_is_the_second_person_with_their_password(
    mrx: Mrx, anna: str, asked: str, where: str
):
    env = {PASSWORD: WORD} if where == "environment" else {}
    stdin = WORD.encode() + b"\n" if where == "stdin" else None

    done = mrx.json(
        "approval", "approve", asked, "--user", anna, "--reason", "seen", stdin=stdin, **env
    )

    assert (done["state"], done["decided_by"], done["asked_by"]) == ("approved", "anna", "jdoe")


def test_a_wrong_password_approves_nothing(mrx: Mrx, anna: str, asked: str):
    said = mrx(
        "approval", "approve", asked, "--user", anna, "--reason", "seen", stdin=b"guess\n", code=1
    )

    assert "MRX-7019" in said.stderr
    assert mrx.json("approval", "list", "--state", "waiting")[0]["id"] == asked


def test_who_signs_in_at_a_provider_decides_with_a_word_of_the_console(mrx: Mrx, asked: str):
    now = datetime.now(UTC)
    house = open_home(Settings(home=mrx.home))
    there = {"issuer": "https://login.example", "subject": "7"}
    with house.database.write() as tx:
        olga = users.create(tx, "olga", {Role.APPROVER}, by="test", now=now, **there)
        sessions.begin(tx, olga, now=now)
    word = approval_words.give(house, olga.actor, asked, now=now)
    house.database.close()
    approve = ("approval", "approve", asked, "--user", "olga", "--reason", "seen")

    wrong = mrx(*approve, stdin=b"AAAA-BBBB-CCCC-DDDD-EEEE-FFFF\n", code=1)
    assert "MRX-7019" in wrong.stderr
    done = mrx.json(*approve, stdin=word.encode() + b"\n")

    assert (done["state"], done["decided_by"]) == ("approved", "olga")
    again = mrx(*approve, stdin=word.encode() + b"\n", code=1)
    assert "MRX-7033" in again.stderr


def test_an_unknown_approval_is_said_to_be_unknown(mrx: Mrx):
    said = mrx("approval", "approve", "0" * 12, "--reason", "seen", code=1)

    assert "MRX-5064" in said.stderr


def test_going_live_takes_a_complete_list_and_two_persons(
    mrx: Mrx, certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MRX_ENVIRONMENT", "production")
    connected = mrx("partner", "connect", "mx-neec", "--certificate", certificate)
    assert "mrx onboarding" in connected.stderr
    assert mrx.json("partner", "show", "mx-neec")["enabled"] is False

    early = mrx("onboarding", "go-live", "mx-neec", "--reason", "now", code=1)
    assert "MRX-7015" in early.stderr
    assert "contacts" in early.stderr
    for step in sorted(BY_HAND):
        mrx("onboarding", "tick", "mx-neec", step, "--evidence", "letter of 2 October")
    mrx("partner", "conformance", "mx-neec")
    shown = {one["step"]: one for one in mrx.json("onboarding", "show", "mx-neec")}
    assert [name for name, one in shown.items() if not one["done"]] == ["live", "first batch"]
    assert shown["contacts"]["evidence"] == "letter of 2 October"
    asked = mrx.json("onboarding", "go-live", "mx-neec", "--reason", "now", code=exits.WAITS)
    assert mrx.json("partner", "show", "mx-neec")["enabled"] is False
    mrx("approval", "approve", asked["id"], "--reason", "I looked", USER="anna")
    assert mrx.json("partner", "show", "mx-neec")["enabled"] is True


def test_a_step_the_database_knows_cannot_be_ticked(mrx: Mrx):
    said = mrx("onboarding", "tick", "mx-neec", "certificate", "--evidence", "trust me", code=1)

    assert "MRX-7003" in said.stderr


def test_a_step_can_be_opened_again(mrx: Mrx):
    mrx("onboarding", "tick", "mx-neec", "contacts", "--evidence", "a letter")

    mrx("onboarding", "reopen", "mx-neec", "contacts", "--reason", "they have moved")

    shown = {one["step"]: one for one in mrx.json("onboarding", "show", "mx-neec", code=3)}
    assert shown["contacts"]["done"] is False
    kinds = [one["kind"] for one in mrx.json("ledger", "tail", "--partner", "mx-neec")]
    assert kinds == ["onboarding step reopened", "onboarding step done"]


def test_a_mass_removal_at_the_shell_takes_a_second_person_in_production(
    mrx: Mrx, anna: str, monkeypatch: pytest.MonkeyPatch
):
    known = [member(str(10_000_000 + n)) for n in range(30)]
    mrx.push(*known)
    few = lines(*known[:5])
    push = ("push", "members", "-", "--mode", "snapshot", "--approve")
    monkeypatch.setenv("MRX_ENVIRONMENT", "production")

    alone = mrx(*push, stdin=few, code=exits.USAGE)
    assert "second person" in alone.stderr
    word = {PASSWORD: WORD}
    own = mrx(*push, "--approved-by", anna, stdin=few, code=1, USER="anna", **word)
    assert "MRX-7014" in own.stderr
    wrong = mrx(*push, "--approved-by", anna, stdin=few, code=1, **{PASSWORD: "guess"})
    assert "MRX-7019" in wrong.stderr
    assert mrx.json(*push, "--approved-by", anna, stdin=few, **word)["withdrawn"] == 25
    entry = mrx.json("ledger", "tail", "--kind", "members pushed", "--most", 1)[0]["entry"]
    assert (entry["by"], entry["approved_by"]) == ("jdoe", "anna")
