"""How much of each kind of test was executed: a green run can hide that a program was missing."""

from collections import Counter
from collections.abc import Callable, Iterable

import pytest

KINDS: dict[str, Callable[[pytest.TestReport], bool]] = {
    "PostgreSQL": lambda report: "postgresql" in report.nodeid,
    "Celery": lambda report: "celery" in report.nodeid,
    "processes": lambda report: "processes" in report.keywords,
    "second opinions": lambda report: "second_opinion" in report.keywords,
    "browser": lambda report: "browser" in report.keywords,
}


def counted(passed: Iterable[pytest.TestReport]) -> dict[str, int]:
    """How many tests of each kind these reports are of; 0 where there is none."""
    found = Counter(kind for report in passed for kind, holds in KINDS.items() if holds(report))
    return {kind: found[kind] for kind in KINDS}


def silent(skipped: Iterable[pytest.TestReport]) -> int:
    """How many were skipped without a reason that begins with 'allowed:'."""
    return sum("allowed:" not in str(report.longrepr) for report in skipped)
