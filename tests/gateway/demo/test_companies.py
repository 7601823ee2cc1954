"""The invented companies: deterministic, valid at the door, in many scripts, and visibly invented."""

import io
import re
import unicodedata
from collections import Counter
from datetime import UTC, datetime

import pytest

from gateway.demo import companies, words
from gateway.intake.events import read_event
from gateway.intake.members import read_member
from gateway.intake.reading import Rejected, Taken, Tally, read
from gateway.intake.shape import CONSENTS, MEMBERS
from mappers import MAPPERS
from partners import seed
from schemas.programme import PROGRAMMES
from schemas.record import Record
from schemas.status import BAD

# A fixed day after the last consent, so that the claim does not depend on the clock.
NOW = datetime(2025, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def members():
    return companies.companies()


@pytest.fixture(scope="module")
def grants(members):
    return companies.grants(members, companies.TEXTS, share=companies.CONSENT_SHARE)


def taken(lines, shape, take):
    """What the intake makes of the lines: the items, and the tally with its warnings."""
    tally = Tally()
    source = io.BytesIO(b"".join(lines))
    found = list(read(source, format="ndjson", shape=shape, take=take, tally=tally))
    assert [one for one in found if isinstance(one, Rejected)] == []
    return [one.item for one in found if isinstance(one, Taken)], tally


def scripts(name):
    return {unicodedata.name(letter).split()[0] for letter in name if letter.isalpha()}


@pytest.mark.slow
def test_the_same_companies_come_out_every_time(members, grants):
    assert companies.companies() == members
    assert companies.grants(members, companies.TEXTS, share=companies.CONSENT_SHARE) == grants


def test_the_intake_takes_every_one_of_11_400_members_without_a_warning(members):
    schemes = PROGRAMMES["us-ctpat"].schemes
    read_back, tally = taken(
        companies.member_lines(members),
        MEMBERS,
        lambda fields: read_member(fields, schemes=schemes, today=NOW.date()),
    )
    assert len(read_back) == 11_400
    assert read_back == members
    assert tally.warnings == Counter()
    assert tally.dropped_fields == 0


def test_the_intake_takes_every_consent(grants):
    texts = seed.texts("us-ctpat")
    read_back, _ = taken(
        companies.consent_lines(grants),
        CONSENTS,
        lambda fields: (read_event(fields, partners=MAPPERS.keys(), texts=texts, now=NOW), ()),
    )
    assert read_back == grants


def test_accounts_and_names_are_all_different(members):
    assert len({member.account for member in members}) == len(members)
    assert len({member.name for member in members}) == len(members)


def test_carrier_codes_belong_to_one_company_each(members):
    codes = [i.value for member in members for i in member.identifiers if i.scheme == "SCAC"]
    assert len(codes) > 2_000
    assert len(set(codes)) == len(codes)


def test_about_56_percent_consent_to_each_programme(members, grants):
    given = Counter(event.programme for event in grants)
    assert given.keys() == MAPPERS.keys()
    assert all(0.54 < count / len(members) < 0.58 for count in given.values())
    assert {(event.programme, event.text) for event in grants} == set(companies.TEXTS.items())


def test_some_companies_consent_to_nobody_and_some_to_everybody(members, grants):
    given = Counter(event.account for event in grants)
    assert Counter(given.values())[5] > 100
    assert len(members) - len(given) > 100


def test_names_come_in_many_scripts(members):
    counted = Counter(script for member in members for script in scripts(member.name))
    for script in ("LATIN", "CJK", "HANGUL", "HEBREW", "KATAKANA", "ARABIC"):
        assert counted[script] >= 50, script
    accented = [m for m in members if not m.name.isascii() and scripts(m.name) == {"LATIN"}]
    assert len(accented) > 300


@pytest.mark.slow
def test_every_name_says_that_it_is_invented(members):
    tongues = [tongue for tongue in vars(words).values() if isinstance(tongue, words.Tongue)]
    marks = {plain(mark) for tongue in tongues for mark in tongue.marks}
    assert [m.name for m in members if not any(mark in plain(m.name) for mark in marks)] == []


def plain(text):
    split = unicodedata.normalize("NFD", text.upper())
    return "".join(character for character in split if not unicodedata.combining(character))


def test_a_small_share_of_names_cannot_be_said_to_korea_and_everything_else_can(members):
    found = {
        code: Counter(MAPPERS[code].unsayable(record(member)) for member in members)
        for code in MAPPERS
    }
    korea = found.pop("kr-aeo")
    assert set(korea) == {None, "MRX-2101", "MRX-2102"}
    assert 0.05 < 1 - korea[None] / len(members) < 0.20
    assert all(set(codes) == {None} for codes in found.values())


def record(member):
    return Record(
        ref="7ZKQ3M9RTW4R",
        version=1,
        name=member.name,
        identifiers=member.identifiers,
        status=member.status,
        member_since=member.member_since,
    )


def test_identifiers_follow_the_business_type(members):
    carried = {
        (member.business_type, frozenset(i.scheme for i in member.identifiers))
        for member in members
    }
    by_type = dict(carried)
    assert len(carried) == len(by_type), "one kind of identifier for each type"
    assert by_type["Importer"] == {"ICR"}
    assert by_type["Foreign Manufacturer"] == {"MID"}
    assert by_type["Highway Carrier - U.S. / Canada"] == {"SCAC"}
    assert by_type["Customs Broker"] == frozenset()


def test_plants_in_canada_have_the_prefix_of_their_province(members):
    prefixes = {i.value[:2] for m in members for i in m.identifiers if i.scheme == "MID"}
    assert {"XO", "XQ", "MX", "TW", "KR", "IL"} <= prefixes
    assert "CA" not in prefixes


def test_importer_numbers_lie_where_none_are_issued(members):
    numbers = [i.value for m in members for i in m.identifiers if i.scheme == "ICR"]
    assert numbers
    assert [n for n in numbers if not re.match(r"00-[0-9]{7}|[0-9]{2}9900-", n)] == []


def test_most_members_are_in_good_standing_and_some_are_not(members):
    counted = Counter(member.status for member in members)
    assert 0.02 < sum(counted[status] for status in BAD) / len(members) < 0.08
    assert all(counted[status] > 50 for status in BAD)
