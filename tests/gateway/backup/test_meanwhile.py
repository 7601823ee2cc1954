"""A backup made while the gateway is written to is of one moment, and stops no writer."""

import threading
import time
from pathlib import Path

from sqlalchemy import func, select

from gateway.backup import verifying
from outbox import holdings, ledger
from partners import holdings as sums
from partners.holdings import Side
from schemas.tables import disclosures, members
from tests.gateway.backup.loss import back_up, restore
from tests.outbox.two_ends import MEXICO
from tests.world import World, member

LOADED = 400


def test_it_is_of_one_moment_though_members_are_pushed_and_told(world: World, tmp_path: Path):
    accounts = [str(30_000_000 + n) for n in range(LOADED)]
    world.push(*map(member, accounts))
    world.grant(*accounts, to=[MEXICO])
    world.deliver()
    stop, wrote, slowest = threading.Event(), 0, 0.0

    def write() -> None:
        nonlocal wrote, slowest
        while not stop.is_set():
            began = time.monotonic()
            world.push(member(accounts[wrote % LOADED], name=f"Invented Company {wrote}"))
            slowest = max(slowest, time.monotonic() - began)
            wrote += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while wrote < 3:
            time.sleep(0.01)
        before = wrote
        began = time.monotonic()
        file = back_up(world, tmp_path / "b.zip")
        took, meanwhile = time.monotonic() - began, wrote - before
    finally:
        stop.set()
        writer.join()
    found = verifying.verify(file, trusted=[world.house.key.certificate], now=world.clock())

    assert meanwhile > 0, "writers were stopped"
    assert slowest < max(1.0, took / 2), (slowest, took)
    assert found.manifest.facts.rows["ledger"] == found.manifest.facts.ledger_size

    restore(world, file)
    with world.house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(members)) == LOADED
        held = tx.scalar(select(func.count()).where(disclosures.c.held_version.is_not(None)))
        assert held == sums.held(tx, MEXICO, Side.OURS).count == LOADED
        assert sums.buckets(tx, MEXICO, Side.OURS) == holdings.added_up(tx, MEXICO)
        assert ledger.verify(tx).broken_at is None
