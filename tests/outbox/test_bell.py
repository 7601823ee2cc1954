"""The bell: who waits hears it, who comes late has missed nothing, and nobody is held up."""

import threading
import time

import pytest

from outbox.bell import Bell


def test_who_waits_is_woken_at_once():
    bell, heard = Bell(), []
    waiter = threading.Thread(target=lambda: heard.append(bell.wait(0, 30)))
    waiter.start()
    began = time.monotonic()

    bell.ring()
    waiter.join(10)

    assert heard == [1]
    assert time.monotonic() - began < 5


def test_a_stroke_before_the_wait_is_heard():
    bell = Bell()
    heard = bell.strokes
    bell.ring()

    assert bell.wait(heard, 0) == heard + 1


def test_without_a_stroke_the_time_runs_out():
    assert Bell().wait(0, 0.01) == 0


def test_it_rings_after_the_block_and_not_for_one_that_failed():
    bell = Bell()
    with bell.after():
        assert bell.strokes == 0
    assert bell.strokes == 1

    with pytest.raises(ValueError, match="rolled back"), bell.after():
        raise ValueError("rolled back")
    assert bell.strokes == 1
