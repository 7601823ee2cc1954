"""What the doctor finds of a PostgreSQL server: each thing is really set wrongly."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL

from gateway.checkup.finding import Result
from gateway.doctor import data
from gateway.settings import Settings
from outbox.house import House
from partners import consents
from schemas import postgresql
from schemas.errors import NotReady
from tests import servers, world
from tests.gateway.doctor.examined import FAILED, OK, SKIPPED, WARNING, examined, now
from tests.world import written


@pytest.fixture(scope="module")
def firm() -> Iterator[world.Server]:
    """A server as operators should have it: nothing is relaxed."""
    with tempfile.TemporaryDirectory(prefix="mrx-pg-", ignore_cleanup_errors=True) as folder:
        started = servers.Postgres(Path(folder))
        yield world.Server(started.url)
        started.stop()  # with all its databases: to drop each takes a second where fsync is on


@pytest.fixture
def house(firm: world.Server, tmp_path: Path, key_files: dict[str, Path]) -> Iterator[House]:
    """us-ctpat, with its data on that server."""
    made = world.make(tmp_path, "us-ctpat", key_files["us-ctpat"], server=firm)
    tmp_path.chmod(0o700)
    with made.database.write() as tx:
        consents.heard(tx, now())
    yield made
    made.database.close()


@pytest.fixture
def there(house: House) -> Settings:
    return world.settings(house)


def order(house: House, sentence: str) -> None:
    """Tell the server something about this gateway's database: `{}` is its name."""
    url: URL = house.database.url
    servers.execute(url, sentence.format(url.database))
    house.database.close()


@pytest.mark.slow
def test_a_good_server_is_well(there: Settings):
    steps = examined(there)

    assert {step.result for step in steps.values()} == {OK}
    assert {"encoding", "durability", "isolation", "connections", "database clock"} <= steps.keys()


def test_a_server_that_does_not_answer_fails(tmp_path: Path):
    url = f"postgresql+psycopg://mrx:very-secret@/mrx?host={tmp_path}"

    steps = examined(Settings(home=tmp_path, database_url=url))

    assert "MRX-9014" in steps["database"].sentence
    assert "very-secret" not in str(steps)
    assert steps["durability"].result is steps["schema"].result is SKIPPED


def test_a_database_that_is_not_there_is_named(there: Settings):
    url = written(there.database_url.set(database="mrx_elsewhere"))

    said = examined(Settings(home=there.home, database_url=url))["database"].sentence

    assert 'database "mrx_elsewhere" does not exist' in said


def test_an_old_server_fails(there: Settings, monkeypatch):
    monkeypatch.setattr(data, "VERSION_MIN", 99)

    assert examined(there)["database"].result is FAILED


def test_a_server_that_takes_no_writes_fails(house: House, there: Settings):
    order(house, "ALTER DATABASE {} SET default_transaction_read_only TO on")

    assert "takes no writes" in examined(there)["database"].sentence
    with pytest.raises(NotReady), house.database.write() as tx:  # and it is true
        consents.heard(tx, now())


def test_text_in_another_encoding_fails(there: Settings):
    server = there.database_url
    name = f"{server.database}_ascii"
    servers.execute(server, f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0")

    said = examined(Settings(home=there.home, database_url=written(server.set(database=name))))

    assert said["encoding"].result is FAILED
    assert "in SQL_ASCII" in said["encoding"].sentence


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_a_power_cut_would_hurt_fails(setting: str):
    with tempfile.TemporaryDirectory(prefix="mrx-pg-", ignore_cleanup_errors=True) as folder:
        server = servers.Postgres(Path(folder), f"{setting}=off")
        try:
            steps = examined(Settings(home=Path(folder), database_url=written(server.url)))
        finally:
            server.stop()

    assert steps["durability"].result is FAILED
    assert f": {setting} off" in steps["durability"].sentence
    assert "MRX-9001" in steps["schema"].sentence  # nobody has made anything there


def test_commits_that_are_not_waited_for_fail(house: House, there: Settings):
    order(house, "ALTER DATABASE {} SET synchronous_commit TO off")

    assert examined(there)["durability"].result is FAILED


def test_another_isolation_by_default_is_a_warning(house: House, there: Settings):
    order(house, "ALTER DATABASE {} SET default_transaction_isolation TO 'repeatable read'")

    assert examined(there)["isolation"].result is WARNING


@pytest.mark.parametrize(
    ("limit", "result"),
    [(postgresql.CONNECTIONS - 1, FAILED), (postgresql.CONNECTIONS, WARNING)],
)
def test_too_few_connections_are_found(limit: int, result: Result, house: House, there: Settings):
    order(house, f"ALTER DATABASE {{}} CONNECTION LIMIT {limit}")

    assert examined(there)["connections"].result is result


def test_a_transaction_left_open_is_a_warning(house: House, there: Settings):
    plain = written(house.database.url.set(drivername="postgresql"))
    with psycopg.connect(plain) as forgotten:
        forgotten.execute("SELECT pg_current_xact_id()")

        assert examined(there)["transactions"].result is OK
        assert examined(there, transaction_old=timedelta(0))["transactions"].result is WARNING
        forgotten.rollback()

    assert examined(there, transaction_old=timedelta(0))["transactions"].result is OK


@pytest.mark.slow
@pytest.mark.parametrize(
    ("off", "result"),
    [
        (timedelta(seconds=0.2), OK),
        (timedelta(seconds=5), WARNING),
        (timedelta(seconds=90), FAILED),
    ],
    ids=str,
)
@pytest.mark.parametrize("sign", [1, -1], ids=["ahead", "behind"])
def test_clocks_that_differ_are_found(off: timedelta, sign: int, result: Result, there: Settings):
    assert examined(there, clock=lambda: now() + sign * off)["database clock"].result is result
