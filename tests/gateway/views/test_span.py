"""How a length of time is said."""

from datetime import timedelta

import pytest

from gateway.views.span import span

SAID = {
    "0 s": timedelta(seconds=-5),
    "12 s": timedelta(seconds=12.9),
    "5 min": timedelta(minutes=5),
    "59 min 59 s": timedelta(hours=1, seconds=-1),
    "2 h 04 min": timedelta(hours=2, minutes=4),
    "24 h": timedelta(days=1),
    "71 h 59 min": timedelta(days=3, seconds=-1),
    "3 d": timedelta(days=3),
    "4 d 3 h": timedelta(days=4, hours=3, minutes=30),
}


@pytest.mark.parametrize("said", SAID)
def test_a_length_of_time_is_said_in_its_two_largest_units(said: str):
    assert span(SAID[said]) == said
