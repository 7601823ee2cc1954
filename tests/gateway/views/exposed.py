"""A member that has lost its benefits at home, and may still have them in Mexico."""

from datetime import UTC, datetime

from gateway.views.exposure import Exposure, Partner, exposure
from partners import consents
from tests.world import NEVER_ARRIVED, World, member

ONE, TWO = "10000001", "10000002"
FEBRUARY = "2026-02"


def in_february(world: World) -> World:
    """Two members, held in Mexico since January; it is Monday, the second of February, 12:00."""
    world.push(member(ONE), member(TWO))
    world.grant(ONE, TWO)
    world.deliver()
    on(world, datetime(2026, 2, 2, 12, tzinfo=UTC))
    return world


def on(world: World, now: datetime) -> None:
    """It is then, and the feed of consents has just spoken."""
    world.clock.now = now
    with world.house.database.write() as tx:
        consents.heard(tx, now)


def report(world: World, month: str = FEBRUARY, *, at: datetime | None = None) -> Exposure:
    with world.house.database.read() as tx:
        return exposure(tx, month, now=at or world.clock.now)


def mexico(world: World, month: str = FEBRUARY, *, at: datetime | None = None) -> Partner:
    return next(one for one in report(world, month, at=at).partners if one.partner == "mx-neec")


def suspend(world: World, *accounts: str, status: str = "SUSPENDED") -> None:
    world.push(*(member(account, status=status) for account in accounts))


def silent(world: World, **time: float) -> None:
    """Nothing arrives there, for so long."""
    world.wire.plan = [NEVER_ARRIVED]
    world.deliver(1)
    world.clock.forward(**time)
