"""A browser that is known: by a cookie, for those who signed in there, and nobody else."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.console.cookies import DEVICE
from gateway.console.page import COOKIE
from gateway.identity import device
from outbox.house import House
from tests.gateway.console.people import nobody
from tests.gateway.identity.somebody import person, sign_in


def test_a_browser_is_known_by_a_cookie_that_names_nobody_and_outlasts_the_session(house: House):
    user, client = person(house), nobody(house)
    answer = sign_in(client, user)

    (said,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(DEVICE)]
    for part in ("__Host-", "HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert part in said
    assert f"Max-Age={int(device.LIFE.total_seconds())}" in said
    assert "Domain" not in said
    assert user.name not in said
    client.post("/console/logout")
    assert client.cookies[DEVICE]
    assert COOKIE not in client.cookies


def test_a_wrong_password_makes_no_browser_known(house: House):
    client = nobody(house)

    assert DEVICE not in sign_in(client, person(house), "a guess").headers.get("set-cookie", "")


def test_a_browser_is_known_for_who_signed_in_there_and_nobody_else(house: House):
    now, home = datetime.now(UTC).replace(microsecond=0), house.folder
    held = device.remembered(home, None, "anna", now=now)

    assert device.known(home, held, "anna", now=now)
    assert device.known(home, held, "bert", now=now) is None
    assert device.known(home, held, "anna", now=now + device.LIFE) is not None
    assert device.known(home, held, "anna", now=now + device.LIFE + timedelta(seconds=1)) is None
    assert device.known(home, None, "anna", now=now) is None


@pytest.mark.parametrize(
    "spoiled", ["", "x", "a.b.c", "~~~", "1.2", "\u20ac.1.x", "a.999999999999999999.c"]
)
def test_nobody_makes_up_a_known_browser(house: House, spoiled: str):
    assert device.known(house.folder, spoiled, "anna", now=datetime.now(UTC)) is None


def test_a_known_browser_that_is_changed_is_unknown(house: House):
    now, home = datetime.now(UTC), house.folder
    number, began, mac = device.remembered(home, None, "anna", now=now).split(".")

    for held in (
        f"{number}x.{began}.{mac}",
        f"{number}.{int(began) + 1}.{mac}",
        f"{number}.{began}.",
    ):
        assert device.known(home, held, "anna", now=now) is None


def test_a_browser_remembers_the_last_few_people(house: House):
    now, home, held = datetime.now(UTC), house.folder, None
    for one in ("anna", "bert", "carl", "dora", "emil"):
        held = device.remembered(home, held, one, now=now)

    known = [one for one in ("anna", "bert", "emil") if device.known(home, held, one, now=now)]
    assert known == ["bert", "emil"]
