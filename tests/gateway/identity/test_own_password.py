"""One-time passwords, and those that somebody chooses."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from gateway.acts import users as acts
from gateway.console.page import COOKIE
from gateway.identity import passwords, sessions, users
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from outbox.house import House
from schemas.tables import users as users_
from tests.gateway.console.people import nobody
from tests.gateway.identity.somebody import ANOTHER, GOOD, entries, person, sign_in, signed_in


def test_with_a_one_time_password_every_page_leads_to_choosing_another(house: House):
    user = person(house, one_time=True)
    client = signed_in(house, user)

    for path in ("/console/", "/console/account", "/console/users", "/console/prove"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            "/console/account/password",
        )
    posted = client.post("/console/prove", data={"password": GOOD})
    assert posted.headers["location"] == "/console/account/password"
    assert client.get("/console/account/password").status_code == 200


def test_with_a_one_time_password_one_may_sign_out(house: House):
    client = signed_in(house, person(house, one_time=True))

    assert client.post("/console/logout").headers["location"].startswith("/console/login")


def test_whoever_chose_a_password_goes_on_with_it_and_no_other(house: House):
    user = person(house, one_time=True)
    client = signed_in(house, user)
    form = {"old": GOOD, "new": ANOTHER, "again": ANOTHER}

    changed = client.post("/console/account/password", data=form)

    assert changed.status_code == 303
    assert client.get("/console/account").status_code == 200
    assert sign_in(nobody(house), user).status_code == 401
    assert sign_in(nobody(house), user, ANOTHER).status_code == 303
    assert entries(house, "password changed", user)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "again", "code"),
    [
        (GOOD, "eleven char", "eleven char", "MRX-5067"),
        (GOOD, ANOTHER, ANOTHER + "5", "MRX-5069"),
        (GOOD, GOOD, GOOD, "MRX-5068"),
        ("wrong", ANOTHER, ANOTHER, "MRX-7019"),
    ],
)
def test_a_password_that_does_not_do_is_said_and_changes_nothing(
    house: House, old: str, new: str, again: str, code: str
):
    user = person(house, one_time=True)
    client = signed_in(house, user)

    answer = client.post("/console/account/password", data={"old": old, "new": new, "again": again})

    assert (answer.status_code, code in answer.text) == (422, True)
    for word in (old, new, again):
        assert word == "wrong" or word not in answer.text
    with house.database.read() as tx:
        assert users.get(tx, user.id).one_time
    assert sign_in(nobody(house), user).status_code == 303


def test_another_password_ends_all_sessions_but_this_one(house: House):
    user = person(house)
    here, there = signed_in(house, user), signed_in(house, user)
    held = here.cookies[COOKIE]

    here.post("/console/account/password", data={"old": GOOD, "new": ANOTHER, "again": ANOTHER})

    assert here.cookies[COOKIE] != held
    assert here.get("/console/account").status_code == 200
    assert there.get("/console/account").status_code == 303


def test_the_old_password_can_be_guessed_five_times_there_too(house: House):
    user = person(house)
    client = signed_in(house, user)
    form = {"old": "wrong", "new": ANOTHER, "again": ANOTHER}

    answers = [client.post("/console/account/password", data=form) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [422] * 4 + [303]
    assert answers[-1].headers["location"] == "/console/login?said=proofs-wrong"
    assert client.get("/console/account").headers["location"].startswith("/console/login")


def test_strangers_who_lock_a_name_keep_nobody_from_another_password(house: House):
    user = person(house)
    client, stranger = signed_in(house, user), nobody(house)
    for _ in range(6):
        sign_in(stranger, user, "guess")
    form = {"old": GOOD, "new": ANOTHER, "again": ANOTHER}

    assert (
        client.post("/console/account/password", data=form)
        .headers["location"]
        .endswith("said=password-changed")
    )


@pytest.mark.slow
@pytest.mark.parametrize("meanwhile", ["reset", "disable"])
def test_a_password_that_is_taken_away_meanwhile_is_not_exchanged_for_another(
    house: House, monkeypatch, meanwhile: str
):
    user, now = person(house), datetime.now(UTC)
    client = signed_in(house, user)
    ada = Actor("ada", rights({Role.ADMIN}))
    keep = passwords.kept

    def late(password: str) -> str:
        if password == ANOTHER:
            getattr(acts, meanwhile)(house, ada, user.name, reason="it was stolen", now=now)
        return keep(password)

    monkeypatch.setattr(passwords, "kept", late)
    form = {"old": GOOD, "new": ANOTHER, "again": ANOTHER}
    answer = client.post("/console/account/password", data=form)

    assert "MRX-7019" in answer.text
    assert not entries(house, "password changed", user)[1:]  # the first made the person
    with house.database.read() as tx:
        assert sessions.count(tx, user, now=now) == 0
        assert users.get(tx, user.id).one_time is (meanwhile == "reset")
        stored = tx.scalar(select(users_.c.password).where(users_.c.id == user.id))
    assert not passwords.holds(ANOTHER, stored)
