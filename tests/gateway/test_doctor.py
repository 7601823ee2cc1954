"""The doctor finds what is really wrong: each step is made to fail, or to warn, by the thing itself."""

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, delete

from gateway import doctor, home, own_keys
from gateway.checkup.finding import Result, Step
from gateway.cli import here
from gateway.doctor import data
from gateway.doctor.case import Bounds
from gateway.settings import Settings
from outbox.house import House
from partners import consents
from schemas import postgresql, sqlite
from schemas.errors import NotReady
from schemas.tables import ledger_head
from signing import keys
from tests import servers, world
from tests.world import START, World, written

OK, WARNING, FAILED, SKIPPED = Result.OK, Result.WARNING, Result.FAILED, Result.SKIPPED


def now() -> datetime:
    return datetime.now(UTC)


def examined(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = now,
    environment: dict[str, str] | None = None,
    **bounds: object,
) -> dict[str, Step]:
    """What each step found."""
    found = doctor.examine(
        lambda: settings, environment=environment or {}, clock=clock, bounds=Bounds(**bounds)
    )
    steps = {step.step: step for step in found.steps}
    assert len(steps) == len(found.steps)
    assert found.well == all(step.result is not FAILED for step in found.steps)
    # Whoever is told of trouble is told what to do about it.
    assert all(step.next for step in found.steps if step.result in {WARNING, FAILED})
    return steps


# -- this host -------------------------------------------------------------------------------------


@pytest.fixture
def ours(small_world: World) -> Settings:
    small_world.house.folder.chmod(0o700)
    return world.settings(small_world.house)


def test_a_good_home_is_well(small_world: World, ours: Settings):
    small_world.push(world.member("10000001"))
    small_world.grant("10000001")

    steps = examined(ours, clock=lambda: small_world.clock.now)

    assert {step.result for step in steps.values()} == {OK}


def test_it_changes_nothing(small_world: World, ours: Settings):
    def content() -> dict[str, bytes]:
        files = [file for file in ours.home.rglob("*") if file.is_file()]
        return {str(file): file.read_bytes() for file in files if not file.name.endswith("-shm")}

    examined(ours)
    before = content()
    examined(ours)

    assert content() == before


def test_it_waits_for_nobody_who_writes(small_world: World, ours: Settings):
    with small_world.house.database.write():
        assert examined(ours)["ledger"].result is OK


def test_where_there_is_nothing_it_says_how_to_begin(tmp_path: Path):
    steps = examined(Settings(home=tmp_path / "none"))

    assert steps["home folder"].result is FAILED
    assert "mrx init" in steps["home folder"].next
    assert steps["key"].result is steps["certificate"].result is SKIPPED
    assert "MRX-9001" in steps["database"].sentence
    assert not (tmp_path / "none").exists()


def test_a_setting_that_cannot_be_used_stops_what_leads_on_from_it(monkeypatch):
    monkeypatch.setenv("MRX_REQUEST_SECONDS", "soon")

    found = doctor.examine(here.settings, environment={}, clock=now)
    steps = {step.step: step for step in found.steps}

    assert not found.well
    assert "MRX_REQUEST_SECONDS" in steps["settings"].sentence
    assert steps["environment"].result is OK
    assert steps["home folder"].result is steps["database"].result is SKIPPED


def test_a_misspelt_setting_is_a_warning_with_the_likely_name(ours: Settings):
    said = examined(
        ours,
        environment={"MRX_HOEM": "/srv", "MRX_DATABASE_URI": "x", "mrx_home": "y", "HOME": "/"},
    )["environment"]

    assert said.result is WARNING
    assert "MRX_HOEM" in said.sentence
    assert "mrx_home" not in said.sentence
    assert said.next == "unset it, or write MRX_DATABASE_URL, MRX_HOME"


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701])
def test_a_folder_open_to_others_fails(mode: int, ours: Settings):
    ours.home.chmod(mode)

    said = examined(ours)["privacy"]

    assert said.result is FAILED
    assert f"{mode:04o}" in said.sentence


def test_a_folder_that_takes_no_file_fails():
    # As root nothing is read-only: /proc takes no file from anyone.
    steps = examined(Settings(home=Path("/proc/self/fd")), clock=now)

    assert steps["home folder"].result is FAILED
    assert steps["disk"].result is SKIPPED


@pytest.mark.skipif(os.geteuid() != 0, reason="allowed: only root can give a folder away")
def test_whoever_is_not_the_owner_is_told(ours: Settings):
    os.chown(ours.home, 12345, -1)

    said = examined(ours)["home folder"]

    assert said.result is WARNING
    assert "of user 12345" in said.sentence


def test_a_file_open_to_others_fails(ours: Settings):
    (ours.home / home.DATABASE).chmod(0o644)

    assert "chmod 600" in examined(ours)["privacy"].next


def test_a_full_disk_fails_and_one_that_fills_warns(ours: Settings):
    everything = 1 << 60

    assert examined(ours, disk_low=everything)["disk"].result is WARNING
    assert examined(ours, disk_full=everything)["disk"].result is FAILED


def test_a_key_that_is_missing_or_open_fails(ours: Settings):
    key = ours.home / own_keys.KEY
    key.chmod(0o640)
    steps = examined(ours)
    assert "MRX-9004" in steps["key"].sentence
    assert steps["certificate"].result is SKIPPED

    key.unlink()
    assert "missing" in examined(ours)["key"].sentence


def test_an_interrupted_change_of_keys_is_a_warning(small_world: World, ours: Settings):
    following = ours.home / own_keys.NEXT
    own_keys.stage(small_world.house, ours.home, by="test", now=START)
    following.replace(ours.home / own_keys.KEY)  # killed after the second step

    steps = examined(ours, clock=small_world.clock)

    assert steps["key"].result is WARNING
    assert steps["certificate"].result is SKIPPED
    assert following.with_suffix(".crt").exists()


@pytest.mark.parametrize(
    ("made", "result"),
    [
        (START - keys.LIFE - timedelta(days=1), FAILED),
        (START - keys.LIFE + timedelta(days=29), WARNING),
        (START - keys.LIFE + timedelta(days=31), OK),
        (START + timedelta(days=1), FAILED),
    ],
    ids=["ended", "ends soon", "lasts", "begins later"],
)
def test_the_dates_of_our_certificate_count(made: datetime, result: Result, tmp_path: Path):
    (tmp_path / "keys").mkdir()
    tmp_path.chmod(0o700)
    keys.create(tmp_path / own_keys.KEY, "mrx us-ctpat", made, kind="p256")

    assert examined(Settings(home=tmp_path), clock=lambda: START)["certificate"].result is result


# -- what is kept ----------------------------------------------------------------------------------


def test_an_old_sqlite_is_refused(ours: Settings, monkeypatch):
    monkeypatch.setattr(sqlite, "SQLITE_MIN", (99, 0, 0))

    steps = examined(ours)

    assert "MRX-9005" in steps["database"].sentence
    assert steps["schema"].result is SKIPPED


def test_a_file_that_is_no_database_fails_and_the_rest_is_still_looked_at(ours: Settings):
    for beside in ours.home.glob("mrx.db-*"):
        beside.unlink()
    (ours.home / home.DATABASE).write_bytes(b"Invented Company 10000001 " * 400)

    steps = examined(ours)

    assert steps["schema"].result is FAILED
    assert "Invented" not in steps["schema"].sentence
    assert steps["key"].result is OK


@pytest.mark.parametrize("found", ["0001", "9999"])
def test_another_schema_fails(found: str, small_world: World, ours: Settings):
    with small_world.house.database.write() as tx:
        tx.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{found}'")

    steps = examined(ours)

    assert steps["schema"].result is FAILED
    assert found in steps["schema"].sentence
    assert ("mrx init" in steps["schema"].next) == (found == "0001")
    assert steps["feeds"].result is SKIPPED


def test_a_ledger_without_a_head_fails(small_world: World, ours: Settings):
    with small_world.house.database.write() as tx:
        tx.execute(delete(ledger_head))

    assert examined(ours)["ledger"].result is FAILED


def test_a_feed_that_is_silent_for_too_long_is_a_warning(small_world: World, ours: Settings):
    assert "never heard" in examined(ours, clock=small_world.clock)["feeds"].sentence

    with small_world.house.database.write() as tx:
        consents.heard(tx, small_world.clock())
    assert examined(ours, clock=small_world.clock)["feeds"].result is OK

    small_world.clock.forward(hours=73)
    assert "73.0 h" in examined(ours, clock=small_world.clock)["feeds"].sentence
    assert examined(ours, clock=small_world.clock)["feeds"].result is WARNING


# -- a PostgreSQL server ---------------------------------------------------------------------------


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


# -- Redis, of the engine celery ---------------------------------------------------------------------


@pytest.fixture
def redis() -> Iterator[servers.Redis]:
    with tempfile.TemporaryDirectory(prefix="mrx-redis-") as folder:  # a socket's path is short
        started = servers.Redis(Path(folder))
        yield started
        started.stop()


@pytest.fixture
def woken(ours: Settings, redis: servers.Redis) -> Settings:
    """The settings of a gateway whose workers are woken over Redis."""
    return Settings(home=ours.home, engine="celery", broker_url=redis.url)


def test_without_celery_nobody_asks_for_redis(ours: Settings):
    assert "redis" not in examined(ours)


def test_a_good_redis_is_well(woken: Settings):
    steps = examined(woken)

    assert {steps[name].result for name in ("redis", "eviction", "persistence", "redis clock")} == {
        OK
    }


def test_workers_on_a_file_are_a_warning(woken: Settings, ours: Settings):
    assert examined(woken)["database"].result is WARNING
    assert examined(ours)["database"].result is OK


def test_celery_without_a_broker_names_the_setting(monkeypatch):
    monkeypatch.setenv("MRX_ENGINE", "celery")

    found = doctor.examine(here.settings, environment={}, clock=now)

    assert "MRX_BROKER_URL" in found.steps[0].sentence
    assert not found.well


def test_a_redis_that_does_not_answer_fails_soon_and_keeps_the_password(ours: Settings):
    url = "redis://:very-secret@127.0.0.1:1/0"

    steps = examined(Settings(home=ours.home, engine="celery", broker_url=url))

    assert steps["redis"].result is FAILED
    assert "very-secret" not in str(steps)
    assert steps["eviction"].result is SKIPPED


def test_a_redis_that_hangs_is_not_waited_for(woken: Settings, redis: servers.Redis):
    redis._server.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        steps = examined(woken, answer_seconds=0.2)
        assert time.monotonic() - began < 5
    finally:
        redis._server.send_signal(signal.SIGCONT)

    assert steps["redis"].result is FAILED


def test_a_redis_with_another_password_fails(woken: Settings, redis: servers.Redis):
    redis.client.config_set("requirepass", "very-secret")

    assert examined(woken)["redis"].result is FAILED


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_redis_that_evicts_fails(policy: str, woken: Settings, redis: servers.Redis):
    redis.client.config_set("maxmemory-policy", policy)

    said = examined(woken)["eviction"]

    assert said.result is FAILED
    assert policy in said.sentence


def test_a_redis_that_cannot_save_is_a_warning(woken: Settings, redis: servers.Redis):
    (redis._home / "dump.rdb").mkdir()  # what it renames into place has no place
    redis.client.bgsave()
    while redis.client.info("persistence")["rdb_bgsave_in_progress"]:
        time.sleep(0.01)

    assert examined(woken)["persistence"].result is WARNING


@pytest.mark.parametrize(
    ("off", "result"), [(timedelta(seconds=5), WARNING), (timedelta(seconds=90), FAILED)], ids=str
)
def test_a_redis_whose_clock_differs_is_found(off: timedelta, result: Result, woken: Settings):
    assert examined(woken, clock=lambda: now() + off)["redis clock"].result is result


def test_workers_that_wait_are_seen_and_none_is_a_warning(woken: Settings, redis: servers.Redis):
    assert examined(woken)["workers"].result is WARNING

    waiting = threading.Thread(target=lambda: redis.client.brpop("mrx:routine", 5))
    waiting.start()
    try:
        while not redis.client.info("clients")["blocked_clients"]:
            time.sleep(0.01)
        assert examined(woken)["workers"].result is OK
    finally:
        redis.client.lpush("mrx:routine", "go")
        waiting.join()
