"""Fetching over a wire that misbehaves: all combinations of two, on the way of a batch to us, on the
way of its receipt back, and on the one after the other.

What each fault does to a pushed batch stands in `tests/journeys/verdicts.py`. Two things differ
where we fetch: a GET has no body, so none of it can be missing, and the answer to a receipt has
none, so none of it can be spoiled. The sandbox's habits are those of a partner to whom a batch is
pushed (`gateway/sandbox/misbehaviour.py`): who fetches from it meets none of them, and here faults
of the wire are all there is.

Pairs are laid end to end (`tests/journeys/trails.py`), over news for both lanes. Each trail ends in
calm weather, where everything must be as if nothing had happened. MRX_FAULTS=all: each pair alone,
in both orders, and all spellings. MRX_SEED: another walk.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise, product
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select

from gateway.puller import Fetching, fetching
from outbox import asking, ledger
from outbox.batch import UNANSWERED
from schemas.consent import Event
from schemas.errors import MrxError
from schemas.tables import batch_files, batches, inbound_batches, lanes, pending
from tests import faults
from tests.conftest import connected_world
from tests.gateway.sandbox.bad_partner import served
from tests.gateway.test_puller import Mexico, names
from tests.journeys.counted import Counted
from tests.journeys.trails import trails, walk
from tests.journeys.verdicts import NO_RECEIPT, SPELLINGS, WIRE, Evil
from tests.journeys.weather import ANSWER_BYTES_MAX, HASTY
from tests.proxy import Proxy, proxied
from tests.world import BYTES_MAX, hastened

SEED = int(os.environ.get("MRX_SEED", "6"))
ALL = os.environ.get("MRX_FAULTS") == "all"
PARTS = 64 if ALL else 3
LENGTH = 10
EVIL = [*WIRE, *(SPELLINGS if ALL else ())]
Got = TypeVar("Got")
_FLYING = (
    select(batch_files.c.file)
    .join(batches, batches.c.id == batch_files.c.batch_id)
    .where(UNANSWERED, batch_files.c.issue == batches.c.issue)
)


class Way(StrEnum):
    """Whom the faults of a trail meet."""

    BATCH = "the batch"
    RECEIPT = "the receipt"
    BOTH = "the batch and then the receipt"


def one_after_the_other() -> list[list[Evil]]:
    """Trails on which each two of `EVIL` are neighbours, and each is its own."""
    if ALL:
        return [list(two) for two in product(EVIL, EVIL)]
    return [[EVIL[n] for n in trail] for trail in trails(walk(len(EVIL), seed=SEED), pairs=LENGTH)]


class Fetched:
    """Mexico's batches, fetched through a proxy; `said` is whom we should know of by now."""

    def __init__(self, mexico: Mexico, proxy: Proxy, door: Counted) -> None:
        self.mexico, self.proxy, self.door = mexico, proxy, door
        self.patient = fetching(mexico.us, "mx-neec", bytes_max=BYTES_MAX)
        self.hasty = replace(self.patient, house=hastened(mexico.us, request_deadline=HASTY))
        self.said, self.turn = set[str](), 0

    # -- news --------------------------------------------------------------------------------------

    def news(self) -> None:
        """One thing to tell: a member, another, and that of the first we may hear no more."""
        turn, self.turn = self.turn, self.turn + 1
        if turn % 3 < 2:
            account = str(30_000_001 + turn)
            self.mexico.tells(account)
            self.said |= names(account)
        else:
            account = str(30_000_001 + turn - 2)
            self.mexico.tells(account, event=Event.REVOKED)
            self.said -= names(account)

    def is_due(self) -> bool:
        """Whether Mexico has anything to tell, or has told it and was not answered."""
        with self.mexico.house.database.read() as tx:
            waits = tx.scalar(select(pending.c.account).limit(1))
        return waits is not None or self.flying() is not None

    def flying(self) -> bytes | None:
        """The batch that nobody has answered yet, as Mexico has it."""
        with self.mexico.house.database.read() as tx:
            return tx.scalar(_FLYING)

    # -- one exchange ------------------------------------------------------------------------------

    def next(self, evil: Evil | None = None) -> bytes | None:
        """What is fetched, if anything is."""
        return self._meet(evil, lambda fetched: fetched.next())

    def settle(self, file: bytes, evil: Evil | None = None) -> bool:
        """Whether it was taken, and its receipt too."""
        return self._meet(evil, lambda fetched: fetched.settle(file) or True) is True

    def _meet(self, evil: Evil | None, ask: Callable[[Fetching], Got]) -> Got | None:
        """Ask until this fault was met: a deadline so short may pass before a word was sent."""
        if evil is not None and evil.wire is not None:
            self.proxy.will(evil.wire)
        fetched = self.hasty if evil is not None and evil.hasty else self.patient
        for _ in range(50):
            try:
                got = ask(fetched)
            except MrxError:
                got = None
            until = time.monotonic() + 1
            while self.proxy.plan and time.monotonic() < until:
                time.sleep(0.002)  # what was sent may not have been read yet
            self.settle_down()
            if not self.proxy.plan:
                return got
        raise AssertionError("the fault was not met")

    def settle_down(self) -> None:
        for one in (self.proxy, self.door, self.proxy):
            one.quiet()

    def bring_late(self, count: int) -> None:
        """What was held back on its way, the oldest of it, reaches them now."""
        self.proxy.bring_late(count)
        self.settle_down()

    # -- how it stands -----------------------------------------------------------------------------

    def deliver(self) -> None:
        """Without faults, until nothing is left that could be told."""
        while self.is_due():
            file = self.next()
            assert file is not None
            assert self.settle(file)
        assert self.next() is None

    def ends(self) -> None:
        """Both books are whole, and every batch is there once."""
        for house in (self.mexico.us, self.mexico.house):
            with house.database.read() as tx:
                assert ledger.verify(tx).broken_at is None
        with self.mexico.house.database.read() as tx:
            query = select(lanes.c.kind, batches.c.number, batches.c.digest, batches.c.state)
            told = [tuple(row) for row in tx.execute(query.join(lanes))]
        with self.mexico.us.database.read() as tx:
            heard = inbound_batches.c
            taken = [
                tuple(row) for row in tx.execute(select(heard.kind, heard.number, heard.digest))
            ]
        assert sorted(taken) == sorted(row[:3] for row in told)
        assert {row[3] for row in told} == {"settled"}
        for kind in {row[0] for row in told}:
            numbers = sorted(row[1] for row in told if row[0] == kind)
            assert numbers == list(range(1, len(numbers) + 1))


class Trail:
    """One trail, walked. `met` is what it met so far, for whoever reads a failure."""

    def __init__(self, there: Fetched) -> None:
        self.there, self.met = there, list[str]()
        self.file: bytes | None = None  # fetched, and its receipt not brought

    def walk(self, evils: Sequence[Evil], way: Way) -> None:
        try:
            for n, evil in enumerate(evils):
                self.one(evil, receipt=way is Way.RECEIPT or (way is Way.BOTH and n % 2 == 1))
                if way is Way.BATCH and self.file is not None:
                    assert self.there.settle(self.file)
                    self.file = None
            self.end()
        except BaseException as error:
            error.add_note(f"met, one after the other: {self.met}")
            raise

    def one(self, evil: Evil, *, receipt: bool) -> None:
        there = self.there
        late = len(there.proxy.late)
        if not there.is_due():
            there.news()
            self.file = None
        (self.brought if receipt else self.fetched)(evil)
        if late:  # what was held back before this exchange comes after it
            there.bring_late(late)

    def fetched(self, evil: Evil) -> None:
        """It comes whole, or not, or is something that we do not take for it."""
        there = self.there
        through = evil.heard or evil.wire is faults.curtailed  # a GET has no body to curtail
        known, came = there.mexico.told(), there.next(evil)
        honest = came is not None and came == there.flying()
        self.met.append(f"{evil.name}: {'it' if honest else came and 'something else'}")
        if came is None:
            assert evil.wire is faults.doubled or not through
        elif honest:
            assert through
            self.file = came
        else:
            assert evil.outcome == NO_RECEIPT
            there.settle(came)  # an old one is answered as it was
        assert there.mexico.told() == known
        assert there.flying() is not None or not evil.got

    def brought(self, evil: Evil) -> None:
        """We have what was told, whatever becomes of the receipt; where it got there, so do they."""
        there = self.there
        file = self.file or there.next()
        assert file is not None
        assert file == there.flying()
        heard, self.file = there.settle(file, evil), None
        got = there.flying() is None
        self.met.append(f"the receipt {evil.name}: {heard}, {got}")
        assert there.mexico.told() == there.said
        assert got == evil.got
        if evil.heard and evil.wire is not faults.doubled:
            assert heard
        if evil in WIRE and not evil.got:  # else somebody in between may have said it for them
            assert not heard

    def end(self) -> None:
        there = self.there
        there.deliver()
        there.bring_late(len(there.proxy.late))
        there.deliver()
        assert there.mexico.told() == there.said


@pytest.fixture(scope="module")
def there(
    tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]
) -> Iterator[Fetched]:
    world = connected_world(tmp_path_factory.mktemp("fetched"), key_files, ("mx-neec",))
    mexico = Mexico(world)
    mexico.us = hastened(world.house, request_deadline=timedelta(seconds=20))
    door = Counted(mexico.app)
    with served(door) as url, proxied(url) as proxy, pytest.MonkeyPatch.context() as patch:
        # Nothing is asked over TLS: the machine's trust store is half the work of an exchange.
        patch.setenv("SSL_CERT_FILE", os.devnull)
        mexico.address(proxy.url)
        made = Fetched(mexico, proxy, door)
        made.news()
        made.deliver()
        yield made
    world.house.database.close()


@pytest.mark.slow
@pytest.mark.parametrize("evil", WIRE, ids=lambda evil: evil.name)
def test_each_fault_alone_ends_as_calm_weather(evil: Evil, there: Fetched):
    for way in (Way.BATCH, Way.RECEIPT):
        Trail(there).walk([evil], way)
    there.ends()


@pytest.mark.slow
@pytest.mark.parametrize("way", [Way.BATCH, Way.RECEIPT])
def test_the_other_spellings_end_as_calm_weather_too(way: Way, there: Fetched):
    for evil in SPELLINGS:
        Trail(there).walk([evil], way)
    there.ends()


@pytest.mark.slow
@pytest.mark.parametrize("n", range(PARTS))
@pytest.mark.parametrize("way", Way)
def test_any_two_faults_end_as_calm_weather(
    way: Way, n: int, there: Fetched, monkeypatch: pytest.MonkeyPatch
):
    # What has no end is read up to a limit; that the real one holds, each fault alone has shown.
    monkeypatch.setattr(asking, "ANSWER_BYTES_MAX", ANSWER_BYTES_MAX)
    for evils in one_after_the_other()[n::PARTS]:
        Trail(there).walk(evils, way)
    there.ends()


def test_the_trails_leave_no_pair_out():
    met = {
        frozenset((one.name, other.name))
        for trail in one_after_the_other()
        for one, other in pairwise(trail)
    }

    assert met == {frozenset((one.name, other.name)) for one, other in product(EVIL, EVIL)}
