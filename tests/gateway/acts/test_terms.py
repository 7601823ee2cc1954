"""The terms of an agreement: who may change them, what the ledger keeps, what is no calendar."""

from datetime import date

import pytest

from gateway.acts import terms
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from outbox.house import House
from partners import agreements
from schemas.calendar import Calendar
from schemas.errors import BadRequest
from tests.gateway.acts.entries import entries
from tests.world import START, World

SEOUL = Calendar("Asia/Seoul", frozenset({1, 2, 3, 4, 6}), frozenset({date(2026, 10, 9)}))


@pytest.fixture
def house(small_world: World) -> House:
    return small_world.house


def test_the_ledger_has_the_calendar_before_and_after(house: House, engineer: Actor):
    done = terms.change(
        house, engineer, "kr-aeo", terms.of(SEOUL), reason="their letter", now=START
    )

    assert done.registered.calendar == SEOUL
    assert entries(house, "terms changed") == [
        {
            "by": "emil",
            "reason": "their letter",
            "before": {"time_zone": "UTC", "working_days": [1, 2, 3, 4, 5], "holidays": []},
            "after": {
                "time_zone": "Asia/Seoul",
                "working_days": [1, 2, 3, 4, 6],
                "holidays": ["2026-10-09"],
            },
        }
    ]


def test_what_stands_so_already_is_no_change(house: House, engineer: Actor):
    terms.change(house, engineer, "kr-aeo", terms.of(SEOUL), reason="their letter", now=START)

    terms.change(house, engineer, "kr-aeo", terms.of(SEOUL), reason="again", now=START)
    terms.change(house, engineer, "kr-aeo", {"rhythm_hours": 48}, reason="by mail", now=START)

    assert [entry["after"] for entry in entries(house, "terms changed")] == [
        terms.of(SEOUL),
        {"rhythm_hours": 48},
    ]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PARTNER_ENGINEER])
def test_nobody_but_a_partner_engineer_changes_them(house: House, role: Role):
    with pytest.raises(BadRequest, match="MRX-7017"):
        terms.change(
            house,
            Actor("vera", rights({role})),
            "kr-aeo",
            terms.of(SEOUL),
            reason="x",
            now=START,
        )

    assert [one["act"] for one in entries(house, "act refused")] == ["change the terms"]
    with house.database.read() as tx:
        assert agreements.get(tx, "kr-aeo").calendar == Calendar()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"time_zone": "Mars/Olympus"}, "MRX-7003"),
        ({"working_days": [0]}, "MRX-7003"),
        ({"working_days": [5, 1]}, "MRX-7003"),
        ({"holidays": ["2026-02-30"]}, "MRX-7003"),
        ({"holidays": ["20261009"]}, "MRX-7003"),
        ({"holidays": ["2026-10-09", "2026-10-09"]}, "MRX-7003"),
        ({"quarantine_percent": 0}, "MRX-7003"),
        ({"rhythm_hours": 87_601}, "MRX-7003"),
    ],
)
def test_what_cannot_be_so_changes_nothing(
    house: House, engineer: Actor, wrong: terms.Terms, code: str
):
    with pytest.raises(BadRequest, match=code):
        terms.change(house, engineer, "kr-aeo", wrong, reason="x", now=START)
    with pytest.raises(BadRequest, match="MRX-7023"):
        terms.change(house, engineer, "kr-aeo", terms.of(SEOUL), reason=" ", now=START)
    with pytest.raises(BadRequest, match="MRX-5001"):
        terms.change(house, engineer, "us-ctpat", terms.of(SEOUL), reason="x", now=START)

    assert entries(house, "terms changed") == []
