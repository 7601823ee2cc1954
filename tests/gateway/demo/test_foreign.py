"""The partners' own members: valid numbers, and nobody twice."""

import pytest

from gateway.demo import companies, foreign
from gateway.demo.audit import due
from mappers import MAPPERS
from schemas.identifiers import warnings
from schemas.programme import PROGRAMMES


@pytest.mark.parametrize("programme", sorted(MAPPERS))
class TestMembers:
    def test_the_same_ones_come_out_every_time(self, programme):
        assert foreign.members(programme) == foreign.members(programme)

    def test_they_carry_the_numbers_of_their_programme_with_valid_check_digits(self, programme):
        numbers = [i for member in foreign.members(programme) for i in member.identifiers]
        schemes = {number.scheme for number in numbers}
        assert schemes <= PROGRAMMES[programme].schemes
        assert len(schemes) >= 3, "national ones and the MID"
        assert [number for number in numbers if warnings(number)] == []

    def test_no_account_name_or_national_number_occurs_twice(self, programme):
        members = foreign.members(programme)
        numbers = [i for m in members for i in set(m.identifiers) if i.scheme != "MID"]
        assert len({m.account for m in members}) == len({m.name for m in members}) == len(members)
        assert len(set(numbers)) == len(numbers)

    def test_there_are_between_40_and_120_and_most_consent(self, programme):
        members = foreign.members(programme)
        grants = companies.grants(
            members, {"us-ctpat": f"{programme}-profile-1"}, share=foreign.CONSENT_SHARE
        )
        assert 40 <= len(members) <= 120
        assert 0.7 < len(grants) / len(members) < 1

    def test_all_of_them_can_be_said_in_their_own_document(self, programme):
        members = foreign.members(programme)
        grants = companies.grants(members, {"us-ctpat": f"{programme}-profile-1"}, share=1)
        found = due(members, grants, home=programme, partner="us-ctpat", document=programme)
        assert found.blocked.total() == 0
        assert found.said.total() == len(members)
