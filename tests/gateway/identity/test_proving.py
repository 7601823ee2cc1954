"""Showing again who one is, with a password."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from gateway.console.page import SignedIn
from outbox.house import House
from tests.gateway.console.people import ORIGIN, nobody
from tests.gateway.identity.somebody import GOOD, age, person, sign_in, signed_in


@pytest.fixture
def careful(house: House) -> TestClient:
    """Somebody at a console with an act that asks for proof, who proved it an hour ago."""
    router = APIRouter()

    @router.get("/careful")
    def look(page: SignedIn) -> Any:
        page.demand_proof()
        return page.go("/done")

    @router.post("/careful/act")
    def act(page: SignedIn) -> Any:
        page.demand_proof()
        return page.go("/done")

    client = signed_in(house, person(house))
    age(house, client, proved_at=timedelta(hours=1))
    from starlette.routing import Mount

    app: Any = client.app
    console = next(
        route.app for route in mounted(app) if isinstance(route, Mount) and "console" in route.path
    )
    console.include_router(router)
    return client


def mounted(app: Any) -> Any:
    while not hasattr(app, "routes"):
        app = app.app
    return app.routes


def test_an_act_that_needs_it_shows_the_form_and_leads_back(house: House, careful: TestClient):
    asked = careful.get("/console/careful?n=1")
    assert (asked.status_code, "MRX-7021" in asked.text) == (403, True)
    assert 'value="/console/careful?n=1"' in asked.text

    shown = careful.post("/console/prove", data={"password": GOOD, "to": "/console/careful?n=1"})

    assert (shown.status_code, shown.headers["location"]) == (303, "/console/careful?n=1")
    assert careful.get("/console/careful?n=1").headers["location"] == "/console/done"


def test_a_form_that_needs_it_leads_back_to_its_page(house: House, careful: TestClient):
    page = {"Referer": f"{ORIGIN}/console/careful?n=2"}
    elsewhere = {"Referer": "https://elsewhere.example/console/careful"}

    here = careful.post("/console/careful/act", headers=page)
    away = careful.post("/console/careful/act", headers=elsewhere)

    assert (here.status_code, 'value="/console/careful?n=2"' in here.text) == (403, True)
    assert 'value="/console/"' in away.text


def test_a_wrong_password_proves_nothing_and_is_counted(house: House, careful: TestClient):
    for _ in range(5):
        wrong = careful.post("/console/prove", data={"password": "wrong"})
        assert (wrong.status_code, "MRX-7019" in wrong.text) == (401, True)

    assert "MRX-7020" in careful.post("/console/prove", data={"password": GOOD}).text
    assert careful.get("/console/careful").status_code == 403


def test_a_proof_lasts_ten_minutes(house: House, careful: TestClient):
    age(house, careful, proved_at=timedelta(minutes=9))
    assert careful.get("/console/careful").status_code == 303
    age(house, careful, proved_at=timedelta(minutes=11))
    assert careful.get("/console/careful").status_code == 403


@pytest.mark.parametrize(
    "to",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/console\\..\\elsewhere",
        "/console/\r\nSet-Cookie: x=y",
        "/console/\\elsewhere.example",
        "/consoleelsewhere",
        "",
    ],
)
def test_nobody_is_led_elsewhere(house: House, to: str):
    user = person(house)

    signing = sign_in(nobody(house), user, to=to)
    proving = signed_in(house, user).post("/console/prove", data={"password": GOOD, "to": to})

    assert signing.headers["location"] == proving.headers["location"] == "/console/"
