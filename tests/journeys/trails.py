"""All combinations of two in as few steps as there are: a walk on which each two meet once.

Each thing is a crossing, each pair a street, and so is each thing with itself. A walk through
every street once (Euler, 1736) is cut into trails: what follows one another in a trail has met.
Where crossings are even in number, some streets are walked twice.
"""

import random
from collections.abc import Sequence
from itertools import combinations_with_replacement


def walk(things: int, *, seed: int = 0) -> list[int]:
    """Numbers below `things`, so that any two of them, and any with itself, are neighbours once.

    >>> steps = walk(4)
    >>> sorted({tuple(sorted(two)) for two in zip(steps, steps[1:])})
    [(0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)]
    """
    streets = list(combinations_with_replacement(range(things), 2))
    if things % 2 == 0:  # every crossing needs an even number of ways out
        streets += [(n, n + 1) for n in range(0, things, 2)]
    random.Random(seed).shuffle(streets)
    ways: list[list[int]] = [[] for _ in range(things)]
    for number, (one, other) in enumerate(streets):
        ways[one].append(number)
        ways[other].append(number)
    walked = [False] * len(streets)
    here, done = [0], []
    while here:
        out = ways[here[-1]]
        while out and walked[out[-1]]:
            out.pop()
        if not out:
            done.append(here.pop())
            continue
        street = out.pop()
        walked[street] = True
        one, other = streets[street]
        here.append(other if one == here[-1] else one)
    return done


def trails(steps: Sequence[int], *, pairs: int) -> list[Sequence[int]]:
    """The walk cut into pieces of so many pairs; where one ends, the next begins.

    >>> trails([0, 1, 2, 0, 3], pairs=3)
    [[0, 1, 2, 0], [0, 3]]
    """
    return [steps[n : n + pairs + 1] for n in range(0, len(steps) - 1, pairs)]
