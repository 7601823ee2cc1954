"""In the quick run a test with many cases meets a few of them, spread evenly over the list."""

from collections.abc import Sequence

import pytest

CASES = 5


def thinned(tests: Sequence[pytest.Item], cases: int = CASES) -> list[pytest.Item]:
    """At most so many cases of each test, its first and its last among them."""
    of: dict[str, list[pytest.Item]] = {}
    for test in tests:
        of.setdefault(test.nodeid.partition("[")[0], []).append(test)
    return [one for every in of.values() for one in _some(every, cases)]


def _some(every: list[pytest.Item], cases: int) -> list[pytest.Item]:
    if len(every) <= cases:
        return every
    last = len(every) - 1
    return [every[n * last // (cases - 1)] for n in range(cases)]
