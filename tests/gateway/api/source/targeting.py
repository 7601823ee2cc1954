"""A CBP system that asks about foreign members, and the partner that tells of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi.testclient import TestClient

from gateway.tokens import Scope
from schemas.identifiers import Identifier
from schemas.record import Record
from tests.gateway.api.doors import application, bearer, token
from tests.gateway.sender import Sender
from tests.world import World

NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.date()
YESTERDAY, TOMORROW = (str(TODAY + timedelta(days=n)) for n in (-1, 1))
PATH = "/v1/source/recognised"


class Targeting:
    """A CBP system with a token, and Mexico's end, which tells of its members."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sender = Sender(world)
        self.http = TestClient(application(world.house))
        self.http.headers.update(bearer(token(world.house, Scope.LOOKUP, Scope.ATTACH)))

    def tell(self, *records: Record, away: tuple[str, ...] = (), now: datetime = NOW) -> None:
        self.sender.send(self.sender.next(list(records), list(away)), now=now)

    def ask(self, scheme: str, value: str, **query: str) -> Any:
        answer = self.http.get(PATH, params={"scheme": scheme, "value": value, **query})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def found(self, number: Identifier) -> list[Any]:
        return self.ask(number.scheme, number.value)["members"]

    def lookup(self, *numbers: Identifier) -> list[Any]:
        asked = [{"scheme": one.scheme, "value": one.value} for one in numbers]
        answer = self.http.post(f"{PATH}/lookup", json={"identifiers": asked})
        assert answer.status_code == 200, answer.text
        return answer.json()["answers"]

    def changes(self, after: str | None = None, limit: int = 100) -> Any:
        query = {"limit": limit} | ({} if after is None else {"after": after})
        answer = self.http.get(f"{PATH}/changes", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


def attach(targeting: Targeting, one: Record, number: Identifier, **dates: str) -> Any:
    body = {"mid": number.value, **dates}
    answer = targeting.http.post(f"{PATH}/mx-neec/{one.ref}/mids", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()
