"""The look from the outside: it finds what is missing, and what should not be there."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gateway.demo import scene
from gateway.demo.audit import Due, due
from schemas.consent import ConsentEvent, Event
from schemas.identifiers import Identifier
from schemas.member import Member
from schemas.status import Status

PLAIN = Member(
    account="12345678",
    name="Imaginary Freight Lines, Inc.",
    identifiers=(Identifier("SCAC", "QXQQ"),),
    status=Status.EXCEEDING,
    member_since=date(2014, 4, 7),
)
UNSAYABLE = replace(PLAIN, account="12345679", name="Éditions Imaginaires inc.")
SILENT = replace(PLAIN, account="12345670", name="Pretend Trucking LLC")


def granted(account, programme):
    return ConsentEvent(
        account=account,
        programme=programme,
        event=Event.GRANTED,
        at=datetime(2014, 8, 20, tzinfo=UTC),
        officer_title="President",
        text="2014-08",
    )


def korea(*events):
    members = [PLAIN, UNSAYABLE, SILENT]
    return due(members, events, home="us-ctpat", partner="kr-aeo", document="kr-aeo")


def test_only_those_who_consented_to_this_partner_are_due():
    found = korea(granted("12345678", "kr-aeo"), granted("12345670", "il-aeo"))
    assert [items[0] for items in found.said] == [PLAIN.name]


def test_a_level_the_consent_text_does_not_name_is_due_as_the_level_below():
    (items,) = korea(granted("12345678", "kr-aeo")).said
    assert items == (PLAIN.name, (("SCAC", "QXQQ"),), "VALIDATED", date(2014, 4, 7))


def test_what_cannot_be_said_is_counted_by_its_code_and_not_due():
    found = korea(granted("12345678", "kr-aeo"), granted("12345679", "kr-aeo"))
    assert (found.said.total(), found.blocked) == (1, Counter({"MRX-2101": 1}))
    assert found.consented == 2


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (["a", "b"], []),
        (["a"], ["x holds 1 members: 1 are missing, 0 should not be there"]),
        (["a", "b", "c"], ["x holds 3 members: 0 are missing, 1 should not be there"]),
        (["a", "c"], ["x holds 2 members: 1 are missing, 1 should not be there"]),
        (["a", "b", "b"], ["x holds 3 members: 0 are missing, 1 should not be there"]),
    ],
)
def test_every_difference_is_a_sentence_without_company_data(held, said):
    wanted = Due(Counter({items(name): 1 for name in "ab"}), Counter())
    assert scene.compare("x holds", Counter(map(items, held)), wanted) == said


def items(name):
    return (name, (), "CERTIFIED", date(2014, 4, 7))
