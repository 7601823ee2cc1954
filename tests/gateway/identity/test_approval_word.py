"""An approver without a password here decides at the shell, with a word of the console."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from gateway.acts import approval_words, approvals, keys
from gateway.identity import approval_word, sessions, users
from gateway.identity.actor import ALL, Actor
from gateway.identity.roles import Role, rights
from gateway.identity.users import User
from outbox.house import House
from schemas.errors import BadRequest, MrxError
from schemas.tables import sessions as sessions_
from tests import world
from tests.gateway.acts.entries import entries
from tests.gateway.console.people import at_console
from tests.gateway.identity.somebody import name

NOW = datetime.now(UTC)
SOFIA = Actor("sofia", ALL)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> Iterator[House]:
    """Sofia has asked to activate the next key."""
    made, _ = world.connected(tmp_path_factory.mktemp("words"), key_files, (), server=None)
    keys.stage(made, SOFIA, now=NOW)
    keys.activate(made, SOFIA, although_unseen=True, reason="it is time", now=NOW)
    yield made
    made.database.close()


@pytest.fixture
def asked(house: House) -> str:
    with house.database.read() as tx:
        return approvals.every(tx)[-1].id


@pytest.fixture
def olga(house: House) -> User:
    """An approver who signs in at a provider, and is signed in."""
    who = name()
    there = {"issuer": "https://login.example", "subject": who}
    with house.database.write() as tx:
        user = users.create(tx, who, {Role.APPROVER}, by="test", now=NOW, **there)
        sessions.begin(tx, user, now=NOW)
        return user


def word(house: House, user: User, asked: str) -> str:
    return approval_words.give(house, user.actor, asked, now=NOW)


def test_a_word_proves_who_read_it_once(house: House, olga: User, asked: str):
    given = word(house, olga, asked)

    assert re.fullmatch(r"([A-Z2-7]{4}-){5}[A-Z2-7]{4}", given)
    proved = approval_word.proved(house, olga.name, f" {given.lower()}\n", asked, now=NOW)
    assert proved is not None
    assert (proved.id, proved.actor.by) == (olga.id, olga.name)
    with pytest.raises(BadRequest, match="MRX-7033"):
        approval_word.proved(house, olga.name, given, asked, now=NOW)
    assert entries(house, "approval word given")[-1]["by"] == olga.name
    assert all(given not in str(entry) for entry in entries(house, "approval word given"))


def test_a_word_is_for_one_person_and_one_approval(house: House, olga: User, asked: str):
    given = word(house, olga, asked)

    assert approval_word.proved(house, "sofia", given, asked, now=NOW) is None
    assert approval_word.proved(house, olga.name, given, "00aa00aa00aa", now=NOW) is None
    changed = given[:-1] + ("A" if given[-1] != "A" else "B")
    assert approval_word.proved(house, olga.name, changed, asked, now=NOW) is None
    later = ("B" if given[0] == "A" else "A") + given[1:]
    assert approval_word.proved(house, olga.name, later, asked, now=NOW) is None


@pytest.mark.parametrize(
    "text", ["", "x", "correct horse battery", "\u00e9" * 24, "A" * 24, "=" * 8]
)
def test_a_password_is_no_word(house: House, olga: User, asked: str, text: str):
    assert approval_word.proved(house, olga.name, text, asked, now=NOW) is None


def test_a_word_lasts_ten_minutes(house: House, olga: User, asked: str):
    given = word(house, olga, asked)
    late = NOW + approval_word.LIFE + timedelta(seconds=1)

    with pytest.raises(BadRequest, match="MRX-7033"):
        approval_word.proved(house, olga.name, given, asked, now=late)
    assert approval_word.proved(house, olga.name, given, asked, now=late - timedelta(seconds=2))


@pytest.mark.parametrize("how", ["signed out", "disabled"])
def test_a_word_counts_while_its_owner_is_signed_in(house: House, olga: User, asked: str, how: str):
    given = word(house, olga, asked)
    with house.database.write() as tx:
        if how == "disabled":
            users.disable(tx, olga.name, by="test", now=NOW)
        else:
            sessions.end_all(tx, olga)

    with pytest.raises(BadRequest, match="MRX-7033"):
        approval_word.proved(house, olga.name, given, asked, now=NOW)


@pytest.mark.parametrize(
    ("who", "approval", "code"),
    [
        (Actor("vera", rights({Role.VIEWER})), None, "MRX-7017"),
        (SOFIA, None, "MRX-7014"),
        (Actor("anna", rights({Role.APPROVER})), "00aa00aa00aa", "MRX-5064"),
    ],
)
def test_who_may_not_decide_gets_no_word(
    house: House, asked: str, who: Actor, approval: str | None, code: str
):
    with pytest.raises(MrxError, match=code):
        approval_words.give(house, who, approval or asked, now=NOW)


@pytest.fixture
def anna(house: House) -> TestClient:
    return at_console(house, "anna", {Role.APPROVER})


def test_the_console_shows_the_word_and_keeps_it_out_of_addresses(
    house: House, anna: TestClient, asked: str
):
    page = f"/console/approvals/{asked}"
    assert f'action="{page}/word"' in anna.get(page).text

    answer = anna.post(f"{page}/word")

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    (given,) = re.findall(r"\b(?:[A-Z2-7]{4}-){5}[A-Z2-7]{4}\b", answer.text)
    assert f"mrx approval approve {asked} --user anna" in answer.text
    assert approval_word.proved(house, "anna", given, asked, now=datetime.now(UTC))


def test_a_word_asks_first_who_one_is(house: House, anna: TestClient, asked: str):
    with house.database.write() as tx:
        tx.execute(update(sessions_).values(proved_at=NOW - timedelta(hours=1)))

    answer = anna.post(f"/console/approvals/{asked}/word")

    assert answer.status_code == 403
    assert "Show who you are" in answer.text


def test_a_viewer_gets_none_at_the_console(house: House, asked: str):
    vera = at_console(house, "vera", {Role.VIEWER})

    assert f"{asked}/word" not in vera.get(f"/console/approvals/{asked}").text
    assert vera.post(f"/console/approvals/{asked}/word").status_code == 403
