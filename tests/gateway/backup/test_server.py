"""What a backup asks of PostgreSQL's own tools, and what it never tells them."""

import os
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url, text

from gateway import home
from gateway.backup import restoring, server, verifying
from outbox import ledger, restored
from schemas.errors import BadRequest
from tests import servers
from tests.gateway.backup.loss import back_up, empty
from tests.outbox.two_ends import MEXICO
from tests.world import World


def test_without_the_servers_tools_it_says_what_to_install(
    told: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
):
    monkeypatch.setenv("PATH", str(tmp_path))
    if engine == "sqlite":
        assert back_up(told, tmp_path / "b.zip").exists()
        return
    with pytest.raises(BadRequest, match="postgresql-client"):
        back_up(told, tmp_path / "b.zip")
    assert list(tmp_path.glob("*.zip")) == []


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://u:secret-word@db.example/mrx?sslmode=require",
        "postgresql+psycopg://u@db.example/mrx?sslmode=require&password=secret-word",
    ],
)
def test_a_password_is_on_no_command_line(monkeypatch: pytest.MonkeyPatch, address: str):
    seen = []

    def run(command: list[str], **more: object) -> None:
        seen.append((command, more["env"]))

    monkeypatch.setattr(server.subprocess, "run", run)
    server._run(["/usr/bin/pg_dump"], make_url(address))

    command, environment = seen[0]
    assert "secret-word" not in " ".join(command)
    assert command[-1] == "postgresql://u@db.example/mrx?sslmode=require"
    assert environment["PGPASSWORD"] == "secret-word"
    assert os.environ.get("PGPASSWORD") is None


def test_the_passphrase_of_a_client_key_that_no_environment_carries_is_refused():
    address = make_url("postgresql+psycopg://u@db.example/mrx?sslpassword=secret-word")

    with pytest.raises(BadRequest, match="sslpassword") as caught:
        server._run(["/usr/bin/pg_dump"], address)

    assert "secret-word" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_of_a_database_with_other_tables_only_ours_go_in_from_whatever_schema_they_are_in(
    told: World, tmp_path: Path
):
    def led_to(url: URL, *more: str) -> None:
        name = url.database
        servers.execute(url, *more, f"ALTER DATABASE {name} SET search_path = ours")

    url = told.house.database.url
    told.house.database.close()
    led_to(
        url,
        "ALTER SCHEMA public RENAME TO ours",
        "CREATE SCHEMA theirs",
        "CREATE TABLE theirs.secrets AS SELECT 1 AS one",
        "CREATE TABLE ours.notes AS SELECT 1 AS one",
        "CREATE FUNCTION ours.sum_of(a int) RETURNS int LANGUAGE sql AS 'SELECT a'",
    )
    file = back_up(told, tmp_path / "b.zip")
    verifying.verify(file, trusted=[told.house.key.certificate], now=told.clock())

    left = empty(told)
    led_to(left.database_url, "CREATE SCHEMA ours")
    restoring.restore(left, file, by="test", now=told.clock())

    told.house = home.open_home(left)
    with told.house.database.read() as tx:
        assert restored.standing(tx).shut == (MEXICO,)
        there = tx.execute(text("SELECT to_regclass('ours.notes'), to_regclass('theirs.secrets')"))
        assert tuple(there.one()) == (None, None)
        assert ledger.verify(tx).broken_at is None
