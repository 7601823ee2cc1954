"""What CI must not be silent about."""

from types import SimpleNamespace
from typing import Any

from tests.executed import KINDS, counted, note, silent


def passed(*marks: str, case: str | None = None) -> Any:
    """The report of a test with these marks, and this case of its parameters."""
    test: Any = SimpleNamespace(
        user_properties=[("another's", "browser")],
        get_closest_marker=lambda mark: mark if mark in marks else None,
    )
    if case is not None:
        test.callspec = SimpleNamespace(id=case)
    note(test)
    return test


def test_a_test_counts_for_each_kind_that_it_is_of():
    reports = [
        passed("processes", case="postgresql-celery-mx-neec"),
        passed(case="sqlite-threads"),
        passed("second_opinion"),
        passed("browser", "slow"),
        passed(),
    ]

    assert counted(reports) == {
        "PostgreSQL": 1,
        "Celery": 1,
        "processes": 1,
        "second opinions": 1,
        "browser": 1,
    }


def test_a_kind_that_is_missing_is_counted_too():
    assert counted([passed(), passed(case="sqlite")]) == dict.fromkeys(KINDS, 0)


def test_a_skip_says_why_it_may_be():
    allowed: Any = SimpleNamespace(longrepr="allowed: Compose did not read it")
    another: Any = SimpleNamespace(longrepr="no Redis")

    assert silent([allowed, another]) == 1
