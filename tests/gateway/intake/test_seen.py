"""The accounts that stood in an input: a set like any other, in a fraction of its memory."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.seen import Seen

ACCOUNTS = st.from_regex(r"[0-9]{5,9}", fullmatch=True)


@given(st.lists(ACCOUNTS | st.sampled_from(["00000", "000000", "099999", "99999", "999999999"])))
def test_it_is_a_set(accounts: list[str]):
    seen, known = Seen(), set()

    for account in accounts:
        assert seen.add(account) == (account not in known)
        known.add(account)

    assert all(account in seen for account in known)
    assert not any(account in seen for account in ("54321", "123456789") if account not in known)


def test_leading_zeros_tell_accounts_apart():
    seen = Seen()

    assert [seen.add(account) for account in ("12345", "012345", "0012345", "12345")] == [
        True,
        True,
        True,
        False,
    ]
    assert "00012345" not in seen


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "bytes_max"),
    [pytest.param(1, 200_000, id="one after another"), pytest.param(4_999, 3_000_000, id="strewn")],
)
def test_a_hundred_thousand_accounts_are_small(step: int, bytes_max: int):
    seen = Seen()
    tracemalloc.start()
    for n in range(100_000):
        seen.add(f"{10_000_000 + n * step:08}")
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert size < bytes_max
    assert all(f"{10_000_000 + n * step:08}" in seen for n in range(0, 100_000, 997))
    assert f"{10_000_000 + 100_000 * step:08}" not in seen


def test_crowded_numbers_stay_exact_when_their_form_changes():
    seen, even = Seen(), range(10_000_000, 10_020_000, 2)
    for number in even:
        assert seen.add(str(number))

    assert all((str(n) in seen) == (n % 2 == 0) for n in range(10_000_000, 10_020_000))
    assert not any(seen.add(str(number)) for number in even)
