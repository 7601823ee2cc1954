"""Which habit the next batch meets: a plan that is eaten word by word, or chance that repeats.

>>> plan = Plan.read("silent,500:2")
>>> [plan.next().value for _ in range(4)]
['silent', '500', '500', 'honest']
>>> Plan.read("lazy")
Traceback (most recent call last):
    ...
ValueError: lazy
"""

import random
import threading
from collections import deque
from collections.abc import Iterable

from gateway.sandbox.habits import BRINGING, Habit

TIMES_MAX = 10_000


class Plan:
    """One habit a batch, first from the list, then by chance, else honest. Safe between threads."""

    def __init__(
        self, habits: Iterable[Habit] = (), *, rate: float = 0.0, seed: int = 0, back: bool = False
    ) -> None:
        """By chance, `rate` of the batches meet a habit; `back` says whether there is an address
        to bring things to, without which habits that need it are not drawn.
        """
        self._habits = deque(habits)
        self._rate = rate
        self._dice = random.Random(seed)  # noqa: S311  # chance that repeats
        self._drawn = [
            habit
            for habit in Habit
            if habit is not Habit.HONEST and (back or habit not in BRINGING)
        ]
        self._lock = threading.Lock()

    @classmethod
    def read(cls, text: str, *, rate: float = 0.0, seed: int = 0, back: bool = False) -> "Plan":
        """The plan as it is written: `habit[:times]`, by comma.

        Raises `ValueError` with the word that is no habit.
        """
        habits: list[Habit] = []
        for word in filter(None, (part.strip() for part in text.split(","))):
            name, _, times = word.partition(":")
            if name not in set(Habit) or not (times == "" or _is_times(times)):
                raise ValueError(word)
            habits += [Habit(name)] * int(times or "1")
        return cls(habits, rate=rate, seed=seed, back=back)

    @property
    def left(self) -> tuple[Habit, ...]:
        """What has not been eaten yet."""
        with self._lock:
            return tuple(self._habits)

    def next(self) -> Habit:
        with self._lock:
            if self._habits:
                return self._habits.popleft()
            if self._rate and self._dice.random() < self._rate:
                return self._dice.choice(self._drawn)
            return Habit.HONEST

    def again(self, habit: Habit) -> None:
        """It could not be done to this batch: do it to the next one."""
        with self._lock:
            self._habits.appendleft(habit)


def _is_times(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= TIMES_MAX
