"""By which numbers a foreign member is found, and from when until when."""

from datetime import date, datetime, timedelta

import pytest

from partners import foreign_identifiers
from schemas.identifiers import Identifier
from schemas.record import Record
from tests.gateway.sender import mid, record, tell
from tests.world import START, World

RFC = Identifier("MX-RFC", "ZZZ140101AA1")
ONE = record(identifiers=(RFC, mid(1)))
DAYS = [START + timedelta(days=n) for n in range(6)]
TODAY = [day.date() for day in DAYS]

Dates = dict[str, tuple[date | None, date | None]]


class Roll:
    """Mexico's roll, told day by day."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._version = 0

    def tell(self, day: datetime, *numbers: Identifier) -> Dates:
        self._version += 1
        told = Record(
            ref=ONE.ref,
            version=self._version,
            name=ONE.name,
            identifiers=numbers,
            status=ONE.status,
            member_since=ONE.member_since,
        )
        with self._world.house.database.write() as tx:
            tell(tx, "mx-neec", [told], now=day)
        return self.dates()

    def dates(self, source: str = "partner") -> Dates:
        with self._world.house.database.read() as tx:
            rows = foreign_identifiers.of(tx, "mx-neec", ONE.ref)
            return {row.value: (row.from_on, row.until_on) for row in rows if row.source == source}


@pytest.fixture
def roll(small_world: World) -> Roll:
    return Roll(small_world)


def test_a_number_is_the_members_from_the_day_it_came(roll: Roll):
    assert roll.tell(DAYS[0], RFC, mid(1)) == {
        RFC.value: (TODAY[0], None),
        mid(1).value: (TODAY[0], None),
    }


def test_a_mid_that_is_dropped_ends_and_is_kept(roll: Roll):
    roll.tell(DAYS[0], mid(1))

    assert roll.tell(DAYS[2], mid(2)) == {
        mid(1).value: (TODAY[0], TODAY[2]),
        mid(2).value: (TODAY[2], None),
    }
    assert roll.tell(DAYS[3], mid(2))[mid(1).value] == (TODAY[0], TODAY[2]), "it ends once"


def test_any_other_number_that_is_dropped_goes(roll: Roll):
    roll.tell(DAYS[0], RFC)

    assert roll.tell(DAYS[2]) == {}


def test_a_mid_of_one_day_leaves_no_trace(roll: Roll):
    roll.tell(DAYS[0], mid(1))

    assert roll.tell(DAYS[0]) == {}


def test_a_mid_that_comes_back_begins_anew(roll: Roll):
    roll.tell(DAYS[0], mid(1))
    roll.tell(DAYS[1])

    assert roll.tell(DAYS[3], mid(1)) == {mid(1).value: (TODAY[3], None)}


def test_a_mid_that_comes_back_the_same_day_was_never_away(roll: Roll):
    roll.tell(DAYS[0], mid(1))
    roll.tell(DAYS[1])

    assert roll.tell(DAYS[1], mid(1)) == {mid(1).value: (TODAY[0], None)}


def test_what_was_attached_here_stays_whatever_the_partner_tells(roll: Roll, small_world: World):
    roll.tell(DAYS[0], mid(1))
    with small_world.house.database.write() as tx:
        foreign_identifiers.attach(
            tx,
            "mx-neec",
            ONE.ref,
            mid(1).value,
            from_on=TODAY[0],
            until_on=None,
            by="Ana",
            now=DAYS[0],
        )
    roll.tell(DAYS[2])

    assert roll.dates("home") == {mid(1).value: (TODAY[0], None)}


def test_a_withdrawn_member_keeps_no_number_of_either_side(roll: Roll, small_world: World):
    roll.tell(DAYS[0], RFC, mid(1))
    with small_world.house.database.write() as tx:
        foreign_identifiers.attach(
            tx,
            "mx-neec",
            ONE.ref,
            mid(2).value,
            from_on=TODAY[0],
            until_on=None,
            by="Ana",
            now=DAYS[0],
        )
        tell(tx, "mx-neec", withdrawn=[ONE.ref], now=DAYS[1])
        assert foreign_identifiers.of(tx, "mx-neec", ONE.ref) == []
