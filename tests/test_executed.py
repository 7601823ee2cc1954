"""What CI must not be silent about."""

from types import SimpleNamespace
from typing import Any

from tests.executed import KINDS, counted, silent


def report(nodeid: str, *keywords: str, why: str = "") -> Any:
    return SimpleNamespace(nodeid=nodeid, keywords=dict.fromkeys(keywords, 1), longrepr=why)


def test_a_test_counts_for_each_kind_that_it_is_of():
    passed = [
        report("tests/a.py::test_a[postgresql-celery]", "processes"),
        report("tests/a.py::test_a[sqlite-threads]"),
        report("tests/b.py::test_b", "second_opinion"),
        report("tests/c.py::test_c", "browser", "slow"),
    ]

    assert counted(passed) == {
        "PostgreSQL": 1,
        "Celery": 1,
        "processes": 1,
        "second opinions": 1,
        "browser": 1,
    }


def test_a_kind_that_is_missing_is_counted_too():
    assert counted([]) == dict.fromkeys(KINDS, 0)


def test_a_skip_says_why_it_may_be():
    why = "allowed: Compose did not read it"

    assert silent([report("tests/a.py::test_a", why=why), report("tests/b.py::test_b")]) == 1
