"""All combinations of two: a fault of the wire and another, one and a habit, a habit and another.

What each does alone stands in `verdicts.py`, and every transmission must end as it says there.
Pairs are laid end to end: a trail is eleven faults one after the other, each two neighbours a pair,
over news of every kind (`Weather.news`), and ends in calm weather, where everything must be as if
nothing had happened (`Weather.is_calm`). Where one needs a person, the trail waits for that person
under the name it has for it.

MRX_FAULTS=all: each pair alone, in both orders, and all spellings. MRX_SEED: another walk.
"""

import os
import random
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row

from tests import faults
from tests.journeys.trails import trails, walk
from tests.journeys.verdicts import (
    BRINGS,
    FORGETS,
    HABITS,
    MEETING,
    RECEIPT,
    SPELLINGS,
    UNANSWERED,
    WAITS,
    WIRE,
    Evil,
    both,
)
from tests.journeys.weather import MEXICO, Weather, weather
from tests.proxy import Exchange
from tests.world import Server

SEED = int(os.environ.get("MRX_SEED", "6"))
ALL = os.environ.get("MRX_FAULTS") == "all"
QUICK = bool(os.environ.get("MRX_QUICK"))
PARTS = 64 if ALL else 8
LENGTH = 10

EVIL = [*WIRE, *(SPELLINGS if ALL else ()), *HABITS]
TOGETHER = [both(wire, habit) for wire, habit in product(MEETING, HABITS)]


def one_after_the_other() -> list[list[Evil]]:
    """Trails on which each two of `EVIL` are neighbours, and each is its own."""
    if ALL:
        return [list(two) for two in product(EVIL, EVIL)]
    return [[EVIL[n] for n in trail] for trail in trails(walk(len(EVIL), seed=SEED), pairs=LENGTH)]


def at_once() -> list[list[Evil]]:
    """Every fault of the wire with every habit in the same exchange, ten exchanges a trail."""
    some = TOGETHER[:]
    random.Random(SEED).shuffle(some)
    size = 1 if ALL else LENGTH
    return [some[n : n + size] for n in range(0, len(some), size)]


def part(some: list[list[Evil]], n: int) -> list[list[Evil]]:
    """The nth of `PARTS`; a handful where there is no time."""
    return some[n::PARTS][: 2 if QUICK else None]


@pytest.fixture(scope="module")
def abroad(
    tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]
) -> Iterator[Weather]:
    with weather(tmp_path_factory.mktemp("abroad"), key_files) as made:
        yield made


class Trail:
    """One trail, walked. `met` is what it met so far, for whoever reads a failure."""

    def __init__(self, there: Weather) -> None:
        self.there, self.met = there, list[str]()

    def walk(self, evils: Sequence[Evil]) -> None:
        try:
            for evil in evils:
                self.one(evil)
            self.end()
        except BaseException as error:
            error.add_note(f"met, one after the other: {self.met}")
            raise

    def one(self, evil: Evil) -> None:
        there = self.there
        late = len(there.proxy.late)
        if not there.is_due():
            there.news()
        before = there.theirs()
        met = there.meet(evil.wire, evil.habit, hasty=evil.hasty)
        self.met.append(f"{evil.name}: {met.outcome}")
        self.judge(evil, met, applied=met.digest in before)
        if late:  # what was held back before this exchange comes after it
            there.bring_late(late)

    def judge(self, evil: Evil, met: Row[Any], *, applied: bool) -> None:
        """`applied`: they had this batch before."""
        if evil.either:
            assert met.outcome in {RECEIPT, evil.outcome}
        elif evil.heard:
            assert met.outcome == RECEIPT
            # A refusal that we did not hear is said again, to whatever comes next.
            refused = any("refusing" in one for one in self.met)
            assert met.state in ({"refused", "settled"} if refused else {"settled"})
        else:
            if evil.wire is None or evil.habit == "honest":
                assert met.outcome == evil.outcome
            assert met.outcome in UNANSWERED
            if evil.habit in BRINGS and evil.wire is not None:
                return  # its receipt came by another way
            assert met.state == ("sealed" if met.outcome == "not now" else "unknown")
            assert (met.digest in self.there.theirs()) == (evil.got or applied)

    def end(self) -> None:
        """Calm weather, and a person where one is called for."""
        there = self.there
        there.deliver()
        there.bring_late(len(there.proxy.late))
        habits = {evil for evil in WAITS if any(evil in met for met in self.met)}
        waiting = there.blocked()
        assert waiting <= {WAITS[habit] for habit in habits}
        if waiting:
            there.retell()
        if not there.agree():
            assert any(habit in met for habit in FORGETS for met in self.met)
            assert there.noticed()
            there.reconcile()
        there.is_calm()


@pytest.mark.parametrize(
    "evil",
    [
        *(pytest.param(evil, id=evil.name) for evil in (*WIRE, *HABITS)),
        *(pytest.param(evil, id=evil.name, marks=pytest.mark.slow) for evil in SPELLINGS),
    ],
)
def test_each_alone_ends_as_the_table_says_and_then_as_calm_weather(evil: Evil, abroad: Weather):
    Trail(abroad).walk([evil])


@pytest.mark.slow
@pytest.mark.parametrize("n", range(PARTS))
def test_any_two_one_after_the_other_end_as_calm_weather(n: int, abroad: Weather):
    for evils in part(one_after_the_other(), n):
        Trail(abroad).walk(evils)
    abroad.ends()


@pytest.mark.slow
@pytest.mark.parametrize("n", range(PARTS))
def test_any_fault_of_the_wire_with_any_habit_ends_as_calm_weather(n: int, abroad: Weather):
    for evils in part(at_once(), n):
        Trail(abroad).walk(evils)
    abroad.ends()


def test_the_trails_leave_no_pair_out():
    met = {
        frozenset((one.name, other.name))
        for trail in one_after_the_other()
        for one, other in pairwise(trail)
    }

    assert met == {frozenset((one.name, other.name)) for one, other in product(EVIL, EVIL)}
    assert sum(map(len, at_once())) == len(MEETING) * len(HABITS)


def test_an_answer_too_many_on_a_line_that_is_kept_settles_nothing_else(abroad: Weather):
    """The next batch may find the answer to the one before in its place."""

    def twice_and_on(exchange: Exchange) -> None:
        exchange.say(exchange.ask() * 2)
        exchange.keep = True

    abroad.news()
    assert abroad.meet(twice_and_on).outcome == RECEIPT
    abroad.news()
    next_one = abroad.meet()
    assert next_one.outcome in {RECEIPT, "no receipt"}
    assert (next_one.state == "settled") == (next_one.outcome == RECEIPT)
    abroad.deliver()
    abroad.is_calm()


@pytest.fixture
def elsewhere(
    tmp_path: Path, key_files: dict[str, Path], server: Server | None
) -> Iterator[Weather]:
    with weather(tmp_path, key_files, server=server) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize(
    "engine",
    [pytest.param("postgresql", marks=pytest.mark.processes)],
    indirect=True,
)
def test_each_alone_ends_so_on_a_server_too(elsewhere: Weather):
    for evil in [*WIRE, *HABITS]:
        Trail(elsewhere).walk([evil])
    elsewhere.ends()


def test_a_partner_without_tombstones_takes_a_late_announcement_and_is_found_out(
    elsewhere: Weather,
):
    """A batch is held back on its way, its member's consent ends, the withdrawal overtakes it; then
    the partner forgets that it was withdrawn, and the batch arrives.
    """
    before = dict(elsewhere.said)
    account = elsewhere.news()
    assert elsewhere.meet(faults.late, hasty=True).outcome == "no answer"
    elsewhere.world.revoke(account, of=MEXICO)
    met = elsewhere.meet(None, "tombless")
    elsewhere.bring_late(1)

    assert met.outcome == RECEIPT
    assert set(elsewhere.world.held(MEXICO)) - set(before) == {f"Invented Company {account}"}
    elsewhere.said = before
    elsewhere.deliver()
    assert elsewhere.noticed()
    elsewhere.reconcile()
    assert elsewhere.world.held(MEXICO) == elsewhere.said
    assert elsewhere.agree()
