"""Sessions: the cookie, how long they last, and how they end."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from gateway import upkeep
from gateway.console.page import COOKIE
from gateway.identity.roles import Role
from outbox.house import House
from schemas.tables import sessions as sessions_
from tests.gateway.console.people import at_console, nobody
from tests.gateway.identity.somebody import (
    age,
    digest,
    entries,
    idle,
    name,
    person,
    sign_in,
    signed_in,
)


def test_signing_in_again_gives_another_cookie_and_ends_the_session_before(house: House):
    user = person(house)
    client = signed_in(house, user)
    first = client.cookies[COOKIE]

    sign_in(client, user)

    assert client.cookies[COOKIE] != first
    stolen = nobody(house)
    stolen.cookies.set(COOKIE, first)
    assert stolen.get("/console/account").status_code == 303


def test_a_cookie_that_somebody_else_chose_is_never_kept(house: House):
    user, client = person(house), nobody(house)
    client.cookies.set(COOKIE, "chosen-by-somebody-else")

    answer = sign_in(client, user)

    assert "chosen-by-somebody-else" not in answer.headers["set-cookie"]
    other = nobody(house)
    other.cookies.set(COOKIE, "chosen-by-somebody-else")
    assert other.get("/console/account").status_code == 303


def test_the_cookie_is_for_this_host_alone_and_out_of_reach(house: House):
    said = sign_in(nobody(house), person(house)).headers["set-cookie"]

    assert said.startswith("__Host-mrx=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert part in said
    assert "Domain" not in said
    with_database = said.partition("=")[2].partition(";")[0]
    with house.database.read() as tx:
        assert all(with_database != row.digest for row in tx.execute(select(sessions_)))


def test_signing_out_everywhere_ends_all_of_them(house: House):
    user = person(house)
    here, there = signed_in(house, user), signed_in(house, user)
    assert "2 browsers" in here.get("/console/account").text

    here.post("/console/account/sign-out-everywhere")

    assert there.get("/console/account").status_code == 303
    assert COOKIE not in here.cookies
    assert entries(house, "signed out everywhere", user)[-1]["sessions"] == 2


@pytest.mark.parametrize(
    ("idle", "life", "status"),
    [
        (timedelta(minutes=29), timedelta(hours=11), 200),
        (timedelta(minutes=31), timedelta(hours=1), 303),
        (timedelta(minutes=1), timedelta(hours=12, minutes=1), 303),
    ],
)
def test_a_session_ends_when_nobody_comes_and_at_the_latest_after_twelve_hours(
    house: House, idle: timedelta, life: timedelta, status: int
):
    client = at_console(house, name(), {Role.VIEWER})
    age(house, client, seen_at=idle, began_at=life)

    assert client.get("/console/account").status_code == status


def test_every_page_keeps_the_session_but_what_a_page_fetches_by_itself_does_not(house: House):
    client = at_console(house, name(), {Role.VIEWER})
    age(house, client, seen_at=timedelta(minutes=20))

    client.get("/console/account", headers={"HX-Request": "true"})
    assert idle(house, client) > timedelta(minutes=19)
    client.get("/console/account")
    assert idle(house, client) < timedelta(minutes=1)


def test_what_is_over_is_swept(house: House):
    alive = at_console(house, name(), {Role.VIEWER})
    over = at_console(house, name(), {Role.VIEWER})
    age(house, over, seen_at=timedelta(minutes=31))

    upkeep.tidy(house, now=datetime.now(UTC))

    with house.database.read() as tx:
        digests = {row.digest for row in tx.execute(select(sessions_))}
    assert digest(alive) in digests
    assert digest(over) not in digests
