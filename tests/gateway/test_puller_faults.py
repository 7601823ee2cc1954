"""Fetching over a wire that misbehaves: any two faults on the way of a batch to us, and the same two
on the way of its receipt back, end as in calm weather. MRX_FAULTS=all: with all faults.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import combinations_with_replacement
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.puller import Fetching, fetching
from outbox import ledger
from schemas.errors import MrxError
from schemas.tables import inbound_batches
from tests.conftest import connected_world
from tests.gateway.sandbox.bad_partner import served
from tests.gateway.test_puller import Mexico, names
from tests.journeys.counted import Counted
from tests.journeys.verdicts import WIRE, Evil
from tests.journeys.weather import HASTY
from tests.proxy import Proxy, proxied
from tests.world import BYTES_MAX, hastened

ALL = os.environ.get("MRX_FAULTS") == "all"
QUICK = bool(os.environ.get("MRX_QUICK"))
FEW = {"late", "cut there", "cut back", "flipped back", "too short back"}
EVIL = [evil for evil in WIRE if ALL or evil.name in FEW]
PAIRS = list(combinations_with_replacement(EVIL, 2))[:: 6 if QUICK else 1]


class Fetched:
    """Mexico's batches, fetched through a proxy."""

    def __init__(self, mexico: Mexico, proxy: Proxy, door: Counted) -> None:
        self.mexico, self.proxy, self.door = mexico, proxy, door
        self.patient = fetching(mexico.us, "mx-neec", bytes_max=BYTES_MAX)
        self.hasty = replace(self.patient, house=hastened(mexico.us, request_deadline=HASTY))
        self.accounts: list[str] = []

    def next(self, evil: Evil | None = None) -> bytes | None:
        """What is fetched, if anything is, and if it is a batch at all."""
        try:
            return self._meeting(evil).next()
        except MrxError:
            return None
        finally:
            self.settle_down()

    def settle(self, file: bytes, evil: Evil | None = None) -> bool:
        """Whether it was taken, and its receipt too."""
        try:
            self._meeting(evil).settle(file)
        except MrxError:
            return False
        finally:
            self.settle_down()
        return True

    def _meeting(self, evil: Evil | None) -> Fetching:
        self.proxy.plan.clear()
        if evil is None:
            return self.patient
        assert evil.wire is not None
        self.proxy.will(evil.wire)
        return self.hasty if evil.hasty else self.patient

    def settle_down(self) -> None:
        self.proxy.quiet()
        self.door.quiet()

    def comes(self, *evils: Evil) -> None:
        """A batch comes to us, and each fault meets it, first on its way and then its receipt's."""
        account = str(30_000_001 + len(self.accounts))
        known = names(*self.accounts)
        self.accounts.append(account)
        self.mexico.tells(account)
        for evil in evils:
            came = self.next(evil)
            taken = came is not None and self.settle(came)
            assert self.mexico.told() == (names(*self.accounts) if taken else known)
            if taken:  # the fault found nothing to spoil, or said the same in other words
                return
        file = self.next()
        assert file is not None
        for evil in evils:
            self.settle(file, evil)
            assert self.mexico.told() == names(*self.accounts)
        self.proxy.bring_late(len(self.proxy.late))
        again = self.next()
        if again is not None:  # they have not heard that we took it
            assert again == file
            assert self.settle(again)
            assert self.next() is None

    def ends(self) -> None:
        assert self.mexico.told() == names(*self.accounts)
        assert self.mexico.states() == ["settled"] * len(self.accounts)
        for house in (self.mexico.us, self.mexico.house):
            with house.database.read() as tx:
                assert ledger.verify(tx).broken_at is None
        with self.mexico.us.database.read() as tx:
            taken = tx.scalar(select(func.count()).select_from(inbound_batches))
        assert taken == len(self.accounts)


@pytest.fixture(scope="module")
def fetched(
    tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]
) -> Iterator[Fetched]:
    world = connected_world(tmp_path_factory.mktemp("fetched"), key_files, ("mx-neec",))
    mexico = Mexico(world)
    mexico.us = hastened(world.house, request_deadline=timedelta(seconds=20))
    door = Counted(mexico.app)
    with served(door) as url, proxied(url) as proxy:
        mexico.address(proxy.url)
        made = Fetched(mexico, proxy, door)
        made.comes()
        yield made
    world.house.database.close()


@pytest.mark.slow
@pytest.mark.parametrize("evil", WIRE, ids=lambda evil: evil.name)
def test_each_fault_alone_ends_as_calm_weather(evil: Evil, fetched: Fetched):
    fetched.comes(evil)
    fetched.ends()


@pytest.mark.slow
def test_any_two_faults_end_as_calm_weather(fetched: Fetched):
    for one, other in PAIRS:
        fetched.comes(one, other)
    fetched.ends()
