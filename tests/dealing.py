"""In which order tests run, so that no worker is left with the longest at the end.

`--dist worksteal` cuts the list into one piece for each worker and, when one has nothing left, gives
it the latter half of the longest piece. So each piece begins with its share of the slow tests and
ends with quick ones, which are what is taken from it:

    the list    slow 1, 4, 7 ... quick ... | slow 2, 5, 8 ... quick ... | slow 3, 6, 9 ... quick ...
                first worker                 second                       third

Slow tests of a module stay together, because what the module stands on is made once for each worker
that needs it; journeys stand on nothing and are dealt one by one. All workers must come to the same
order.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import pytest

# Each is as long as a module of others.
_ONE_BY_ONE = ("tests/journeys/", "tests/bench/")


def dealt(tests: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """The same tests, in the order in which so many workers are to run them."""
    piles: dict[str, list[pytest.Item]] = {}
    quick = []
    for test in tests:
        if test.get_closest_marker("slow") is None:
            quick.append(test)
        else:
            module = test.nodeid.partition("::")[0]
            alone = module.startswith(_ONE_BY_ONE)
            piles.setdefault(test.nodeid if alone else module, []).append(test)
    longest_first = sorted(piles, key=lambda pile: not pile.startswith(_ONE_BY_ONE))
    hands = [
        list(chain.from_iterable(piles[pile] for pile in longest_first[n::workers]))
        for n in range(workers)
    ]
    rest = iter(quick)
    order: list[pytest.Item] = []
    over: list[pytest.Item] = []
    for hand, size in zip(hands, _pieces(len(tests), workers), strict=True):
        order += hand[:size]
        over += hand[size:]  # so many slow ones are no whole suite
        order += islice(rest, max(0, size - len(hand)))
    return [*order, *over, *rest]


def _pieces(tests: int, workers: int) -> Iterator[int]:
    """How many tests each worker is first given (pytest-xdist, scheduler/worksteal.py)."""
    for left in range(workers, 0, -1):
        yield tests // left
        tests -= tests // left
