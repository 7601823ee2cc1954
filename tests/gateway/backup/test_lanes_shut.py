"""After a restore a partner's lanes stay shut until it was compared with, or two persons open them."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from gateway import health
from gateway.acts import approvals
from gateway.acts import restoring as acts
from gateway.identity.actor import at_the_shell
from gateway.other_end import OtherEnd
from gateway.recovering import Recovering
from gateway.views import rows
from gateway.views.alarms import Alarm
from gateway.views.alarms import every as every_alarm
from outbox import restored
from outbox.house import House
from schemas.consent import Event
from schemas.errors import BadRequest
from schemas.tables import lanes
from tests.conftest import FILE_ONLY
from tests.gateway.backup.loss import Ask, Source, back_up, restore
from tests.outbox.two_ends import MANY, MEXICO
from tests.world import World, member


def test_a_partner_that_cannot_be_asked_stays_shut_until_two_persons_open_it(
    world: World, source: Source, recovering: Ask, tmp_path: Path
):
    file = back_up(world, tmp_path / "b.zip")
    world.push(member(MANY[1], name="Invented Company Renamed"))
    world.deliver()
    source.say(Event.REVOKED, MANY[0])
    world.deliver()
    restore(world, file)
    source.say_all_again()
    world.push(member(MANY[1], name="Invented Company Renamed Again"))
    world.deliver()
    assert "Invented Company Renamed Again" not in world.held(MEXICO)
    with world.house.database.read() as tx:
        mexico = rows.of(tx, world.house, MEXICO, now=world.clock())
        kinds = [one.kind for one in alarms(tx, world) if one.code == "MRX-2212"]
    assert (mexico.state, mexico.closed) == ("closed", "MRX-2212")
    assert kinds == ["restored, lanes shut"]

    asked = acts.open_unasked(
        world.house, at_the_shell("ann"), MEXICO, reason="no such endpoint", now=world.clock()
    )
    with pytest.raises(BadRequest, match="MRX-7014"):
        decide(world, "ann", asked.id)
    world.deliver()
    assert "Invented Company Renamed Again" not in world.held(MEXICO)
    decide(world, "bob", asked.id)
    world.deliver()

    assert "Invented Company Renamed Again" in world.held(MEXICO)
    assert f"Invented Company {MANY[0]}" not in world.held(MEXICO)
    with pytest.raises(BadRequest, match="MRX-5074"):
        acts.open_unasked(
            world.house, at_the_shell("ann"), MEXICO, reason="again", now=world.clock()
        )


def decide(world: World, who: str, approval: str) -> None:
    approvals.decide(
        world.house, at_the_shell(who), approval, approve=True, reason="yes", now=world.clock()
    )


def alarms(tx: Connection, world: World) -> tuple[Alarm, ...]:
    return every_alarm(
        tx, world.house, rows.every(tx, world.house, now=world.clock()), now=world.clock()
    )


@FILE_ONLY
def test_a_partner_that_is_silent_holds_up_nobody_and_is_asked_again(
    world: World, source: Source, tmp_path: Path
):
    restore(world, back_up(world, tmp_path / "b.zip"))

    def end(house: House, partner: str, _url: str) -> OtherEnd:
        return OtherEnd(house=house, partner=partner, url="http://127.0.0.1:9", by="restore")

    recovering = Recovering(world.house, clock=world.clock, end=end)

    assert recovering.ask() == 0
    assert source.log
    with world.house.database.read() as tx:
        assert restored.standing(tx).shut == (MEXICO,)
        assert {lane.leased_by for lane in tx.execute(select(lanes))} == {None}
    assert health.checks(world.house, now=world.clock())["restored"] == "MRX-2212"
