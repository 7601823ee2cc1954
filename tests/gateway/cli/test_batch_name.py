"""`mrx batch name`: one name, with a reason of a list, and the ledger first."""

from sqlalchemy import select

from schemas.tables import batch_notices
from tests.gateway.acts.entries import entries
from tests.gateway.cli.command import Mrx
from tests.world import ONE, World


def test_a_name_is_shown_and_stands_in_the_ledger_without_itself(mrx: Mrx, told: World):
    with told.house.database.read() as tx:
        here = batch_notices.c.account == "10000001"
        notice = tx.execute(select(batch_notices).where(here)).one()

    said = mrx.json("batch", "name", notice.batch_id, notice.ref, "--why", "alarm")

    assert said == {"batch": notice.batch_id, "ref": notice.ref, "name": ONE}
    [entry] = entries(told.house, "name shown")
    assert (entry["by"], entry["reason"], entry["ref"]) == ("jdoe", "an alarm", notice.ref)
    assert ONE not in str(entry)


def test_no_reason_and_no_such_notice_show_nothing(mrx: Mrx, told: World):
    assert "--why" in mrx("batch", "name", 1, "7ZKQ3M9RTW4R", code=2).stderr
    assert "MRX-5003" in mrx("batch", "name", 1, "7ZKQ3M9RTW4R", "--why", "audit", code=1).stderr

    assert entries(told.house, "name shown") == []
