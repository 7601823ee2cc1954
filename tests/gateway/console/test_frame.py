"""What holds for every page of the console: who may see it, and whose forms count."""

import re
from datetime import UTC, datetime

import pytest

from gateway.console.guard import POLICY
from gateway.identity import users
from gateway.identity.roles import Role
from outbox.house import House
from schemas.tables import ledger
from tests.gateway.console.people import at_console, nobody
from tests.world import World


@pytest.fixture
def house(small_world: World) -> House:
    return small_world.house


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(house: House):
    client = nobody(house)
    with house.database.write() as tx:
        now = datetime.now(UTC)
        users.create(tx, "vera", {Role.VIEWER}, by="test", now=now, password="correct horse 12")

    asked = client.get("/console/")
    form = {"name": "vera", "password": "correct horse 12", "to": "/console/"}
    signed_in = client.post("/console/login", data=form)

    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/console/login?to=/console/",
    )
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/console/")
    assert "__Host-mrx=" in signed_in.headers["set-cookie"]
    assert re.search("HttpOnly", signed_in.headers["set-cookie"])


@pytest.mark.parametrize("to", ["https://elsewhere.example/", "//elsewhere.example", "", "/v1/ops"])
def test_nobody_is_sent_elsewhere_after_signing_in(house: House, to: str):
    with house.database.write() as tx:
        now = datetime.now(UTC)
        users.create(tx, "vera", {Role.VIEWER}, by="test", now=now, password="correct horse 12")

    form = {"name": "vera", "password": "correct horse 12", "to": to}
    answer = nobody(house).post("/console/login", data=form)

    assert answer.headers["location"] == "/console/"


@pytest.mark.parametrize(("name", "password"), [("vera", "wrong"), ("nobody", "correct horse 12")])
def test_a_wrong_name_and_a_wrong_password_are_answered_alike(
    house: House, name: str, password: str
):
    with house.database.write() as tx:
        now = datetime.now(UTC)
        users.create(tx, "vera", {Role.VIEWER}, by="test", now=now, password="correct horse 12")

    answer = nobody(house).post("/console/login", data={"name": name, "password": password})

    assert answer.status_code == 401
    assert "MRX-7019" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="typed"),
        pytest.param({"Sec-Fetch-Site": "", "Origin": "https://testserver"}, id="empty"),
    ],
)
def test_a_form_from_elsewhere_is_refused(house: House, headers: dict[str, str]):
    client = at_console(house, "vera", {Role.VIEWER})

    answer = client.post("/console/logout", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "MRX-7018")
    assert client.get("/console/").status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"), [("https://testserver", 303), ("https://other.example", 403), ("", 403)]
)
def test_a_browser_without_fetch_metadata_goes_by_its_origin(
    house: House, origin: str, status: int
):
    client = at_console(house, "vera", {Role.VIEWER})
    del client.headers["Sec-Fetch-Site"]

    answer = client.post("/console/logout", headers={"Origin": origin} if origin else {})

    assert answer.status_code == status


def test_signing_out_ends_the_session(house: House):
    client = at_console(house, "vera", {Role.VIEWER})
    cookies = dict(client.cookies)

    assert client.post("/console/logout").status_code == 303
    client.cookies.update(cookies)
    assert client.get("/console/").status_code == 303


def test_every_answer_carries_the_policy(house: House):
    client = at_console(house, "vera", {Role.VIEWER})

    for path in ("/console/", "/console/login", "/console/nothing", "/console/static/console.css"):
        answer = client.get(path)
        assert answer.headers["content-security-policy"] == POLICY
        assert "style=" not in answer.text


def test_a_page_that_a_role_may_not_see_is_refused_and_kept(house: House):
    client = at_console(house, "nobody", set())

    answer = client.get("/console/")

    assert answer.status_code == 403
    assert "MRX-7017" in answer.text
    with house.database.read() as tx:
        kinds = [row.kind for row in tx.execute(ledger.select())]
    assert "act refused" in kinds
