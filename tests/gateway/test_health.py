"""Ready means: it can do its work. Each lie it could tell is tried."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from gateway import health, home
from gateway.app import build
from outbox import ledger
from outbox.house import House
from schemas.errors import NotReady
from schemas.postgresql import PostgreSQL
from schemas.tables import home as homes
from schemas.tables import ledger as entries
from signing import keys
from tests.conftest import BOTH, FILE_ONLY, SERVER_ONLY
from tests.world import World, settings

ALL = {"signing", "database", "schema", "consent feed", "restored", "clock", "ledger", "disk"}


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def house(small_world: World) -> House:
    """One that is ready."""
    with small_world.house.database.write() as tx:
        tx.execute(update(homes).values(consents_as_of=datetime.now(UTC)))
    assert lacking(small_world.house) == {}
    return small_world.house


def lacking(house: House, now: datetime | None = None) -> dict[str, str]:
    found = health.checks(house, now=now or datetime.now(UTC))
    assert found.keys() == ALL
    return {name: code for name, code in found.items() if code is not None}


def asked(house: House) -> tuple[int, dict]:
    client = TestClient(build(house, settings(house)))
    assert client.get("/health/live").status_code == 200
    answer = client.get("/health/ready")
    return answer.status_code, answer.json()


def test_all_is_well_and_nothing_is_left_of_the_question(house: House):
    with house.database.read() as tx:
        before = tx.scalar(select(func.count()).select_from(entries))

    status, told = asked(house)

    assert (status, told["ready"], told["checks"]) == (
        200,
        True,
        dict.fromkeys(told["checks"], "ok"),
    )
    with house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(entries)) == before


def test_the_key_file_is_gone(house: House):
    (house.folder / home.KEY).unlink()

    assert lacking(house) == {"signing": "MRX-9004"}
    assert asked(house)[0] == 503


def test_the_key_file_is_open_to_others(house: House):
    (house.folder / home.KEY).chmod(0o644)

    assert lacking(house) == {"signing": "MRX-9004"}


def test_the_certificate_beside_the_key_is_another_keys(house: House, small_world: World):
    theirs = small_world.partners["mx-neec"].folder / home.KEY
    shutil.copy(theirs.with_suffix(".crt"), (house.folder / home.KEY).with_suffix(".crt"))

    assert lacking(house) == {"signing": "MRX-3012"}


def test_our_certificate_has_ended(house: House):
    late = house.key.certificate.not_after + timedelta(days=1)

    assert lacking(house, late)["signing"].startswith("MRX-30")


def test_keys_that_are_being_changed_still_sign(house: House):
    following = house.folder / "keys" / "next.key"
    keys.create(following, "mrx us-ctpat", datetime.now(UTC), kind="p256")
    following.replace(house.folder / home.KEY)  # where a crash leaves it

    assert lacking(house) == {}


def test_the_consent_feed_is_stale(house: House):
    later = datetime.now(UTC) + house.terms.consents_fresh_for + timedelta(minutes=1)

    assert lacking(house, later)["consent feed"] == "MRX-2207"


def test_the_schema_is_a_newer_programs(house: House):
    with house.database.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    assert lacking(house) == {"schema": "MRX-9002"}


def test_the_clock_is_behind_what_was_written(house: House):
    now = datetime.now(UTC)
    with house.database.write() as tx:
        ledger.add(tx, "test", {}, now=now + timedelta(minutes=10))

    assert lacking(house, now) == {"clock": "MRX-9016"}


@SERVER_ONLY
def test_the_clock_is_not_the_database_servers(house: House):
    assert lacking(house, datetime.now(UTC) + timedelta(seconds=30)) == {"clock": "MRX-9016"}


def test_the_disk_is_nearly_full(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: SimpleNamespace(free=100 << 20))

    assert lacking(house) == {"disk": "MRX-9017"}


@FILE_ONLY
def test_the_database_file_was_taken_away_while_it_is_open(house: House):
    (house.folder / home.DATABASE).rename(house.folder / "elsewhere.db")

    found = lacking(house)
    status, told = asked(house)

    assert {found[name] for name in ("database", "schema", "ledger", "clock")} == {"MRX-9001"}
    assert (status, told["feeds"]) == (503, {})


def fill(house: House) -> None:
    while True:
        with house.database.write() as tx:
            ledger.add(tx, "ready?", {}, now=datetime.now(UTC))


@FILE_ONLY
def test_the_disk_has_no_room_for_another_entry(house: House):
    with house.database.write() as tx:
        tx.exec_driver_sql("PRAGMA max_page_count = 1")  # it stays as large as it is
    with pytest.raises(NotReady):
        fill(house)

    assert lacking(house) == {"ledger": "MRX-9007"}


@SERVER_ONLY
def test_the_server_takes_no_writes(house: House):
    with house.database.write() as tx:
        tx.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'standby' USING ERRCODE = '25006'; END $$"
        )
        tx.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON ledger EXECUTE FUNCTION refuse()"
        )

    assert lacking(house) == {"ledger": "MRX-9007"}


@SERVER_ONLY
def test_the_server_is_away(house: House):
    assert isinstance(house.database, PostgreSQL)
    nowhere = PostgreSQL(house.database.url.set(host="127.0.0.1", port=1))

    found = lacking(replace(house, database=nowhere))
    status, told = asked(replace(house, database=nowhere))

    assert {found[name] for name in ("database", "schema", "ledger", "clock")} == {"MRX-9014"}
    assert (status, told["feeds"]) == (503, {})


def test_no_ledger_head_no_writing(house: House):
    with house.database.write() as tx:
        tx.exec_driver_sql("DELETE FROM ledger_head")

    assert lacking(house) == {"ledger": "MRX-9007"}
