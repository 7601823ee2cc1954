"""The quick run leaves out cases, and no test."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from tests.thinning import thinned


def cases(name: str, number: int) -> list[Any]:
    return [SimpleNamespace(nodeid=f"tests/a.py::{name}[{n}]") for n in range(number)]


@given(some.lists(some.integers(min_value=1, max_value=40), max_size=8), some.integers(2, 9))
def test_of_each_test_a_few_cases_are_left_in_their_order(numbers: list[int], few: int):
    every = [one for n, number in enumerate(numbers) for one in cases(f"test_{n}", number)]

    left = thinned(every, few)

    assert left == [one for one in every if one in left]
    for n, number in enumerate(numbers):
        mine = [one for one in left if f"::test_{n}[" in one.nodeid]
        assert len(mine) == min(number, few)


def test_the_first_and_the_last_are_among_them():
    every = cases("test_a", 101)

    assert thinned(every, 5) == [every[n] for n in (0, 25, 50, 75, 100)]
