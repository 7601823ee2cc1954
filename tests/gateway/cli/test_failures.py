"""Failures, replays and what happened to a batch, at the command line."""

import zipfile
from pathlib import Path

import orjson
import pytest

from tests.gateway.acts.entries import entries
from tests.gateway.cli.command import Mrx
from tests.gateway.turned_down import ACCOUNTS, refused, waiting
from tests.world import LOST_ANSWER, NEVER_ARRIVED, World, member

CODE = "MRX-2210"
REPLAY = ("replay", "start", "--partner", "mx-neec", "--code", CODE, "--reason", "repaired there")


@pytest.fixture
def turned_down(world: World) -> World:
    refused(world, ACCOUNTS)
    return world


@pytest.mark.usefixtures("turned_down")
def test_failures_are_listed_by_cause(mrx: Mrx):
    [cause] = mrx.json("failure", "list")

    assert (cause["code"], cause["partner"], cause["notices"]) == (CODE, "mx-neec", 7)
    assert (cause["repairer"], cause["replay"]) == ("source", True)
    assert mrx("failure", "list").stdout.startswith(f"{CODE}\tmx-neec\tnotices\t7\t")
    assert mrx.json("failure", "list", "--partner", "ca-pip") == []
    assert "MRX-5001" in mrx("failure", "list", "--partner", "fr-aeo", code=1).stderr


def test_a_replay_is_previewed_worked_and_shown(turned_down: World, mrx: Mrx):
    seen = mrx.json(*REPLAY, "--dry-run")
    assert (seen["matched"], seen["goes"], seen["for_two"]) == (7, 7, False)
    assert seen == mrx.json("replay", "preview", "--partner", "mx-neec", "--code", CODE)
    assert mrx.json("replay", "list") == [], "a dry run asks for nothing"

    done = mrx.json(*REPLAY, "--here")

    assert (done["state"], done["retold"], done["asked_by"]) == ("done", 7, "jdoe")
    assert set(waiting(turned_down).values()) == {None}
    assert mrx.json("replay", "show", done["id"]) == done
    assert [one["id"] for one in mrx.json("replay", "list")] == [done["id"]]
    nothing = mrx(*REPLAY, code=1)
    assert "MRX-5066" in nothing.stderr


def test_a_replay_is_left_to_the_gateway_and_cancelled(turned_down: World, mrx: Mrx):
    begun = mrx.json(*REPLAY)
    assert begun["state"] == "running"

    ended = mrx.json("replay", "cancel", begun["id"], "--reason", "wrong cause")

    assert (ended["state"], ended["ended_by"]) == ("cancelled", "jdoe")
    assert set(waiting(turned_down).values()) == {CODE}
    assert "MRX-7015" in mrx("replay", "cancel", begun["id"], "--reason", "x", code=1).stderr
    assert "MRX-5065" in mrx("replay", "show", "0123456789ab", code=1).stderr

    again = mrx.json(*REPLAY)["id"]
    one = mrx("replay", "list", "--limit", 1, "--json")
    both = mrx("replay", "list", "--limit", 2, "--json")
    assert {replay["id"] for replay in orjson.loads(both.stdout)} == {again, begun["id"]}
    assert len(orjson.loads(one.stdout)) == 1
    assert ("There are more" in one.stderr, "There are more" in both.stderr) == (True, False)


@pytest.mark.usefixtures("turned_down")
def test_a_replay_of_every_cause_waits_for_a_second_person(mrx: Mrx):
    said = mrx("replay", "start", "--partner", "mx-neec", "--reason", "all", "--here", code=6)

    assert "second person" in said.stderr
    assert mrx.json("replay", "list")[0]["state"] == "waiting"


def test_a_batch_is_told_event_by_event(world: World, mrx: Mrx):
    world.push(member("10000001"), member("10000002"))
    world.grant("10000001", "10000002")
    world.wire.plan = [LOST_ANSWER]
    world.deliver(1)
    world.revoke("10000001", of="mx-neec")  # by the clock by which the next issue is sealed
    world.deliver()

    line = mrx.json("batch", "timeline", 1)

    assert [(one["issue"], one["event"]) for one in line["events"]] == [
        (1, "sealed"),
        (1, "sent"),
        (1, "no answer"),
        (2, "sealed"),
        (2, "sent"),
        (2, "receipt"),
        (2, "settled"),
    ]
    assert line["events"][2]["code"] == "MRX-6001"
    assert line["events"][3]["left_out"] == "revoked=1"
    assert line["outcomes"] == {"held": 1, "left out": 1}
    compared = mrx.json("batch", "compare", 1)
    assert (len(compared["left"]), compared["came"]) == (1, [])
    assert len(compared["changed"]) + compared["same"] == 1
    assert "MRX-5003" in mrx("batch", "compare", 2, code=1).stderr


def test_a_batch_is_tried_now(world: World, mrx: Mrx):
    world.push(member("10000001"))
    world.grant("10000001")
    world.wire.plan = [NEVER_ARRIVED]
    world.deliver(1)
    assert mrx.json("batch", "timeline", 1)["next_attempt"] is not None

    mrx("batch", "retry", 1)

    assert world.delivery().work()
    assert world.states() == ["settled"]
    assert [one["by"] for one in entries(world.house, "retry asked")] == ["jdoe"]
    assert "MRX-7015" in mrx("batch", "retry", 1, code=1).stderr


def test_evidence_is_one_new_file_for_its_owner(told: World, mrx: Mrx, tmp_path: Path):
    file = tmp_path / "evidence.zip"

    mrx("batch", "evidence", 1, "-o", file)

    assert file.stat().st_mode & 0o777 == 0o600
    assert "issues/issue-1.p7m" in zipfile.ZipFile(file).namelist()
    assert [one["by"] for one in entries(told.house, "evidence taken")] == ["jdoe"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    to_stdout = mrx("batch", "evidence", 1, "-o", "-").stdout_bytes
    assert to_stdout.startswith(b"PK")
    missing = mrx("batch", "evidence", 1, "-o", tmp_path / "no" / "where.zip", code=1)
    assert "MRX-5012" in missing.stderr
