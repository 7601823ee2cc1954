"""Showing again who one is, with a password."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Never

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from sqlalchemy import Connection

from gateway.console.page import COOKIE, SignedIn
from gateway.identity import passwords, sessions, signing_in, turns
from outbox.house import House
from schemas.errors import BadRequest, NotReady
from tests.gateway.console.people import ORIGIN, nobody
from tests.gateway.identity.somebody import GOOD, age, entries, person, sign_in, signed_in

ANOTHER = """
import sys
from gateway.home import open_home
from gateway.settings import Settings
from tests.gateway.console.people import nobody
from gateway.console.page import COOKIE

home, held = sys.argv[1:]
client = nobody(open_home(Settings(home=home)))
client.cookies.set(COOKIE, held)
for _ in range(2):
    print(client.post("/console/prove", data={"password": "wrong"}).status_code)
"""


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


def test_a_wrong_password_proves_nothing_and_the_fifth_ends_the_session(house: House):
    user = person(house)
    client, other = signed_in(house, user), signed_in(house, user)
    held = client.cookies[COOKIE]
    for _ in range(4):
        wrong = client.post("/console/prove", data={"password": "wrong"})
        assert (wrong.status_code, "MRX-7019" in wrong.text) == (401, True)

    fifth = client.post("/console/prove", data={"password": "wrong"})

    assert fifth.headers["location"] == "/console/login?said=proofs-wrong"
    said = client.get(fifth.headers["location"]).text
    assert "Five wrong passwords in a row: you are signed out." in said
    assert "ask an administrator" in said
    client.cookies.set(COOKIE, held)
    assert client.get("/console/account").status_code == 303
    assert other.get("/console/account").status_code == 200
    refused = entries(house, "sign-in refused", user)
    assert [entry["signed_out"] for entry in refused] == [False] * 4 + [True]
    assert sign_in(nobody(house), user).status_code == 303  # the name itself is not locked


def test_after_the_fifth_wrong_one_the_way_leads_back_to_what_was_asked_for(house: House):
    user = person(house)
    client = signed_in(house, user)
    form = {"password": "wrong", "to": "/console/approvals/00aa00aa00aa"}

    fifth = [client.post("/console/prove", data=form) for _ in range(5)][-1]

    login = client.get(fifth.headers["location"]).text
    assert "Five wrong passwords" in login
    assert 'value="/console/approvals/00aa00aa00aa"' in login


@pytest.mark.slow
def test_wrong_ones_of_a_session_count_at_whatever_server_they_are_given(house: House):
    client = signed_in(house, person(house))
    for _ in range(3):
        client.post("/console/prove", data={"password": "wrong"})

    said = subprocess.run(
        [sys.executable, "-c", ANOTHER, house.folder, client.cookies[COOKIE]],
        cwd=Path(__file__).parents[3],
        check=True,
        capture_output=True,
        timeout=60,
    ).stdout

    assert said.split() == [b"401", b"303"]
    assert client.get("/console/account").status_code == 303


@pytest.mark.slow
def test_a_right_password_begins_the_count_of_the_session_again(house: House):
    client = signed_in(house, person(house))

    for password in (*["wrong"] * 4, GOOD) * 2:
        client.post("/console/prove", data={"password": password})

    assert client.get("/console/account").status_code == 200


def test_of_many_guesses_at_once_in_a_session_five_are_looked_at(house: House, monkeypatch):
    client, looked = signed_in(house, person(house)), []
    monkeypatch.setattr(passwords, "holds", lambda *_: bool(looked.append(1)))
    monkeypatch.setattr(turns, "SECONDS", 30)  # however slow this machine is
    with house.database.read() as tx:
        session = sessions.find(tx, client.cookies[COOKIE], now=datetime.now(UTC))
    assert session is not None
    gate = threading.Barrier(12)

    def guess(_: int) -> str:
        gate.wait()
        with pytest.raises(BadRequest) as refused:
            signing_in.again(house, session, "wrong", now=datetime.now(UTC))
        return refused.value.code

    with ThreadPoolExecutor(12) as pool:
        codes = sorted(pool.map(guess, range(12)))

    assert len(looked) == 5
    assert codes == ["MRX-7019"] * 4 + ["MRX-7020"] * 8


def test_a_session_whose_end_could_not_be_kept_ends_with_the_next_try(house: House, monkeypatch):
    client = signed_in(house, person(house))
    for _ in range(4):
        client.post("/console/prove", data={"password": "wrong"})
    with house.database.read() as tx:
        session = sessions.find(tx, client.cookies[COOKIE], now=datetime.now(UTC))
    assert session is not None

    write = house.database.write

    def once(**which: str) -> AbstractContextManager[Connection]:
        patched.setattr(house.database, "write", full)  # the try is counted, its end is not kept
        return write(**which)

    def full(**_: str) -> Never:
        raise NotReady("MRX-9007")

    with monkeypatch.context() as patched:
        patched.setattr(house.database, "write", once)
        with pytest.raises(NotReady):
            signing_in.again(house, session, "wrong", now=datetime.now(UTC))
    answer = client.post("/console/prove", data={"password": GOOD})

    assert answer.headers["location"].startswith("/console/login")
    with house.database.read() as tx:
        assert sessions.count(tx, session.user, now=datetime.now(UTC)) == 0


def test_strangers_who_lock_a_name_keep_nobody_who_is_signed_in_from_proving(house: House):
    user = person(house)
    client, stranger = signed_in(house, user), nobody(house)
    for _ in range(6):
        sign_in(stranger, user, "guess")

    assert client.post("/console/prove", data={"password": GOOD}).status_code == 303


def test_a_flood_of_strangers_keeps_nobody_from_proving(house: House, monkeypatch):
    client = signed_in(house, person(house))
    look, going, go_on = passwords.holds, threading.Semaphore(0), threading.Event()

    def slowly(password: str, kept: str | None) -> bool:
        if kept is None:
            going.release()
            go_on.wait(30)
        return look(password, kept)

    monkeypatch.setattr(passwords, "holds", slowly)
    form = {"name": "nobody-of-that-name", "password": "guess"}
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(nobody(house).post, "/console/login", data=form)
        came = [going.acquire(timeout=15) for _ in range(4)]
        proved = client.post("/console/prove", data={"password": GOOD})
        go_on.set()

    assert all(came)
    assert proved.status_code == 303


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
