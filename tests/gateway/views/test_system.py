"""Does the gateway work? Each thing that can be wrong is a line, and nobody is asked for it."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import update

from gateway.acts import ledgers
from gateway.checkup.finding import Result
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from gateway.own_keys import KEY
from gateway.settings import Settings
from gateway.views import system as view
from gateway.views.system import Line
from schemas.tables import connection_tests, ledger
from tests import world
from tests.conftest import BOTH
from tests.world import START, Clock, World, member

OK, WARNING, FAILED, SKIPPED = Result.OK, Result.WARNING, Result.FAILED, Result.SKIPPED
AUDITOR = Actor("otto", rights({Role.AUDITOR}))


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def ours(small_world: World) -> World:
    """A gateway in order: fed, walked, its lanes worked."""
    small_world.clock = small_world.wire.clock = Clock(datetime.now(UTC))  # as a server's
    small_world.house.folder.chmod(0o700)
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    ledgers.verify(small_world.house, AUDITOR, now=small_world.clock())
    return small_world


def looked(one: World, *, now: datetime | None = None, **more: object) -> dict[str, Line]:
    settings = world.settings(one.house, **more)
    found = view.system(one.house, settings, {}, now=now or one.clock.now)
    lines = {line.name: line for line in found.lines}
    assert len(lines) == len(found.lines)
    assert found.well == (FAILED not in {line.result for line in found.lines})
    # Whoever is told of trouble is told what to do about it.
    assert all(line.next for line in found.lines if line.result in {WARNING, FAILED})
    return lines


@pytest.fixture
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection to anybody but what is open."""

    def refused(*_: object) -> None:
        raise AssertionError("somebody was asked over the network")

    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def test_a_gateway_in_order_is_well_on_every_line(ours: World):
    lines = looked(ours, now=datetime.now(UTC))  # a server's clock goes on

    assert {line.result for line in lines.values()} == {OK}, lines
    known = {name: line.known_at for name, line in lines.items()}
    for name in ("workers", "ledger", "feeds"):
        assert START < known[name] < known["disk"]
    assert known["partners"] is None  # nobody was tested yet
    assert known["engine"] == known["disk"]
    assert "whole up to entry" in lines["ledger"].sentence


@pytest.mark.usefixtures("nobody_is_asked")
def test_a_broker_is_not_asked_and_the_line_says_so(ours: World):
    lines = looked(ours, engine="celery", broker_url="redis://marked.invalid:6379/0")

    assert lines["engine"].result is SKIPPED
    assert "`mrx doctor`" in str(lines["engine"].next)
    assert lines["engine"].known_at == lines["workers"].known_at


def test_a_stale_feed_and_a_clock_that_went_back_are_wrong(ours: World):
    later = looked(ours, now=ours.clock.now + timedelta(days=5))
    assert later["feeds"].result is FAILED
    assert "MRX-2207" in later["feeds"].sentence
    assert later["feeds"].known_at is not None

    before = looked(ours, now=ours.clock.now - timedelta(days=1))
    assert before["clock"].result is FAILED


def test_lanes_that_nobody_works_are_wrong(ours: World):
    ours.push(member("10000002"))
    ours.grant("10000002")
    soon, late = timedelta(minutes=1), timedelta(minutes=10)

    assert looked(ours, now=ours.clock.now + soon)["workers"].result is OK
    alone = looked(ours, now=ours.clock.now + late)["workers"]

    assert (alone.result, "nobody works them" in alone.sentence) == (FAILED, True)


def test_a_ledger_that_is_broken_is_wrong_and_one_that_nobody_walked_is_looked_at(ours: World):
    house = ours.house
    assert looked(ours, now=ours.clock.now + timedelta(days=8))["ledger"].result is WARNING
    with house.database.write() as tx:
        tx.execute(update(ledger).where(ledger.c.position == 2).values(kind="changed"))
    ledgers.verify(house, AUDITOR, anew=True, now=ours.clock())

    broken = looked(ours)["ledger"]

    assert broken.result is FAILED
    assert "broken at entry 2 (MRX-9006)" in broken.sentence


def test_partners_are_told_by_their_last_tests(ours: World):
    row = {"at": START, "by": "olga"}
    step = {"step": "tls", "sentence": "x", "next": "y"}
    with ours.house.database.write() as tx:
        tests = [("ca-pip", "ok"), ("mx-neec", "failed")]
        for partner, result in tests:
            found = [{**step, "result": result}]
            tx.execute(connection_tests.insert().values(partner=partner, findings=found, **row))

    line = looked(ours)["partners"]

    assert (line.result, line.known_at) == (WARNING, START)
    assert line.sentence == "addresses tested: 2; something failed with mx-neec"


def test_a_key_that_is_gone_and_a_home_that_is_open_are_wrong(ours: World):
    key = ours.house.folder / KEY
    key.rename(key.with_suffix(".away"))
    ours.house.folder.chmod(0o755)

    lines = looked(ours)

    assert (lines["key"].result, lines["privacy"].result) == (FAILED, FAILED)
    assert lines["certificate"].result is SKIPPED
    assert lines["ledger"].result is OK  # the rest is looked at all the same


def test_what_cannot_be_read_is_a_line_and_not_the_end(ours: World):
    with ours.house.database.write() as tx:
        tx.exec_driver_sql("ALTER TABLE connection_tests RENAME TO connection_tests_away")

    lines = looked(ours)

    assert lines["partners"].result is FAILED
    assert lines["partners"].sentence.startswith("it cannot be looked at: ")


def test_the_diagnostics_name_settings_and_show_no_value(ours: World, tmp_path: Path):
    told = {
        "MRX_OIDC_ISSUER": "https://marked.invalid/realm",
        "MRX_DATABSE_URL": "postgresql://marked:marked@marked/marked",
    }
    settings = world.settings(
        ours.house,
        engine="celery",
        broker_url="redis://:marked@marked.invalid:6379/0",
        metrics_addresses="10.77.0.9",
    )
    ours.house.folder.chmod(0o755)  # a finding that names the folder

    file = view.diagnostics(ours.house, settings, told, now=ours.clock.now)

    found = orjson.loads(file)
    assert found["document"] == "mrx-diagnostics/1"
    assert {"MRX_HOME", "MRX_BROKER_URL", "MRX_OIDC_ISSUER"} <= set(found["settings"]["given"])
    assert "MRX_LOG_FORMAT" in found["settings"]["default"]
    sentences = {one["step"]: one for one in found["findings"]}
    assert "$MRX_HOME is open to others" in sentences["privacy"]["sentence"]
    assert "MRX_DATABSE_URL" in sentences["environment"]["sentence"]
    for value in (b"marked", b"10.77", str(tmp_path).encode()):
        assert value not in file


def test_every_setting_is_named(ours: World):
    found = orjson.loads(
        view.diagnostics(ours.house, world.settings(ours.house), {}, now=ours.clock.now)
    )

    named = found["settings"]["given"] + found["settings"]["default"]
    assert sorted(named) == sorted(f"MRX_{name.upper()}" for name in Settings.model_fields)
