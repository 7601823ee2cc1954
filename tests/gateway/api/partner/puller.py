"""A partner that comes for its batches: a whole gateway of its own, and signed requests to ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from gateway import inbound
from gateway.app import build
from gateway.settings import Settings
from outbox.house import House
from outbox.transport import MEDIA_TYPE
from partners import agreements
from tests.gateway.api.doors import signature
from tests.world import BYTES_MAX, World, member


@dataclass
class Puller:
    """One partner's end. Every request is signed anew."""

    client: TestClient
    end: House

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Response:
        url = f"/v1/partner{path}"
        signed = signature(self.end.key, "GET", url)
        return self.client.get(url, headers=signed if headers is None else {**signed, **headers})

    def next(self, query: str = "") -> Response:
        return self.get(f"/batches/next{query}")

    def take(self, answer: Response) -> bytes:
        """Apply what was fetched, at the partner's own gateway; return its receipt."""
        assert answer.status_code == 200, answer.text
        return inbound.take(self.end, answer.content, bytes_max=BYTES_MAX, now=datetime.now(UTC))

    def confirm(self, receipt: bytes) -> Response:
        return self.client.post(
            "/v1/partner/receipts", content=receipt, headers={"Content-Type": MEDIA_TYPE}
        )

    def fetch(self, query: str = "") -> Response:
        """One whole round: fetch, apply, receipt."""
        answer = self.next(query)
        if answer.status_code == 200:
            assert self.confirm(self.take(answer)).status_code == 204
        return answer

    def fetch_all(self) -> list[str]:
        """Round after round until nothing is due; returns "lane number" of each."""
        found = []
        while (answer := self.fetch()).status_code == 200:
            found.append(f"{answer.headers['MRX-Lane']} {answer.headers['MRX-Number']}")
        assert answer.status_code == 204
        return found


def by_the_wall_clock(world: World) -> World:
    """The same world at the machine's time, which is the one HTTP lives by."""
    world.clock.now = datetime.now(UTC) - timedelta(minutes=2)
    return world


def puller(world: World, partner: str = "mx-neec", **settings: Any) -> Puller:
    folder = world.house.folder
    app = build(world.house, Settings(home=folder, **settings))
    return Puller(TestClient(app, client=("192.0.2.7", 50000)), world.partners[partner])


def two_wait(small_world: World) -> World:
    """Mexico has no address: it comes for its batches. Two members wait for it."""
    world = by_the_wall_clock(small_world)
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url=None)
    world.push(member("10000001"), member("10000002"))
    world.grant("10000001", "10000002")
    return world
