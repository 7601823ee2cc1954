"""Steps that are watched: by whom, under which trace, and what they may never say."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from outbox import watch
from outbox.traceparent import CURRENT, sent
from outbox.watch import Step

# The room's other tests run on both databases; these need none.
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def test_a_watcher_sees_each_step_from_its_beginning_to_its_end(engine: str):
    seen: list[str] = []

    @contextmanager
    def note(step: Step) -> Iterator[None]:
        seen.append(f"{step.name} begins")
        yield
        seen.append(f"{step.name} {step.facts}")

    with watch.watched_by(note), watch.step("send", partner="mx-neec") as step:
        step.say(outcome="answered")
    with watch.step("send"):
        pass

    assert seen == ["send begins", "send {'partner': 'mx-neec', 'outcome': 'answered'}"]


def test_a_step_says_nothing_but_its_facts(engine: str):
    with watch.step("push") as step, pytest.raises(AssertionError):
        step.say(name="Invented Company")
    with pytest.raises(AssertionError), watch.step("push", account="10000001"):
        pass


def test_what_is_said_belongs_to_the_innermost_step(engine: str):
    with watch.step("delivery") as outer, watch.step("seal") as inner:
        watch.say(outcome="claim")
    watch.say(outcome="nobody's")

    assert (outer.facts, inner.facts) == ({}, {"outcome": "claim"})


def test_steps_of_one_piece_of_work_are_one_trace_and_the_next_is_another(engine: str):
    def trace() -> str:
        with watch.step("delivery"):
            first = CURRENT.get().trace
            with watch.step("send"):
                assert CURRENT.get().trace == first
                assert first in sent()["traceparent"]
        return first

    assert trace() != trace()
    assert sent() == {}
