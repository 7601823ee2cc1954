"""A partner that asks for the status of one member."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from schemas.tables import disclosures
from tests.gateway.api.partner.puller import Puller, by_the_wall_clock
from tests.world import ONE, TWO, World, member


def scac(value: str) -> list[dict[str, str]]:
    return [{"scheme": "SCAC", "value": value}]


def two_known(whole_world: World) -> World:
    """Mexico holds one member and Canada another; each is known by a SCAC of its own."""
    world = by_the_wall_clock(whole_world)
    world.push(
        member("10000001", identifiers=scac("QXQA")),
        member("10000002", identifiers=scac("QXQB")),
        member("10000003", identifiers=scac("QXQC")),
    )
    world.grant("10000001", to=["mx-neec"])
    world.grant("10000002", to=["ca-pip"])
    world.deliver()
    assert (world.held("mx-neec").keys(), world.held("ca-pip").keys()) == ({ONE}, {TWO})
    return world


def ask(who: Puller, value: str = "QXQA", scheme: str = "SCAC") -> dict[str, Any]:
    answer = who.get(f"/status?scheme={scheme}&value={value}")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    assert said.keys() == {"known", "ref", "status", "as_of"}
    assert abs(datetime.fromisoformat(said.pop("as_of")) - datetime.now(UTC)) < timedelta(seconds=9)
    return said


def life(world: World, account: str = "10000001") -> Any:
    with world.house.database.read() as tx:
        mine = (disclosures.c.account == account) & disclosures.c.withdraw_since.is_(None)
        return tx.execute(select(disclosures).where(mine)).one()
