"""One name in a batch, at the operators' door: with a reason of a list, and the ledger first."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from schemas.tables import batch_notices
from tests.gateway.acts.entries import entries
from tests.world import ONE, World


def of(world: World) -> str:
    with world.house.database.read() as tx:
        here = batch_notices.c.account == "10000001"
        notice = tx.execute(select(batch_notices).where(here)).first()
    assert notice is not None
    return f"/v1/ops/batches/{notice.batch_id}/notices/{notice.ref}/name"


def test_a_name_is_shown_and_stands_in_the_ledger_without_itself(
    officer: TestClient, three_held: World
):
    answer = officer.post(of(three_held), json={"why": "alarm"})

    assert answer.status_code == 200, answer.text
    assert answer.json()["name"] == ONE
    [entry] = entries(three_held.house, "name shown")
    assert entry["by"].startswith("token ")
    assert entry["reason"] == "an alarm"
    assert ONE not in str(entry)


@pytest.mark.parametrize("body", [{}, {"why": "curiosity"}, {"why": "alarm", "more": "x"}])
def test_without_a_reason_of_the_list_nothing_is_shown(
    officer: TestClient, three_held: World, body: dict[str, str]
):
    assert officer.post(of(three_held), json=body).status_code == 422
    assert entries(three_held.house, "name shown") == []


def test_a_viewer_is_shown_no_name(viewer: TestClient, three_held: World):
    answer = viewer.post(of(three_held), json={"why": "alarm"})

    assert answer.status_code == 403
    assert entries(three_held.house, "act refused")[-1]["act"].startswith("POST ")
