"""A partner that asks what is held, and asks to be told again."""

import hashlib
from typing import Any

import orjson
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from gateway.app import build
from gateway.settings import Settings
from outbox.house import House
from schemas.tables import disclosures
from tests.gateway.api.doors import signature
from tests.outbox.two_ends import by_the_wall_clock
from tests.world import World, member

MEXICO, CANADA = "mx-neec", "ca-pip"
MANY = [str(n) for n in range(10000001, 10000013)]


def twelve_held(whole_world: World) -> World:
    """Twelve members that Mexico holds, and one of them Canada too."""
    world = by_the_wall_clock(whole_world)
    world.push(*map(member, MANY))
    world.grant(*MANY, to=[MEXICO])
    world.grant(MANY[0], to=[CANADA])
    world.deliver()
    world.wire.journal.clear()
    return world


class Caller:
    """One end, asking another."""

    def __init__(self, asker: House, asked: House) -> None:
        self.key, self.to = asker.key, asked.programme
        folder = asked.folder
        self.client = TestClient(build(asked, Settings(home=folder)))

    def get(self, path: str) -> Response:
        url = f"/v1/partner{path}"
        return self.client.get(url, headers=signature(self.key, "GET", url, to=self.to))

    def post(self, **document: Any) -> Response:
        url = "/v1/partner/resend-requests"
        body = orjson.dumps(document)
        signed = signature(self.key, "POST", url, to=self.to, content=body)
        headers = {**signed, "Content-Type": "application/json"}
        return self.client.post(url, content=body, headers=headers)


def lives(world: World, partner: str = MEXICO) -> list[Any]:
    with world.house.database.read() as tx:
        query = select(disclosures).where(disclosures.c.partner == partner)
        return list(tx.execute(query.order_by(disclosures.c.ref)))


def added_up(caller: Caller, place: str, said: dict[str, Any]) -> None:
    """Recompute everything from the lists, as an engineer on the other side would."""
    sums = b""
    for number in range(256):
        bucket = said["buckets"][number]
        page = caller.get(f"{place}/{number}").json() if bucket["count"] else {"items": []}
        held = [item for item in page["items"] if item["leaf"] is not None]
        assert all(hashlib.sha256(i["ref"].encode()).digest()[0] == number for i in held)
        total = sum(int(item["leaf"], 16) for item in held) % 2**256
        sums += total.to_bytes(32, "big")
        assert bucket == {"bucket": number, "sum": f"{total:064x}", "count": len(held)}
    assert hashlib.sha256(sums).hexdigest() == said["digest"]
