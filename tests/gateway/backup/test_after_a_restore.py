"""A gateway that comes back from a backup finds out what it missed, and uses no number twice."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway import inbound
from outbox import batch as batches
from outbox import gate, handing_over, ledger, outcomes, restored
from outbox.issuing import Bearer
from outbox.release import Closed, release
from schemas.batch import Lane
from schemas.consent import Event
from schemas.errors import Refused
from schemas.tables import foreign_members, lanes
from schemas.tables import home as homes
from tests.conftest import FILE_ONLY
from tests.gateway.backup.conftest import THEIRS, mexican
from tests.gateway.backup.loss import Abroad, Ask, Source, back_up, restore, told
from tests.outbox.two_ends import MANY, MEXICO, agree, verdict
from tests.world import NEVER_ARRIVED, START, World, member

NEW = "20000001"


def months(world: World, source: Source) -> None:
    """What happens between the backup and the loss, all of it heard and confirmed by Mexico."""
    world.push(member(NEW), member(MANY[1], name="Invented Company Renamed"))
    source.say(Event.GRANTED, NEW)
    world.deliver()
    source.say(Event.REVOKED, MANY[0])
    world.deliver()
    world.push(member(MANY[2], status="SUSPENDED"))
    world.deliver()
    world.push(member(MANY[1], name="Invented Company Renamed Again"))
    world.deliver()
    assert f"Invented Company {MANY[0]}" not in world.held(MEXICO)


def months_abroad(abroad: Abroad) -> None:
    abroad.push(mexican("90000009"), mexican(THEIRS[1], status="SUSPENDED"))
    abroad.consent(Event.GRANTED, "90000009")
    abroad.deliver()
    abroad.consent(Event.REVOKED, THEIRS[0])
    abroad.deliver()


@pytest.mark.slow
def test_it_finds_out_what_it_missed_and_uses_no_number_twice(
    world: World, source: Source, abroad: Abroad, recovering: Ask, tmp_path: Path
):
    file = back_up(world, tmp_path / "b.zip")
    months(world, source)
    months_abroad(abroad)
    known_by_mexico = world.held(MEXICO)
    held_by_us = abroad.held()
    restore(world, file)

    # Nothing leaves before Mexico has been asked, neither by push nor for whoever fetches.
    sent = len(world.wire.journal)
    world.push(member(MANY[3], status="SUSPENDED"))
    world.deliver()
    assert handing_over.next_batch(world.house, MEXICO, worker="x:0:0", clock=world.clock) is None
    assert len(world.wire.journal) == sent
    assert world.held(MEXICO) == known_by_mexico

    assert recovering() == 1
    before = len(world.wire.journal)
    world.deliver()

    # Withdrawals and bad news left; nobody was announced, least of all who took it back.
    assert world.held(MEXICO).keys() <= known_by_mexico.keys()
    assert f"Invented Company {NEW}" not in world.held(MEXICO)
    assert f"Invented Company {MANY[3]}" not in world.held(MEXICO)
    assert len(world.wire.journal) > before

    # The source says it all anew, members first.
    world.push(
        member(NEW),
        member(MANY[1], name="Invented Company Renamed Again"),
        member(MANY[2], status="SUSPENDED"),
    )
    source.say_all_again()
    world.deliver()
    abroad.deliver()

    expected = dict(known_by_mexico)
    expected[f"Invented Company {MANY[3]}"] = "SUSPENDED"
    assert world.held(MEXICO) == expected
    assert abroad.held() == held_by_us
    assert agree(world)
    assert verdict(world) is True
    assert all(len(digests) == 1 for digests in told(world).values())
    with world.house.database.read() as tx:
        assert ledger.verify(tx).broken_at is None
        assert restored.standing(tx).over


def test_nothing_may_leave_though_every_other_ground_is_there(
    world: World, source: Source, tmp_path: Path
):
    """The one function that lets a batch out says no by itself, whoever asks it."""
    world.push(member(MANY[0], name="Invented Company Renamed"))
    file = back_up(world, tmp_path / "b.zip")
    restore(world, file)
    source.say_all_again()

    for kind in Lane:
        with world.house.database.write() as tx:
            mine = (lanes.c.partner == MEXICO) & (lanes.c.kind == kind.value)
            lane = tx.execute(select(lanes).where(mine)).one()
            by = Bearer(fence=lane.fence, worker="x", now=world.clock())
            assert release(tx, world.house, lane.id, by) == Closed("MRX-2212")
            assert gate.gate(tx, world.house, MEXICO, now=world.clock()).closed is None


@FILE_ONLY
def test_a_number_that_was_sealed_and_never_arrived_is_not_used_again(
    world: World, source: Source, recovering: Ask, tmp_path: Path
):
    """Mexico's place agrees with ours, and yet the number is spent: it may still be on its way."""
    file = back_up(world, tmp_path / "b.zip")
    world.push(member(MANY[0], name="Invented Company Renamed"))
    world.wire.plan = [NEVER_ARRIVED]
    world.deliver(rounds=1)
    with world.house.database.read() as tx:
        late = batches.file(tx, batches.every(tx)[-1].id, 1)
    world.house.database.close()
    restore(world, file)
    assert recovering() == 1
    world.push(member(MANY[0], name="Invented Company Renamed Otherwise"))
    source.say_all_again()
    world.deliver()

    with pytest.raises(Refused, match="MRX-4006"):  # it comes at last, from a closed epoch
        inbound.take(world.partners[MEXICO], late, bytes_max=1 << 20, now=world.clock())

    assert "Invented Company Renamed Otherwise" in world.held(MEXICO)
    assert all(len(digests) == 1 for digests in told(world).values())
    assert agree(world)


@FILE_ONLY
def test_a_version_that_was_told_and_arrives_late_hides_no_later_news(
    world: World, source: Source, recovering: Ask, tmp_path: Path
):
    """It comes after the comparison, before the first number of the new epoch."""
    file = back_up(world, tmp_path / "b.zip")
    world.push(member(MANY[0], name="Invented Company Renamed"))
    world.wire.plan = [NEVER_ARRIVED]
    world.deliver(rounds=1)
    with world.house.database.read() as tx:
        late = batches.file(tx, batches.every(tx)[-1].id, 1)
    restore(world, file)
    assert recovering() == 1
    inbound.take(world.partners[MEXICO], late, bytes_max=1 << 20, now=world.clock())
    assert "Invented Company Renamed" in world.held(MEXICO)

    world.push(member(MANY[0], name="Invented Company Renamed Otherwise"))
    source.say_all_again()
    world.deliver()

    assert "Invented Company Renamed Otherwise" in world.held(MEXICO)
    assert agree(world)


@pytest.mark.slow
def test_readers_of_the_feeds_miss_nothing_that_comes_after(
    world: World, source: Source, abroad: Abroad, recovering: Ask, tmp_path: Path
):
    """They go on behind every place the lost gateway can have given."""
    file = back_up(world, tmp_path / "b.zip")
    for n in range(3):
        world.push(member(MANY[0], name=f"Invented Company Renamed {n}"))
        world.deliver()
    with world.house.database.read() as tx:
        read_up_to = outcomes.after(tx, 0, limit=10_000)[-1].position
    restore(world, file)
    assert recovering() == 1
    world.push(member(MANY[1], name="Invented Company Renamed Later"))
    source.say_all_again()
    world.deliver()
    abroad.push(mexican(THEIRS[0], name="Empresa Inventada Nueva"))
    abroad.deliver()

    with world.house.database.read() as tx:
        came = outcomes.after(tx, read_up_to, limit=10_000)
        change = tx.scalar(select(func.max(foreign_members.c.change)))
    assert {one.account for one in came if one.kind == "held"} >= {MANY[0], MANY[1]}
    floor = restored.places_at(START)
    assert min(one.position for one in came) > floor
    assert change > floor

    # Lost once more, and restored from the same backup: behind those places too.
    last = max(came[-1].position, change)
    world.clock.forward(minutes=1)
    restore(world, file)
    with world.house.database.read() as tx:
        assert tx.scalar(select(homes.c.places_from)) > last
