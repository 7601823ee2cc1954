"""Threads of a process that serves take turns quickly, and only while it serves."""

import sys

from gateway import engine
from tests import world
from tests.conftest import FILE_ONLY
from tests.world import World


@FILE_ONLY
def test_a_process_that_serves_switches_quickly(small_world: World):
    before = sys.getswitchinterval()

    with engine.running(small_world.house, world.settings(small_world.house)):
        assert sys.getswitchinterval() < before / 5

    assert sys.getswitchinterval() == before
