"""A source's client for tests: the door of a small world that stands at today, and its tokens."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi.testclient import TestClient

from gateway.tokens import Scope
from tests.gateway.api.doors import application, bearer, token
from tests.world import World


@dataclass
class Source:
    """Calls `/v1/source` with a token of these scopes."""

    world: World
    http: TestClient
    headers: dict[str, str]

    def get(self, path: str, status: int = 200, **query: object) -> Any:
        answer = self.http.get(f"/v1/source{path}", headers=self.headers, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, status: int = 200, body: object = None, **headers: str) -> Any:
        answer = self.http.post(f"/v1/source{path}", headers={**self.headers, **headers}, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()


def source(world: World, *scopes: Scope) -> Source:
    """The door of this world; it does not look at the world's clock, so that is set to now."""
    return Source(world, TestClient(application(world.house)), bearer(token(world.house, *scopes)))


def today(world: World) -> World:
    world.clock.now = datetime.now(UTC)
    return world
