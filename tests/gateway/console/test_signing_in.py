"""Signing in with a password: five tries, and nothing that tells who there is."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from gateway.acts import users as acts
from gateway.console.page import COOKIE
from gateway.identity import passwords, sessions, signing_in, tries, turns, users
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from outbox.house import House
from schemas.errors import BadRequest
from schemas.tables import ledger
from tests import world
from tests.gateway.console.people import nobody
from tests.gateway.identity.somebody import (
    GOOD,
    entries,
    person,
    sign_in,
)

HERE = tries.address("192.0.2.10")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> Iterator[House]:
    made, _ = world.connected(tmp_path_factory.mktemp("people"), key_files, (), server=None)
    yield made
    made.database.close()


def test_after_five_wrong_passwords_the_right_one_waits_too(house: House):
    user, client = person(house), nobody(house)

    codes = [sign_in(client, user, "wrong").text for _ in range(5)]
    sixth, right = sign_in(client, user, "wrong"), sign_in(client, user)

    assert all("MRX-7019" in text for text in codes)
    assert "MRX-7019" in sixth.text
    assert "MRX-7019" in right.text
    assert COOKIE not in client.cookies
    refused = entries(house, "sign-in refused", user)
    assert [entry["locked"] for entry in refused] == [False] * 4 + [True]


@pytest.mark.slow
def test_wrong_unknown_and_locked_are_answered_alike(house: House, monkeypatch):
    user, other, client = person(house), person(house), nobody(house)
    looked: list[str | None] = []
    look = passwords.holds

    def counted(password: str, kept: str | None) -> bool:
        looked.append(kept)
        return look(password, kept)

    monkeypatch.setattr(passwords, "holds", counted)
    for _ in range(5):
        sign_in(client, user, "wrong")
    looked.clear()
    locked = [sign_in(client, user, password) for password in ("wrong", GOOD)]
    wrong = sign_in(client, other, "wrong")
    unknown = client.post("/console/login", data={"name": "made-up", "password": "wrong"})

    assert {(one.status_code, one.text) for one in (*locked, wrong)} == {(401, unknown.text)}
    assert unknown.status_code == 401
    assert "after five failures wait a while" in unknown.text
    assert len(looked) == 4  # each takes as long
    assert looked[:2] == [None, None]


def test_who_is_reset_before_the_session_begins_does_not_come_in(house: House, monkeypatch):
    user, now = person(house), datetime.now(UTC)
    ada, write = Actor("ada", rights({Role.ADMIN})), house.database.write
    counting = signing_in._counted
    opened: list[int] = []

    def one_more(**which: str) -> AbstractContextManager[Connection]:
        opened.append(1)
        if len(opened) == 2:  # whatever follows the transaction that looked
            monkeypatch.setattr(house.database, "write", write)
            acts.reset(house, ada, user.name, reason="it was stolen", now=now)
        return write(**which)

    def counted(*args: Any, **more: Any) -> Any:
        row = counting(*args, **more)
        monkeypatch.setattr(house.database, "write", one_more)
        return row

    monkeypatch.setattr(signing_in, "_counted", counted)
    with suppress(BadRequest):
        signing_in.by_password(house, user.name, GOOD, source=HERE, now=now)
    if len(opened) < 2:  # one transaction looked and began: the reset comes after it
        monkeypatch.setattr(house.database, "write", write)
        acts.reset(house, ada, user.name, reason="it was stolen", now=now)

    with house.database.read() as tx:
        assert sessions.count(tx, user, now=now) == 0


def test_the_lock_ends_by_itself_and_five_more_are_counted_from_the_beginning(house: House):
    user, now = person(house), datetime.now(UTC)
    for _ in range(5):
        with pytest.raises(BadRequest, match="MRX-7019"):
            signing_in.by_password(house, user.name, "wrong", source=HERE, now=now)
    later = now + tries.WAITS

    for _ in range(4):
        with pytest.raises(BadRequest, match="MRX-7019"):
            signing_in.by_password(house, user.name, "wrong", source=HERE, now=later)

    assert signing_in.by_password(house, user.name, GOOD, source=HERE, now=later)


@pytest.mark.slow
def test_a_right_password_begins_the_count_again(house: House):
    user, now = person(house), datetime.now(UTC)

    for _ in range(3):
        for _ in range(4):
            with pytest.raises(BadRequest, match="MRX-7019"):
                signing_in.by_password(house, user.name, "wrong", source=HERE, now=now)
        signing_in.by_password(house, user.name, GOOD, source=HERE, now=now)


def test_of_many_tries_at_once_five_are_looked_at(house: House, monkeypatch):
    user, now = person(house), datetime.now(UTC)
    gate, looked = threading.Barrier(12), []
    codes: list[str] = []

    def slowly(password: str, kept: str | None) -> bool:
        if kept is not None:
            looked.append(password)
        return False

    monkeypatch.setattr(passwords, "holds", slowly)
    monkeypatch.setattr(turns, "SECONDS", 30)  # however slow this machine is

    def attempt() -> None:
        gate.wait()
        try:
            signing_in.by_password(house, user.name, "wrong", source=HERE, now=now)
        except BadRequest as refused:
            codes.append(refused.code)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(looked) == 5
    assert sorted(codes) == ["MRX-7019"] * 12


def test_a_flood_of_guesses_is_turned_away_and_holds_no_thread(house: House, monkeypatch):
    user, now = person(house), datetime.now(UTC)
    going, go_on = threading.Semaphore(0), threading.Event()

    def slowly(_password: str, _kept: str | None) -> bool:
        going.release()
        return not go_on.wait(30)

    monkeypatch.setattr(passwords, "holds", slowly)

    def attempt() -> None:
        with suppress(BadRequest):
            signing_in.by_password(house, "nobody-of-that-name", "guess", source=HERE, now=now)

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in threads:
        going.acquire()

    answer = sign_in(nobody(house), user)
    go_on.set()
    for thread in threads:
        thread.join()

    assert (answer.status_code, "MRX-7032" in answer.text) == (401, True)
    monkeypatch.undo()
    assert sign_in(nobody(house), user).status_code == 303  # and it did not count


def test_a_try_counts_before_it_is_looked_at_whoever_dies_then(house: House, monkeypatch):
    user, now = person(house), datetime.now(UTC)

    def dies(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(passwords, "holds", dies)
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            signing_in.by_password(house, user.name, "guess", source=HERE, now=now)

    monkeypatch.undo()
    with pytest.raises(BadRequest, match="MRX-7019"):
        signing_in.by_password(house, user.name, GOOD, source=HERE, now=now)


def test_who_is_disabled_while_the_password_is_looked_at_does_not_come_in(
    house: House, monkeypatch
):
    user, now = person(house), datetime.now(UTC)

    def meanwhile(_password: str, _kept: str | None) -> bool:
        with house.database.write() as tx:
            users.disable(tx, user.name, by="test", now=now)
        return True

    monkeypatch.setattr(passwords, "holds", meanwhile)

    with pytest.raises(BadRequest, match="MRX-7019"):
        signing_in.by_password(house, user.name, GOOD, source=HERE, now=now)


def test_a_made_up_name_leaves_nothing_in_the_ledger(house: House):
    with house.database.read() as tx:
        before = len(tx.execute(select(ledger)).all())

    answer = nobody(house).post("/console/login", data={"name": "GOOD pass", "password": GOOD})

    assert "MRX-7019" in answer.text
    assert "GOOD pass" not in answer.text
    with house.database.read() as tx:
        assert len(tx.execute(select(ledger)).all()) == before


def test_a_person_at_a_terminal_is_proved_by_name_and_password(house: House):
    user, fresh = person(house), person(house, one_time=True)
    now = datetime.now(UTC)

    assert signing_in.proved(house, user.name, GOOD, now=now).id == user.id
    with pytest.raises(BadRequest, match="MRX-7019"):
        signing_in.proved(house, user.name, "wrong", now=now)
    for _ in range(4):
        with pytest.raises(BadRequest, match="MRX-7019"):
            signing_in.proved(house, user.name, "wrong", now=now)
    with pytest.raises(BadRequest, match="MRX-7020"):
        signing_in.proved(house, user.name, GOOD, now=now)
    with pytest.raises(BadRequest, match="MRX-7025"):
        signing_in.proved(house, fresh.name, GOOD, now=now)


def test_the_same_letters_in_another_encoding_are_the_same_password():
    assert passwords.holds(
        "pa\u0308ssword mu\u0308ller", passwords.kept("p\u00e4ssword m\u00fcller")
    )


def test_a_browser_over_plain_http_is_told_why_it_would_not_stay_signed_in(house: House):
    client = nobody(house)
    assert "use https" not in client.get("/console/login").text

    del client.headers["Sec-Fetch-Site"]

    assert "use https" in client.get("/console/login").text
