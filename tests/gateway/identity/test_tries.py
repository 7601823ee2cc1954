"""Wrong passwords: a stranger holds up strangers, and nobody who is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from gateway import upkeep
from gateway.acts import users as acts
from gateway.app import build
from gateway.identity import passwords, sessions, signing_in, tries, users
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from gateway.identity.users import State, User
from gateway.settings import Settings
from outbox.house import House
from schemas.errors import BadRequest
from schemas.tables import tries as tries_
from tests.gateway.console.people import ORIGIN, nobody
from tests.gateway.identity.somebody import GOOD, person, sign_in

HERE, THERE = "192.0.2.10", "203.0.113.66"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are kept with other parameters: a try takes no time, and there are many here."""
    monkeypatch.setattr(passwords, "_N", 1 << 4)


@pytest.fixture(scope="module")
def server(house: House) -> FastAPI:
    return build(house, Settings(home=house.folder))


def at(server: FastAPI, address: str) -> TestClient:
    """A browser in which nobody has ever signed in, at this address."""
    same = {"Sec-Fetch-Site": "same-origin"}
    client = (address, 50_000)
    return TestClient(server, base_url=ORIGIN, headers=same, client=client, follow_redirects=False)


def guess(client: TestClient, user: User, times: int) -> list[Any]:
    return [sign_in(client, user, "a guess") for _ in range(times)]


def stranger(house: House, user: User, address: str, times: int = 1) -> None:
    """The same without a browser."""
    source, now = tries.address(address), datetime.now(UTC)
    for _ in range(times):
        with pytest.raises(BadRequest, match="MRX-7019"):
            signing_in.by_password(house, user.name, "a guess", source=source, now=now)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """So many wrong ones of strangers together are enough."""
    monkeypatch.setattr(tries, "STRANGERS_MAX", 7)
    return 7


@pytest.fixture
def besieged(house: House, few: int) -> User:
    """Somebody whose password strangers guess, from one address after the other."""
    user = person(house)
    for n in range(few):
        stranger(house, user, f"198.51.100.{n}")
    return user


def test_a_stranger_elsewhere_keeps_nobody_out(house: House, server: FastAPI):
    user = person(house)
    stranger(house, user, THERE, 8)

    assert sign_in(at(server, THERE), user).status_code == 401
    assert sign_in(at(server, HERE), user).status_code == 303


def test_a_guess_at_another_name_from_the_same_address_is_counted_apart(
    house: House, server: FastAPI
):
    user, other = person(house), person(house)
    stranger(house, user, THERE, 5)

    assert sign_in(at(server, THERE), other).status_code == 303


def test_a_browser_that_is_known_gets_in_beside_a_stranger_at_the_same_address(
    house: House, server: FastAPI
):
    user, client = person(house), at(server, HERE)
    sign_in(client, user)
    client.post("/console/logout")
    stranger(house, user, HERE, 8)

    assert sign_in(at(server, HERE), user).status_code == 401
    assert sign_in(client, user).status_code == 303


def test_a_known_browser_has_five_tries_too(house: House, server: FastAPI):
    user, client = person(house), at(server, HERE)
    sign_in(client, user)
    guess(client, user, 5)

    assert sign_in(client, user).status_code == 401
    assert sign_in(at(server, HERE), user).status_code == 303  # its guesses are its own


def test_many_addresses_together_are_slowed_down_and_not_locked_out(house: House, besieged: User):
    now = datetime.now(UTC)
    new = tries.address("192.0.2.99")

    with pytest.raises(BadRequest, match="MRX-7019"):
        signing_in.by_password(house, besieged.name, GOOD, source=new, now=now)

    later = now + tries.STRANGERS_WAIT
    assert signing_in.by_password(house, besieged.name, GOOD, source=new, now=later)


def test_what_is_looked_at_of_many_addresses_is_one_in_ten_seconds(
    house: House, besieged: User, monkeypatch
):
    now, looked = datetime.now(UTC) + tries.STRANGERS_WAIT, []
    monkeypatch.setattr(passwords, "holds", lambda _word, kept: kept and looked.append(1))

    for n in range(60):  # one a second
        source, then = tries.address(f"192.0.2.{n}"), now + timedelta(seconds=n)
        with pytest.raises(BadRequest, match="MRX-7019"):
            signing_in.by_password(house, besieged.name, "guess", source=source, now=then)

    assert len(looked) == 6


def test_a_try_that_had_to_wait_is_none_of_the_five(house: House, server: FastAPI, besieged: User):
    client = at(server, HERE)
    assert {one.status_code for one in guess(client, besieged, 8)} == {401}
    later = datetime.now(UTC) + tries.STRANGERS_WAIT

    assert signing_in.by_password(house, besieged.name, GOOD, source=tries.address(HERE), now=later)


def test_a_known_browser_is_not_slowed_down_by_strangers(house: House, server: FastAPI, few: int):
    user, client = person(house), at(server, HERE)
    sign_in(client, user)
    for n in range(few):
        stranger(house, user, f"198.51.100.{n}")

    guess(client, user, 2)
    assert sign_in(client, user).status_code == 303


def test_the_shell_is_not_slowed_down_by_strangers(house: House, besieged: User):
    assert signing_in.proved(house, besieged.name, GOOD, now=datetime.now(UTC)).id == besieged.id


def test_administrators_see_that_somewhere_the_next_try_waits(house: House):
    user, now = person(house), datetime.now(UTC)
    stranger(house, user, THERE, 5)

    with house.database.read() as tx:
        (seen,) = [one for one in users.every(tx) if one.id == user.id]
    assert seen.state(now) is State.LOCKED
    assert seen.state(now + tries.WAITS + timedelta(minutes=1)) is State.ACTIVE


def test_administrators_see_who_is_slowed_down_and_until_when(house: House, besieged: User):
    now = datetime.now(UTC)
    with house.database.read() as tx:
        user = users.get(tx, besieged.id)
    assert user.state(now) is State.LOCKED
    assert user.state(now + tries.STRANGERS_WAIT) is State.ACTIVE


def test_a_password_that_is_reset_ends_all_waiting(house: House, server: FastAPI, besieged: User):
    stranger(house, besieged, HERE, 5)
    ada, now = Actor("ada", rights({Role.ADMIN})), datetime.now(UTC)

    _, one_time = acts.reset(house, ada, besieged.name, reason="cannot get in", now=now)

    assert sign_in(at(server, HERE), besieged, one_time).status_code == 303


def test_a_good_sign_in_lets_strangers_begin_again(house: House, server: FastAPI, besieged: User):
    later = datetime.now(UTC) + tries.STRANGERS_WAIT
    signing_in.by_password(house, besieged.name, GOOD, source=tries.address(HERE), now=later)

    assert sign_in(at(server, HERE), besieged).status_code == 303


def test_who_waits_and_why_shows_in_no_answer(house: House, server: FastAPI, besieged: User):
    slowed = sign_in(at(server, HERE), besieged)
    client = at(server, THERE)
    other = person(house)
    guess(client, other, 5)
    waits = sign_in(client, other)
    unknown = at(server, THERE).post(
        "/console/login", data={"name": "made-up", "password": "a guess"}
    )

    assert slowed.text == waits.text == unknown.text
    assert slowed.status_code == waits.status_code == unknown.status_code == 401
    kinds = [sorted(one.headers) for one in (slowed, waits, unknown)]
    assert kinds[0] == kinds[1] == kinds[2]


def test_a_made_up_name_leaves_no_row(house: House, server: FastAPI):
    with house.database.read() as tx:
        before = tx.scalar(select(func.count()).select_from(tries_))

    at(server, THERE).post("/console/login", data={"name": "made-up", "password": "a guess"})

    with house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(tries_)) == before


def test_people_who_share_a_browser_are_all_known_there(house: House, server: FastAPI):
    anna, bert, client = person(house), person(house), at(server, HERE)
    for user in (anna, bert, anna):
        sign_in(client, user)
    for user in (anna, bert):
        stranger(house, user, HERE, 5)

    assert sign_in(client, anna).status_code == 303
    assert sign_in(client, bert).status_code == 303


def test_what_is_old_is_swept(house: House):
    user, now = person(house), datetime.now(UTC)
    stranger(house, user, HERE)
    stranger(house, user, THERE)
    with house.database.write() as tx:
        old = tries_.c.source == tries.address(HERE).text
        tx.execute(update(tries_).where(old).values(at=now - sessions.LIFE - timedelta(minutes=1)))

    upkeep.tidy(house, now=now)

    with house.database.read() as tx:
        left = tx.scalars(select(tries_.c.source).where(tries_.c.user == user.id)).all()
    assert left == [tries.address(THERE).text]


def test_behind_a_proxy_people_are_told_apart_by_what_it_says(house: House):
    user, client = (
        person(house),
        at(build(house, Settings(home=house.folder, proxy_addresses=HERE)), HERE),
    )
    for n in range(5):  # whatever the guesser says of itself stands further left
        client.headers["X-Forwarded-For"] = f"192.0.2.{100 + n}, {THERE}"
        guess(client, user, 1)

    client.headers["X-Forwarded-For"] = THERE
    assert sign_in(client, user).status_code == 401
    client.headers["X-Forwarded-For"] = "192.0.2.44"
    assert sign_in(client, user).status_code == 303


def test_a_flood_of_strangers_takes_no_turn_from_a_browser_that_is_known(house: House, monkeypatch):
    user, client = person(house), nobody(house)
    sign_in(client, user)
    with signing_in._TURNS.one(), signing_in._TURNS.one():  # noqa: SIM117
        with signing_in._TURNS.one(), signing_in._TURNS.one():
            assert "MRX-7032" in sign_in(nobody(house), user).text
            assert sign_in(client, user).status_code == 303
