"""A browser between the console and an identity provider, for tests."""

from typing import Any

import httpx2
from fastapi.testclient import TestClient
from httpx2 import Response

from gateway.console.page import COOKIE
from outbox.house import House
from schemas.tables import ledger
from tests.gateway.console.people import ORIGIN, nobody
from tests.gateway.identity.provider import CLIENT, SECRET, Provider


def at(house: House, there: Provider, **more: object) -> TestClient:
    """A browser at a console that has this provider."""
    settings: dict[str, object] = {
        "console_url": f"{ORIGIN}/console",
        "oidc_issuer": there.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
    }
    return nobody(house, **(settings | more))


def go_there(client: TestClient, path: str = "/console/oidc?to=/console/") -> str:
    """To the provider, and the address it sends the browser back to."""
    away = client.get(path)
    assert away.status_code == 303, away.text
    answer = httpx2.get(away.headers["location"])
    back: str = answer.headers["location"]
    assert back.startswith(f"{ORIGIN}/console/oidc/callback?")
    return back.removeprefix(ORIGIN)


def sign_in(client: TestClient) -> Response:
    answer: Response = client.get(go_there(client))
    return answer


def entries(house: House, kind: str) -> list[Any]:
    with house.database.read() as tx:
        return [row.entry for row in tx.execute(ledger.select().where(ledger.c.kind == kind))]


def refused(client: TestClient, why: str) -> None:
    """See that nobody comes in, for this reason."""
    answer = sign_in(client)

    assert answer.status_code == 401
    assert "MRX-7027" in answer.text
    assert f"why: {why}" in answer.text
    assert COOKIE not in client.cookies
