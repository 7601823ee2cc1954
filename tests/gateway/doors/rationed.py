"""A server that answers each credential a few times only, and clients that ask it."""

from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from gateway.api import rates
from gateway.app import build
from gateway.settings import Settings
from outbox.house import House

HERE, THERE, PROXY = "192.0.2.10", "203.0.113.66", "10.0.0.7"
AGREEMENT = "/v1/partner/agreement"
PAGE = "/console/account"
FEW = 3
SETTINGS = {
    "requests_per_second": FEW / rates.BURST_SECONDS,
    "session_requests_per_second": FEW / rates.BURST_SECONDS,
    "wrong_credentials_per_minute": FEW,
}


def server(house: House, **settings: Any) -> FastAPI:
    return build(house, Settings(home=house.folder, **{**SETTINGS, **settings}))


def at(app: FastAPI, address: str = HERE, **fields: str) -> TestClient:
    return TestClient(
        app,
        base_url="https://testserver",
        client=(address, 50_000),
        headers={"Sec-Fetch-Site": "same-origin", **fields},
        follow_redirects=False,
    )


def limited(answer: Response, code: str = "MRX-7034") -> None:
    assert answer.status_code == 429
    assert code in answer.text
    assert int(answer.headers["retry-after"]) >= 1


def statuses(answers: list[Response]) -> list[int]:
    return [answer.status_code for answer in answers]
