"""What must hold on either database: tries at once, and what counts once."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from gateway import home, upkeep
from gateway.identity import attempt, passwords, sessions, signing_in, tries, turns, users
from gateway.identity.roles import Role
from outbox.house import House
from schemas.errors import BadRequest
from tests.conftest import BOTH
from tests.world import World

pytestmark = pytest.mark.parametrize("engine", BOTH, indirect=True)
MANY = 8
HERE = tries.address("192.0.2.10")


@pytest.fixture
def house(small_world: World) -> House:
    return small_world.house


def at_once(act: Callable[[], object]) -> list[object]:
    """What each of many threads got, errors too."""
    gate, got = threading.Barrier(MANY), []

    def one() -> None:
        gate.wait()
        try:
            got.append(act())
        except BadRequest as refused:
            got.append(refused.code)

    threads = [threading.Thread(target=one) for _ in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def test_of_many_wrong_passwords_at_once_five_are_looked_at(house: House, monkeypatch):
    now, looked = datetime.now(UTC), []
    with house.database.write() as tx:
        users.create(tx, "vera", {Role.VIEWER}, by="test", now=now, password="correct horse 12")
    monkeypatch.setattr(passwords, "holds", lambda _word, kept: kept and looked.append(1))
    monkeypatch.setattr(turns, "SECONDS", 30)  # however slow this machine is

    codes = at_once(lambda: signing_in.by_password(house, "vera", "wrong", source=HERE, now=now))

    assert len(looked) == 5
    assert sorted(map(str, codes)) == ["MRX-7019"] * MANY


def test_of_many_strangers_at_once_so_many_are_looked_at_as_may_be_together(
    house: House, monkeypatch
):
    now, looked = datetime.now(UTC), []
    addresses = iter(range(MANY))
    with house.database.write() as tx:
        users.create(tx, "vera", {Role.VIEWER}, by="test", now=now, password="correct horse 12")
    monkeypatch.setattr(passwords, "holds", lambda _word, kept: kept and looked.append(1))
    monkeypatch.setattr(turns, "SECONDS", 30)  # however slow this machine is
    monkeypatch.setattr(tries, "STRANGERS_MAX", 6)

    def guess() -> str:
        source = tries.address(f"192.0.2.{next(addresses)}")
        return signing_in.by_password(house, "vera", "wrong", source=source, now=now)

    assert set(at_once(guess)) == {"MRX-7019"}
    assert len(looked) == 6


def test_one_answer_of_the_provider_counts_once_among_many_at_once(house: House):
    now = datetime.now(UTC)
    begun = attempt.begin(house.folder, "/console/", proving=False, now=now)

    def spend() -> bool:
        with house.database.write() as tx:
            return attempt.spend(tx, begun, now=now)

    assert sorted(map(bool, at_once(spend))) == [False] * (MANY - 1) + [True]


def test_of_many_first_administrators_at_once_there_is_one(house: House):
    now = datetime.now(UTC)

    made = at_once(lambda: home.first_administrator(house, {Role.ADMIN}, now=now))

    assert len([password for password in made if password is not None]) == 1
    with house.database.read() as tx:
        (admin,) = users.every(tx)
    assert (admin.name, admin.roles) == (home.ADMINISTRATOR, {Role.ADMIN})


def test_one_subject_of_a_provider_is_one_user(house: House):
    now = datetime.now(UTC)
    there = {"issuer": "https://login.example", "subject": "7"}
    with house.database.write() as tx:
        users.create(tx, "vera", {Role.VIEWER}, by="test", now=now, **there)

    with house.database.write() as tx, pytest.raises(BadRequest, match="MRX-5061"):
        users.create(tx, "wera", {Role.VIEWER}, by="test", now=now, **there)


def test_sessions_are_counted_ended_and_swept(house: House):
    now = datetime.now(UTC)
    with house.database.write() as tx:
        vera = users.create(tx, "vera", {Role.VIEWER}, by="test", now=now)
        held = [sessions.begin(tx, vera, now=now) for _ in range(3)]
        sessions.begin(tx, vera, now=now - timedelta(hours=1))
    with house.database.read() as tx:
        assert sessions.count(tx, vera, now=now) == 3

    upkeep.tidy(house, now=now)

    with house.database.write() as tx:
        assert sessions.find(tx, held[0], now=now) is not None
        assert sessions.end_all(tx, vera) == 3
        assert sessions.find(tx, held[0], now=now) is None
