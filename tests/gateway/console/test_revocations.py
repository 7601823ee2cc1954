"""The tracker of revocations, and entering one in a company's name."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.console import revocations as page
from gateway.identity.roles import Right, Role, roles_with
from schemas.tables import consents
from tests.gateway.console.people import at_console
from tests.gateway.console.test_told import entries
from tests.world import World, hastened, member

ACCOUNTS = ("10000001", "10000002", "10000003")
PATH = "/console/revocations"


@pytest.fixture
def world(small_world: World) -> World:
    """Three members held in Mexico."""
    small_world.clock.now = datetime.now(UTC)
    small_world.push(*map(member, ACCOUNTS))
    small_world.grant(*ACCOUNTS)
    small_world.deliver()
    return small_world


def at(world: World, *roles: Role) -> TestClient:
    return at_console(world.house, "olga", set(roles))


def officer(world: World) -> TestClient:
    return at(world, Role.DISCLOSURE_OFFICER)


def test_nothing_to_wait_for_is_said(world: World):
    answer = at(world, Role.VIEWER).get(PATH)

    assert answer.status_code == 200
    assert "every withdrawal is confirmed" in answer.text


def test_what_waits_is_shown_with_its_clock_and_what_is_confirmed_with_its_time(world: World):
    world.revoke("10000001", of="mx-neec")
    waits = at(world, Role.VIEWER).get(PATH).text
    world.deliver()
    closed = at(world, Role.VIEWER).get(PATH).text
    every = at(world, Role.VIEWER).get(PATH, params={"show": "all"}).text

    assert "withdrawal on its way" in waits
    assert "of 24 h" in waits
    assert "every withdrawal is confirmed" in closed
    assert "withdrawal on its way" not in closed
    assert "deletion confirmed" in every
    assert ": erased" in every


def test_overdue_ones_are_a_list_of_their_own_and_stand_first(world: World):
    world.revoke("10000002", of="mx-neec")
    hurried = World(
        hastened(world.house, withdrawal_due=timedelta(milliseconds=1)), {}, world.clock, world.wire
    )
    hurried.revoke("10000001", of="mx-neec")
    client = officer(world)

    overdue = client.get(PATH, params={"show": "overdue"}).text
    opened = client.get(PATH).text

    assert ("10000001" in overdue, "10000002" in overdue) == (True, False)
    assert "1 overdue" in overdue
    assert opened.index("10000001") < opened.index("10000002")


@pytest.mark.parametrize("show", ["open", "all"])
def test_pages_follow_each_other(world: World, show: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "A_PAGE", 2)
    for account in ACCOUNTS:
        world.revoke(account, of="mx-neec")
    client = officer(world)

    first = client.get(PATH, params={"show": show}).text
    after = first.split("after=")[1].split('"')[0]
    second = client.get(f"{PATH}?show={show}&after={after}").text

    seen = [[account in text for account in ACCOUNTS] for text in (first, second)]
    expected = [[True, True, False], [False, False, True]]
    assert seen == (expected if show == "open" else [one[::-1] for one in expected])


def test_accounts_are_masked_without_the_right(world: World):
    world.revoke("10000001", of="mx-neec")

    assert "100***01" in at(world, Role.VIEWER).get(PATH).text
    assert "10000001" not in at(world, Role.VIEWER).get(PATH).text
    assert "10000001" in at_console(world.house, "aude", {Role.AUDITOR}).get(PATH).text


def test_what_it_would_mean_is_shown_before_it_is_done(world: World):
    client = officer(world)

    shown = client.post(f"{PATH}/foresee", data={"account": "10000001"})

    assert shown.status_code == 200
    assert "withdrawal on its way" in shown.text
    assert "never told" in shown.text  # the other partners
    assert 'id="partner-mx-neec"' in shown.text
    assert 'id="partner-ca-pip"' not in shown.text
    assert entries(world.house, "looked up")[0]["subject"] == "10000001"
    assert entries(world.house, "revoked") == []


def test_a_revocation_is_entered_by_one_person_with_a_reason(world: World):
    form = {"account": "10000001", "partners": ["mx-neec"], "reason": "their letter"}

    answer = officer(world).post(PATH, data=form)

    assert answer.status_code == 200
    assert "withdrawal on its way" in answer.text
    [entered] = entries(world.house, "revocation entered")
    assert (entered["by"], entered["reason"]) == ("olga", "their letter")
    assert entered["subject"] == "10000001"
    world.deliver()
    assert "Invented Company 10000001" not in world.held("mx-neec")


def test_entered_twice_it_is_one_revocation(world: World):
    form = {"account": "10000001", "partners": ["mx-neec"], "reason": "their letter"}

    first, again = (officer(world).post(PATH, data=form).text for _ in range(2))

    assert first == again
    assert len(entries(world.house, "revoked")) == 1


@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "x" * 501])
def test_without_a_reason_nothing_is_taken_back(world: World, reason: str):
    form = {"account": "10000001", "partners": ["mx-neec"], "reason": reason}

    answer = officer(world).post(PATH, data=form)

    assert (answer.status_code, "MRX-7023" in answer.text) == (422, True)
    assert entries(world.house, "revoked") == []


def test_one_partner_that_is_none_takes_nothing_back(world: World):
    form = {"account": "10000001", "partners": ["mx-neec", "fr-aeo"], "reason": "their letter"}

    assert "MRX-5001" in officer(world).post(PATH, data=form).text
    with world.house.database.read() as tx:
        assert set(tx.scalars(select(consents.c.event))) == {"granted"}


@pytest.mark.parametrize("role", [role for role in Role if role not in roles_with(Right.REVOKE)])
def test_nobody_else_may_enter_one(world: World, role: Role):
    client = at_console(world.house, "vera", {role})
    form = {"account": "10000001", "partners": ["mx-neec"], "reason": "x"}

    answers = [
        client.get(f"{PATH}/enter"),
        client.post(f"{PATH}/foresee", data={"account": "10000001"}),
        client.post(PATH, data=form),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert len(entries(world.house, "act refused")) == 3
    assert entries(world.house, "revoked") == []


def test_where_no_partner_is_chosen_nothing_is_taken_back(world: World):
    answer = officer(world).post(PATH, data={"account": "10000001", "reason": "their letter"})

    assert "Nothing is taken back" in answer.text
    assert entries(world.house, "revoked") == []
