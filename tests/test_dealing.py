"""The order of tests: nothing is lost, and every worker begins with its share of the slow ones."""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.dealing import dealt


def one(nodeid: str, *, slow: bool) -> Any:
    return SimpleNamespace(nodeid=nodeid, get_closest_marker=lambda _: slow or None)


NAMES = some.sampled_from(["tests/journeys/test_a.py", "tests/outbox/test_b.py", "tests/c.py"])
TESTS = some.lists(some.tuples(NAMES, some.booleans()), max_size=60).map(
    lambda drawn: [one(f"{name}::test_{n}", slow=slow) for n, (name, slow) in enumerate(drawn)]
)


@given(TESTS, some.integers(min_value=1, max_value=7))
def test_every_test_stands_in_the_order_once(tests: list[Any], workers: int):
    order = dealt(tests, workers)

    assert sorted(test.nodeid for test in order) == sorted(test.nodeid for test in tests)
    assert dealt(tests, workers) == order


@pytest.mark.parametrize("workers", [1, 3, 5])
def test_each_worker_begins_with_its_share_of_the_slow_ones(workers: int):
    slow = [one(f"tests/journeys/test_a.py::test_{n}", slow=True) for n in range(30)]
    quick = [one(f"tests/outbox/test_b.py::test_{n}", slow=False) for n in range(300)]

    order = dealt([*quick, *slow], workers)

    piece, share = 330 // workers, 30 // workers
    for n in range(workers):
        begins = order[n * piece :][:share]
        assert all(test in slow for test in begins)
        assert order[n * piece + share] in quick


def test_the_slow_ones_of_a_module_stay_together():
    slow = [one(f"tests/outbox/test_{n % 4}.py::test_{n}", slow=True) for n in range(20)]
    quick = [one(f"tests/outbox/test_q.py::test_{n}", slow=False) for n in range(80)]

    order = [test.nodeid.partition("::")[0] for test in dealt([*slow, *quick], 2)]

    changes = sum(before != after for before, after in pairwise(order))
    assert changes == 5  # two modules, quick ones; two modules, quick ones
