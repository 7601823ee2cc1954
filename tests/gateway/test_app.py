"""The HTTP side: what a partner's machine gets back, and what nobody ever does."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from gateway.app import build
from gateway.settings import Settings
from outbox import batch
from schemas.tables import home
from signing.open import open_sealed
from tests.world import START, World, member


@pytest.fixture
def client(small_world: World) -> TestClient:
    """Mexico's end, over HTTP."""
    settings = Settings(home=small_world.partners["mx-neec"].folder)
    return TestClient(build(small_world.partners["mx-neec"], settings))


@pytest.fixture
def sealed(small_world: World) -> bytes:
    """A batch of ours that nobody has answered yet."""
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.wire.plan = ["never arrived"]
    small_world.deliver(rounds=1)
    with small_world.house.database.read() as tx:
        return batch.file(tx, 1, 1)


@pytest.mark.parametrize("path", ["partner/batches/", "source/members/", "ops/overview/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_address_that_is_none_is_no_way_to_another(client: TestClient, method: str, path: str):
    """A redirect would name a place made of the caller's Host, and have what was signed sent twice."""
    answer = client.request(method, f"/v1/{path}", follow_redirects=False)

    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_a_batch_is_answered_with_a_signed_receipt(
    client: TestClient, sealed: bytes, small_world: World
):
    answer = client.post("/v1/partner/batches", content=sealed)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pkcs7-mime")
    theirs = [small_world.partners["mx-neec"].key.certificate]
    assert b"<Verdict>all</Verdict>" in open_sealed(answer.content, theirs, START).content


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"", 403, "MRX-3002", id="nothing"),
        pytest.param(b"hello", 403, "MRX-3002", id="no CMS file"),
        pytest.param(b"\0" * ((32 << 20) + 1), 413, "MRX-3001", id="too large"),
    ],
)
def test_nonsense_is_a_problem_with_a_code(client: TestClient, body: bytes, status: int, code: str):
    answer = client.post("/v1/partner/batches", content=body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code


def test_a_changed_byte_is_not_believed(client: TestClient, sealed: bytes):
    spoiled = bytearray(sealed)
    spoiled[spoiled.index(b"Invented")] ^= 1

    answer = client.post("/v1/partner/batches", content=bytes(spoiled))

    assert (answer.status_code, answer.json()["code"]) == (403, "MRX-3010")


def test_a_receipt_for_nothing_is_refused(client: TestClient, sealed: bytes):
    assert client.post("/v1/partner/receipts", content=sealed).status_code in {409, 422}


def test_live_and_ready(small_world: World):
    ours = TestClient(build(small_world.house, Settings(home=small_world.house.folder)))
    assert ours.get("/health/live").json() == {"status": "live", "home": "us-ctpat"}

    silent = ours.get("/health/ready")
    assert silent.status_code == 503
    assert silent.json()["checks"]["consent feed"] == "MRX-2207"


def test_ready_says_what_lacks(small_world: World):
    from datetime import UTC, datetime

    with small_world.house.database.write() as tx:
        tx.execute(update(home).values(consents_as_of=datetime.now(UTC)))
    app = build(small_world.house, Settings(home=small_world.house.folder))
    ready = TestClient(app).get("/health/ready")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)

    with small_world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = 'other'")
    assert TestClient(app).get("/health/ready").json()["checks"]["schema"] == "MRX-9002"


def test_what_breaks_inside_says_nothing_of_what_it_held(
    client: TestClient, sealed: bytes, small_world: World, caplog: pytest.LogCaptureFixture
):
    with small_world.partners["mx-neec"].database.write() as tx:
        tx.exec_driver_sql("DROP TABLE foreign_members")

    answer = client.post("/v1/partner/batches", content=sealed)

    assert (answer.status_code, answer.json()["code"]) == (500, "MRX-9999")
    assert "OperationalError" in caplog.text
    assert "Invented Company" not in answer.text + caplog.text


def test_no_page_from_elsewhere(client: TestClient):
    assert client.get("/docs").status_code == 404
