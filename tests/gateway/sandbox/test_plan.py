"""The plan of bad habits: as it is written, and as it is eaten."""

import pytest

from gateway.sandbox.habits import BRINGING, MEANING, Habit
from gateway.sandbox.plan import Plan


def eaten(plan: Plan, times: int) -> list[str]:
    return [plan.next().value for _ in range(times)]


def test_a_plan_is_eaten_word_by_word_and_then_all_is_honest():
    plan = Plan.read(" silent, slow:2 ,500")

    assert eaten(plan, 6) == ["silent", "slow", "slow", "500", "honest", "honest"]


@pytest.mark.parametrize(
    "text", ["lazy", "silent:0", "silent:x", "silent:100000", "silent:-1", ":2"]
)
def test_what_is_no_habit_is_named(text: str):
    with pytest.raises(ValueError, match=text):
        Plan.read(text)


def test_a_habit_that_found_no_ground_waits_for_the_next_batch():
    plan = Plan.read("replay,cut")

    plan.again(plan.next())

    assert eaten(plan, 3) == ["replay", "cut", "honest"]


def test_chance_takes_the_same_course_for_the_same_seed():
    one, same, other = (Plan(rate=0.5, seed=seed) for seed in (7, 7, 8))
    course = eaten(one, 50)

    assert course == eaten(same, 50) != eaten(other, 50)
    assert 10 < sum(word != "honest" for word in course) < 40


def test_nothing_is_drawn_that_needs_an_address_nobody_gave():
    without, given = Plan(rate=1.0, seed=1), Plan(rate=1.0, seed=1, back=True)
    bringing = {habit.value for habit in BRINGING}

    assert not bringing & set(eaten(without, 400))
    assert bringing <= set(eaten(given, 400))


def test_every_habit_is_explained():
    assert MEANING.keys() == set(Habit)
