"""How much of each kind of test was executed: a green run can hide that a program was missing."""

from collections import Counter
from collections.abc import Iterable

import pytest

OF_THE_CASE = {"PostgreSQL": "postgresql", "Celery": "celery"}
OF_A_MARK = {
    "processes": "processes",
    "second opinions": "second_opinion",
    "browser": "browser",
}
KINDS = (*OF_THE_CASE, *OF_A_MARK)
_PROPERTY = "kinds"


def note(item: pytest.Item) -> None:
    """Give a test's report its kinds: of the case by its parameters, the others by their mark."""
    case = getattr(item, "callspec", None)
    words = set(case.id.split("-")) if case is not None else set()
    kinds = [kind for kind, word in OF_THE_CASE.items() if word in words]
    kinds += [kind for kind, mark in OF_A_MARK.items() if item.get_closest_marker(mark)]
    if kinds:
        item.user_properties.append((_PROPERTY, ",".join(kinds)))


def counted(passed: Iterable[pytest.TestReport]) -> dict[str, int]:
    """How many tests of each kind these reports are of; 0 where there is none."""
    found = Counter(
        kind
        for report in passed
        for name, said in report.user_properties
        if name == _PROPERTY
        for kind in str(said).split(",")
    )
    return {kind: found[kind] for kind in KINDS}


def silent(skipped: Iterable[pytest.TestReport]) -> int:
    """How many were skipped without a reason that begins with 'allowed:'."""
    return sum("allowed:" not in str(report.longrepr) for report in skipped)
