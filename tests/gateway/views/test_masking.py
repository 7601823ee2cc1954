"""Accounts as those see them who may not see companies."""

import pytest

from gateway.views.masking import masked


@pytest.mark.parametrize("account", ["12345", "123456", "1234567"])
def test_of_a_short_account_nothing_is_shown(account: str):
    assert masked(account) == "***"


@pytest.mark.parametrize(
    ("account", "shown"), [("31612361", "316***61"), ("316123619", "316***19")]
)
def test_of_a_long_one_three_digits_and_two_are_shown(account: str, shown: str):
    assert masked(account) == shown
