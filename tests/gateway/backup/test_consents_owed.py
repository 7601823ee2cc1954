"""After a restore nobody is announced before the source has said anew what may have been lost."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from outbox import restored
from schemas.consent import Event
from tests.conftest import FILE_ONLY
from tests.gateway.backup.loss import Ask, Source, back_up, owed, restore
from tests.outbox.two_ends import MANY, MEXICO
from tests.world import World, member


@pytest.mark.slow
@FILE_ONLY
def test_a_heartbeat_or_a_push_of_later_events_does_not_let_anybody_be_announced(
    world: World, source: Source, recovering: Ask, tmp_path: Path
):
    file = back_up(world, tmp_path / "b.zip")
    source.say(Event.REVOKED, MANY[0])
    world.deliver()
    restore(world, file)
    assert recovering() == 1
    world.push(member(MANY[1], name="Invented Company Renamed"), member(MANY[0], name="X Y Z"))
    since = owed(world)

    source.push([])
    assert since.isoformat() in source.push([], since=since + timedelta(seconds=1))
    world.deliver()
    assert "Invented Company Renamed" not in world.held(MEXICO)

    assert source.push(source.log, since=since) is None
    world.deliver()
    assert "Invented Company Renamed" in world.held(MEXICO)
    assert "X Y Z" not in world.held(MEXICO)


@FILE_ONLY
def test_one_line_that_cannot_be_taken_keeps_consents_owed(
    world: World, source: Source, tmp_path: Path
):
    """It may be the very revocation that was lost: of a member not pushed again yet."""
    restore(world, back_up(world, tmp_path / "b.zip"))
    since = owed(world)
    unknown = replace(source.log[0], account="77777777")

    with pytest.raises(AssertionError, match="MRX-1201"):
        source.push([*source.log, unknown], since=since)

    with world.house.database.read() as tx:
        assert restored.standing(tx).consents_owed_since == since


@FILE_ONLY
def test_a_push_that_was_overtaken_by_a_later_one_is_said_anew_too(
    world: World, source: Source, tmp_path: Path
):
    """The feed's last word is of the later push; the rest of the earlier came after the backup."""
    source.push([])
    heard = world.clock()
    restore(world, back_up(world, tmp_path / "b.zip"))

    assert owed(world) <= heard - timedelta(hours=23)
