"""The pages of batches: the list, the story of one, its evidence, two issues compared."""

import re
import zipfile
from datetime import UTC, datetime
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from fastapi.testclient import TestClient

from gateway.identity.roles import Role
from tests.gateway.acts.entries import entries
from tests.gateway.console.people import at_console
from tests.world import LOST_ANSWER, NEVER_ARRIVED, ONE, Clock, World, member


@pytest.fixture
def world(small_world: World) -> World:
    """Batch 1 of Mexico: sealed for two, one of whom took its consent back; batch 2 is its
    withdrawal, and both are answered.
    """
    small_world.clock = small_world.wire.clock = Clock(datetime.now(UTC))
    small_world.push(member("10000001"), member("10000002"))
    small_world.grant("10000001", "10000002")
    small_world.wire.plan = [LOST_ANSWER]
    small_world.deliver(1)
    small_world.revoke("10000001", of="mx-neec")
    small_world.deliver()
    return small_world


def seen_by(world: World, *roles: Role) -> TestClient:
    return at_console(world.house, f"user-{'-'.join(sorted(roles))}", set(roles))


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def test_the_list_has_every_batch_and_filters_by_address(world: World):
    viewer = seen_by(world, Role.VIEWER)

    every = text_of(viewer.get("/console/batches"))
    assert "mx-neec routine 1" in every
    assert "mx-neec urgent 1" in every
    urgent = text_of(viewer.get("/console/batches?lane=urgent&partner=mx-neec&state="))
    assert "mx-neec routine 1" not in urgent
    assert "None." in text_of(viewer.get("/console/batches?state=unknown"))
    assert viewer.get("/console/batches?partner=fr-aeo").status_code == 404
    assert viewer.get("/console/batches?state=lost").status_code == 422


def test_the_story_tells_each_issue_and_why_there_was_another(world: World):
    told = text_of(seen_by(world, Role.VIEWER).get("/console/batches/1"))

    assert "Issue 1" in told
    assert re.search(r"attempt 1 sent, (. )?no answer after", told)
    assert "MRX-6001 the partner did not answer" in told
    assert "sealed again without 1 notice. Left out: 1 revoked" in told
    assert re.search(r"receipt: (. )?applied , all", told)
    assert "1 held" in told
    assert "1 left out" in told


def test_a_viewer_sees_no_account_and_no_name(world: World):
    viewer = seen_by(world, Role.VIEWER)

    pages = [
        viewer.get(f"/console/{path}").text
        for path in ("batches/1", "batches/1?notices=held", "batches/1/compare", "failures")
    ]

    assert "100***01" in "".join(pages)
    assert not re.search("1000000[12]|Invented", "".join(pages))


def test_a_name_is_shown_in_place_to_who_may_see_it_and_the_ledger_has_it(world: World):
    officer = seen_by(world, Role.DISCLOSURE_OFFICER)
    page = officer.get("/console/batches/1").text
    ref = re.search(r'name="ref" value="([0-9A-Z]{12})"', page)[1]
    assert "10000001" in page
    assert ONE not in page

    shown = officer.post("/console/batches/1/name", data={"ref": ref, "why": "an alarm"})

    assert ONE in text_of(shown)
    [kept] = entries(world.house, "name shown")
    assert (kept["ref"], kept["reason"], kept["by"]) == (ref, "an alarm", "user-disclosure-officer")
    wordy = officer.post("/console/batches/1/name", data={"ref": ref, "why": "curious"})
    assert (wordy.status_code, "MRX-7023" in wordy.text) == (422, True)


@pytest.mark.parametrize("act", ["retry", "evidence", "name"])
def test_a_viewer_is_refused_each_act_by_the_server(world: World, act: str):
    viewer = seen_by(world, Role.VIEWER)

    answer = viewer.post(f"/console/batches/1/{act}", data={"ref": "0" * 12, "why": "an alarm"})

    assert (answer.status_code, "MRX-7017" in answer.text) == (403, True)
    [kept] = entries(world.house, "act refused")
    assert kept["by"] == "user-viewer"
    page = viewer.get("/console/batches/1").text
    assert f"/batches/1/{act}" not in page


def test_two_issues_are_compared_by_reference(world: World):
    told = text_of(seen_by(world, Role.AUDITOR).get("/console/batches/1/compare?issue=2"))

    assert "1 left, 0 came" in told
    assert "10000001" in told
    assert seen_by(world, Role.VIEWER).get("/console/batches/2/compare").status_code == 404


def test_the_evidence_is_one_file(world: World):
    answer = seen_by(world, Role.OPERATOR).post("/console/batches/1/evidence")

    assert answer.headers["content-type"] == "application/zip"
    assert 'filename="evidence-mx-neec-routine-1.zip"' in answer.headers["content-disposition"]
    names = zipfile.ZipFile(BytesIO(answer.content)).namelist()
    assert {"README.txt", "issues/issue-1.p7m", "issues/issue-2.p7m", "ledger.ndjson"} < set(names)


def test_trying_now_lets_the_lane_look_at_once(small_world: World):
    small_world.clock = small_world.wire.clock = Clock(datetime.now(UTC))
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.wire.plan = [NEVER_ARRIVED]
    small_world.deliver(1)
    operator = seen_by(small_world, Role.OPERATOR)
    waits = text_of(operator.get("/console/batches/1"))
    assert re.search(r"unknown It was sent, and nobody knows whether it arrived", waits)
    assert re.search(r"Next attempt 20\d\d-.* UTC \(in \d s\)\.", waits)
    assert not small_world.delivery().work(), "it rests"

    answer = operator.post("/console/batches/1/retry")

    assert answer.headers["location"] == "/console/batches/1?said=retried"
    assert "It is tried now" in text_of(operator.get(answer.headers["location"]))
    assert small_world.delivery().work()
    assert small_world.states() == ["settled"]
    [kept] = entries(small_world.house, "retry asked")
    assert (kept["by"], kept["batch"]) == ("user-operator", 1)
    again = operator.post("/console/batches/1/retry")
    assert (again.status_code, "MRX-7015" in again.text) == (409, True)
