"""What needs a person, by cause, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, select

from gateway.views import failures
from gateway.views.count import Count
from schemas.errors import BadRequest
from schemas.tables import lanes, pending
from tests.conftest import BOTH
from tests.gateway.turned_down import ACCOUNTS, refused
from tests.world import START, World


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def lane_ids(tx: Connection) -> dict[tuple[str, str], int]:
    return {(row.partner, row.kind): row.id for row in tx.execute(select(lanes))}


def test_causes_come_with_the_oldest_first_and_what_needs_nobody_last(whole_world: World):
    refused(whole_world, ACCOUNTS)
    with whole_world.house.database.write() as tx:
        ids = lane_ids(tx)
        for partner, code, days in (
            ("ca-pip", "MRX-2101", 9),
            ("ca-pip", "MRX-2204", 30),
            ("mx-neec", "MRX-2101", 1),
        ):
            tx.execute(
                insert(pending).values(
                    partner=partner,
                    account=f"3000{days:04}",
                    ref="",
                    lane_id=ids[partner, "routine"],
                    rank=5,
                    since=START - timedelta(days=days),
                    blocked=code,
                )
            )

    with whole_world.house.database.read() as tx:
        found = failures.causes(tx, whole_world.house, now=whole_world.clock.now)
        only = failures.causes(tx, whole_world.house, now=whole_world.clock.now, partner="ca-pip")

    told = [(one.partner, one.code, one.count, one.repairer) for one in found]
    assert told == [
        ("ca-pip", "MRX-2101", Count(1), "company"),
        ("mx-neec", "MRX-2101", Count(1), "company"),
        ("mx-neec", "MRX-2210", Count(7), "source"),
        ("ca-pip", "MRX-2204", Count(1), None),
    ]
    assert [one.code for one in only] == ["MRX-2101", "MRX-2204"]
    assert [one.replayable for one in found] == [False, False, True, False]


@pytest.mark.parametrize("dense", [False, True])
def test_notices_of_a_cause_follow_each_other_however_many_there_are(
    small_world: World, monkeypatch: pytest.MonkeyPatch, dense: bool
):
    refused(small_world, ACCOUNTS)
    if dense:
        monkeypatch.setattr("outbox.turned_down.DENSE", 1)

    seen: list[str] = []
    with small_world.house.database.read() as tx:
        cause = failures.one(tx, "mx-neec", "MRX-2210")
        while some := failures.notices(tx, cause, after=seen[-1] if seen else None, limit=3):
            seen += [one.account for one in some]
            assert {one.partner_code for one in some} == {"NO-MATCH"}

    assert seen == ACCOUNTS
    with small_world.house.database.read() as tx, pytest.raises(BadRequest, match="MRX-5018"):
        failures.one(tx, "mx-neec", "MRX-0000")
