"""The table of crash points is whole: every durable step of the product has a point, or a reason."""

from collections import Counter
from pathlib import Path

import pytest

from tests.journeys.crash import points, steps, unpointed
from tests.journeys.crash.walks import WALKS


def without_word(found: tuple[steps.Step, ...]) -> list[str]:
    """The steps that are in no table, where they stand."""
    lacking = [
        step
        for step in found
        if (step.where, step.nth) not in points.NAMES
        and (step.where, step.nth) not in points.WAYS_IN
        and unpointed.reasoned(step.where) != -1
    ]
    counted = Counter(step.where for step in lacking)
    return [
        f"{step.at}: {step.where} {step.nth} ({step.kind})"
        for step in lacking
        if counted[step.where] > unpointed.reasoned(step.where)
    ]


@pytest.mark.slow
def test_every_durable_step_has_a_point_or_a_reason():
    found = without_word(steps.every())
    assert not found, (
        "name each in tests/journeys/crash/points.py and walk over it, or say in unpointed.py why"
        " it needs none:\n" + "\n".join(found)
    )


def test_no_word_is_about_a_step_that_is_gone():
    there = {(step.where, step.nth) for step in steps.every()}
    assert set(points.NAMES) | points.WAYS_IN <= there
    left = Counter(
        step.where for step in steps.every() if (step.where, step.nth) not in points.NAMES
    )
    modules = {step.where.partition(":")[0] for step in steps.every()}
    for where, count in unpointed.UNPOINTED.items():
        if count == -1:
            assert any(f"{one}.".startswith(f"{where}.") for one in modules), where
        else:
            assert left[where] == count, where


def test_each_point_has_one_name_and_one_place_and_is_walked_over():
    names = [point.name for point in points.POINTS]
    assert len(set(names)) == len(names) == len(points.NAMES)
    assert {name for walk in points.WALKS for name in points.of(walk)} == set(names)
    assert set(points.WALKS) == set(WALKS)


NEW = """
import os
import shutil
from pathlib import Path

def a_transaction(house):
    with house.bell.after(), house.database.write(partner="mx-neec") as tx:
        tx.execute(1)
    "a.b".replace("a", "b")

def a_kept_one(stack, house):
    stack.enter_context(house.database.write())

class Mover:
    def a_file(self, draft: Path, file: Path):
        draft.replace(file)
        file.write_bytes(b"")
        with file.open("xb") as opened:
            opened.write(b"")
        os.fsync(1)
        shutil.move(draft, file)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT)

def a_request(transport, file):
    transport.send("url", file)
"""


def test_a_new_step_is_found_whatever_its_kind():
    found = tuple(steps.of(steps.ROOT / "gateway" / "invented.py", NEW))
    kinds = Counter((step.where.partition(":")[2], step.kind) for step in found)
    assert kinds == {
        ("a_transaction", "transaction"): 1,
        ("a_kept_one", "transaction"): 1,
        ("Mover.a_file", "file"): 6,
        ("a_request", "request"): 1,
    }
    assert [line.partition(":")[0] for line in without_word(found)] == ["gateway/invented.py"] * 9


@pytest.mark.parametrize("where", ["gateway.home:_made", "gateway.taking:_run"])
def test_one_step_more_in_a_function_that_has_some_fails(where: str):
    file = steps.ROOT / Path(*where.partition(":")[0].split(".")).with_suffix(".py")
    module, _, function = where.partition(":")
    text = file.read_text("utf-8")
    head = text.index(f"def {function}(")
    body = text.index("\n    ", text.index(") ->", head)) + 1
    more = text[:body] + "    with house.database.write() as tx:\n        pass\n" + text[body:]
    assert without_word(tuple(steps.of(file, more))), module
