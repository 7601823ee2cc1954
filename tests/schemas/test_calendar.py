"""Calendars: days and months as they are somewhere else, and how much of a span is days off."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.calendar import Calendar, is_zone

MOMENT = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ZONE = st.sampled_from(["UTC", "America/Mexico_City", "Asia/Seoul", "Asia/Jerusalem"])


def test_a_month_begins_at_midnight_over_there():
    assert Calendar("Asia/Seoul").month(2026, 12) == (
        datetime(2026, 11, 30, 15, tzinfo=UTC),
        datetime(2026, 12, 31, 15, tzinfo=UTC),
    )


def test_a_month_with_a_change_of_clocks_is_an_hour_shorter():
    since, until = Calendar("Asia/Jerusalem").month(2026, 3)

    assert until - since == timedelta(days=31) - timedelta(hours=1)


@given(moment=MOMENT, zone=ZONE)
def test_every_moment_is_in_the_month_it_is_in(moment: datetime, zone: str):
    since, until = Calendar(zone).month_of(moment)

    assert since <= moment < until


@pytest.mark.parametrize(
    ("since", "until", "idle"),
    [
        ((2026, 10, 9, 12), (2026, 10, 12, 12), 48),  # Friday noon to Monday noon
        ((2026, 10, 10, 6), (2026, 10, 10, 9), 3),
        ((2026, 10, 12, 6), (2026, 10, 14, 6), 24),  # over Tuesday, a holiday
        ((2026, 10, 14, 6), (2026, 10, 14, 6), 0),
    ],
)
def test_days_off_are_weekends_and_holidays(
    since: tuple[int, ...], until: tuple[int, ...], idle: int
):
    calendar = Calendar(holidays=frozenset({date(2026, 10, 13)}))

    spent = calendar.idle(datetime(*since, tzinfo=UTC), datetime(*until, tzinfo=UTC))

    assert spent == timedelta(hours=idle)


@given(one=MOMENT, hours=st.integers(0, 2_000), zone=ZONE)
def test_no_span_has_more_days_off_than_it_is_long(one: datetime, hours: int, zone: str):
    until = one + timedelta(hours=hours)

    assert timedelta(0) <= Calendar(zone).idle(one, until) <= until - one
    assert Calendar(zone, frozenset()).idle(one, until) == until - one


def test_a_zone_is_one_of_the_database():
    assert is_zone("America/Mexico_City")
    assert not is_zone("Mexico City")
    assert not is_zone("../etc/passwd")
