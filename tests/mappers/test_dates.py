"""Days in five calendars' clothes. The table is section 10 of domain/encodings.md."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappers import MAPPERS, israel_aeo, korea_aeo, neec, pip, taiwan_aeo
from mappers.base import Mapper
from schemas.errors import BadRecord, Unsayable
from tests.mappers.material import record, there_and_back

EXPECTED = [
    (korea_aeo, "20121126", date(2012, 11, 26)),
    (taiwan_aeo, "101/11/26", date(2012, 11, 26)),
    (taiwan_aeo, "102/01/15", date(2013, 1, 15)),
    (taiwan_aeo, "099/12/31", date(2010, 12, 31)),
    (taiwan_aeo, "100/01/01", date(2011, 1, 1)),
    (taiwan_aeo, "098/12/31", date(2009, 12, 31)),
    (taiwan_aeo, "101/02/29", date(2012, 2, 29)),
    (taiwan_aeo, "001/01/01", date(1912, 1, 1)),
    (taiwan_aeo, "112/04/01", date(2023, 4, 1)),
    (taiwan_aeo, "999/12/31", date(2910, 12, 31)),
    (neec, "13/07/2014", date(2014, 7, 13)),
    (neec, "04/07/2014", date(2014, 7, 4)),
    (israel_aeo, "13/07/2014", date(2014, 7, 13)),
    (israel_aeo, "29/02/2012", date(2012, 2, 29)),
    (pip, "2014-07-13", date(2014, 7, 13)),
    (pip, "2012-02-29", date(2012, 2, 29)),
]
REFUSED = [
    *((taiwan_aeo, text) for text in ("1011126", "1020115", "102年1月15日", "112年4月1日")),
    *((taiwan_aeo, text) for text in ("99/12/31", "0991231", "991231", "1000101", "1120401")),
    *((taiwan_aeo, text) for text in ("102/02/29", "000/12/31", "120115", "102/1/15")),
    *((taiwan_aeo, text) for text in ("2013/01/15", "102-01-15", "１０２/01/15", "102/13/01")),
    *((korea_aeo, text) for text in ("20140407153000", "1020115", "20130229", "2012-11-26")),
    *((korea_aeo, text) for text in ("00000101", "２０１２1126", "20121126\n")),
    *((neec, text) for text in ("04/05/201", "02/29/2013", "2/9/2014", "29/02/2013", "00/00/0000")),
    *((israel_aeo, text) for text in ("07/13/2014", "2014-07-13", "31/04/2014", "1/7/2014")),
    *((pip, text) for text in ("13/07/2014", "2014-7-13", "2013-02-29", "20140713")),
    *((pip, text) for text in ("2014-W28-7", "2014-07-13T00:00", "2014-07-13Z", "0000-01-01")),
]


@pytest.mark.parametrize(("module", "text", "day"), EXPECTED)
def test_a_day_is_read_and_written_as_its_programme_writes_it(module, text: str, day: date):
    assert module.read_date(text) == day
    assert module.write_date(day) == text


@pytest.mark.parametrize(("module", "text"), REFUSED)
def test_any_other_way_to_write_a_day_is_refused_and_never_guessed(module, text: str):
    with pytest.raises(BadRecord) as refused:
        module.read_date(text)

    assert refused.value.code == "MRX-2307"
    assert text not in str(refused.value)


@pytest.mark.parametrize("programme", sorted(set(MAPPERS) - {"tw-aeo"}))
@given(day=st.dates())
def test_any_day_of_the_gregorian_calendar_comes_back(programme: str, day: date):
    module = MAPPERS[programme]

    assert module.read_date(module.write_date(day)) == day


@given(day=st.dates(date(1912, 1, 1), date(2910, 12, 31)))
def test_any_day_of_the_roc_calendar_comes_back(day: date):
    assert taiwan_aeo.read_date(taiwan_aeo.write_date(day)) == day


@pytest.mark.parametrize("day", [date(1911, 12, 31), date(1, 1, 1), date(2911, 1, 1), date.max])
def test_a_day_outside_the_roc_calendar_cannot_be_said(day: date):
    assert taiwan_aeo.unsayable(record(member_since=day)) == "MRX-2104"
    with pytest.raises(Unsayable) as refused:
        taiwan_aeo.write_date(day)
    assert refused.value.code == "MRX-2104"


@pytest.mark.parametrize("day", [date(1912, 1, 1), date(1912, 2, 29), date(2012, 2, 29)])
def test_leap_days_and_the_first_day_survive_everywhere(mapper: Mapper, day: date):
    assert there_and_back(mapper, [record(member_since=day)]) == [record(member_since=day)]
