"""`mrx reconcile`, over real HTTP: what differs is found, said and repaired, and only that."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, update

from gateway.app import build
from gateway.settings import Settings
from outbox import lane
from partners import agreements
from schemas.batch import Lane
from schemas.tables import (
    foreign_identifiers,
    foreign_members,
    foreign_rolls,
    holdings,
    inbound_batches,
    inbound_lanes,
)
from tests.gateway.cli.command import Mrx
from tests.gateway.sandbox.bad_partner import served
from tests.world import World, member


@pytest.fixture
def address(told: World) -> Iterator[str]:
    """Mexico's gateway answers at this address, and ours knows it."""
    mexico = told.partners["mx-neec"]
    with served(build(mexico, Settings(home=mexico.folder))) as url:
        with told.house.database.write() as tx:
            agreements.change(tx, "mx-neec", push_url=url)
        yield url


def forget(world: World) -> None:
    """Mexico's database is lost and made anew."""
    with world.partners["mx-neec"].database.write() as tx:
        for table in (
            foreign_identifiers,
            foreign_members,
            foreign_rolls,
            holdings,
            inbound_batches,
            inbound_lanes,
        ):
            tx.execute(delete(table))


def test_two_ends_that_agree(mrx: Mrx, told: World, address: str):
    assert address
    report = mrx.json("reconcile", "mx-neec")

    assert (report["ours"], report["theirs"], report["compared"]) == (2, 2, 0)
    assert mrx.json("partner", "show", "mx-neec")["holdings"] == "agree"
    mrx("reconcile", "mx-neec", "--dry-run")
    assert len(told.held("mx-neec")) == 2


@pytest.mark.slow
def test_a_lost_database_over_there_is_found_and_repaired(mrx: Mrx, told: World, address: str):
    assert address
    forget(told)
    dry = mrx.json("reconcile", "mx-neec", "--dry-run", code=3)
    assert (dry["told_again"], dry["epochs"], dry["dry_run"]) == (2, ["routine"], True)
    assert told.held("mx-neec") == {}

    done = mrx.json("reconcile", "mx-neec")
    assert (done["told_again"], done["epochs"], done["dry_run"]) == (2, ["routine"], False)
    mrx("deliver", "--until-idle", "--timeout", "30")

    assert len(told.held("mx-neec")) == 2
    assert mrx.json("partner", "show", "mx-neec")["holdings"] == "agree"
    assert mrx.json("reconcile", "mx-neec")["told_again"] == 0


def test_drift_is_shown_with_the_command_that_repairs_it(mrx: Mrx, told: World):
    before = mrx.json("partner", "show", "mx-neec")
    assert (before["holdings"], before["holdings_held"]) == ("agree", 2)
    assert "holdings_repair" not in before
    with told.partners["mx-neec"].database.write() as tx:
        tx.execute(delete(holdings))
        tx.execute(update(foreign_rolls).values(size=0))
    told.push(member("10000001", name="Invented Company Renamed"))
    told.deliver()

    after = mrx.json("partner", "show", "mx-neec")
    assert after["holdings"] == "differ"
    assert after["holdings_expected"] == 2
    assert after["holdings_repair"] == "run `mrx reconcile mx-neec`"


def test_our_own_lost_roll_of_theirs_is_asked_for(mrx: Mrx, told: World, address: str):
    """Nothing of theirs is here and nothing is expected: the two ends agree about it."""
    assert address
    report = mrx.json("reconcile", "mx-neec", "--theirs", "--dry-run")
    assert (report["ours"], report["expected"], report["missing"]) == (0, 0, 0)
    assert mrx.json("reconcile", "mx-neec", "--theirs")["will_tell"] == 0


def test_a_partner_that_pulls_runs_it_from_its_end(mrx: Mrx, told: World):
    with told.house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url=None)
    assert "MRX-5016" in mrx("reconcile", "mx-neec", code=1).stderr


def test_a_partner_nobody_knows(mrx: Mrx):
    assert "MRX-5001" in mrx("reconcile", "xx-none", code=1).stderr


def test_a_partner_that_does_not_answer(mrx: Mrx, told: World):
    with told.house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url="http://127.0.0.1:9")
    assert "MRX-6001" in mrx("reconcile", "mx-neec", code=1).stderr
    with told.house.database.read() as tx:
        assert [row.leased_by for row in lane.of(tx, "mx-neec")] == [None, None]


def test_a_lane_that_is_worked_for_long_is_not_waited_for_for_ever(
    mrx: Mrx, told: World, address: str, monkeypatch: pytest.MonkeyPatch
):
    assert address
    monkeypatch.setattr("gateway.other_end.PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr("gateway.other_end.PAUSE_SECONDS", 0.1)
    with told.house.database.write() as tx:
        now, lease = told.clock(), told.house.terms.lease
        lane.take_one(tx, "mx-neec", Lane.ROUTINE, worker="x:1:2", now=now, lease=lease)
    assert "MRX-5021" in mrx("reconcile", "mx-neec", code=1).stderr
