"""`mrx pull`: a partner's batches fetched by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.app import build
from gateway.intake import push_consents
from gateway.settings import Settings
from schemas.consent import ConsentEvent, Event
from tests.gateway.cli.command import Mrx
from tests.gateway.sandbox.bad_partner import served
from tests.world import World, member

ACCOUNTS = ["30000001", "30000002"]


@pytest.fixture
def mexico(world: World) -> Iterator[str]:
    """Mexico's end with two members for us, at its address."""
    house = world.partners["mx-neec"]
    theirs = replace(world, house=house, partners={"us-ctpat": world.house})
    rfc = [{"scheme": "MX-RFC", "value": "ZZZ140101AA1"}]
    now = datetime.now(UTC)
    theirs.push(*(member(account, identifiers=rfc) for account in ACCOUNTS), as_of=now)
    events = [
        ConsentEvent(
            account=account,
            programme="us-ctpat",
            event=Event.GRANTED,
            at=now,
            officer_title="Director general",
            text="mx-neec-profile-1",
        )
        for account in ACCOUNTS
    ]
    with house.database.write() as tx:
        push_consents.consents.heard(tx, now)
        push_consents.record(tx, house, events, now=now, by="test")
    with served(build(house, Settings(home=house.folder))) as url:
        yield url


def test_it_fetches_until_nothing_is_due(mrx: Mrx, mexico: str, certificate: Path):
    mrx("partner", "connect", "mx-neec", "--pull", mexico, "--certificate", certificate)

    assert mrx.json("pull", "mx-neec") == {"partner": "mx-neec", "batches": 1, "idle": True}
    assert len(mrx.json("roll", "list", "mx-neec")) == 2
    assert mrx.json("pull", "mx-neec", "--once")["batches"] == 0


def test_once_fetches_one(mrx: Mrx, mexico: str, certificate: Path):
    mrx("partner", "connect", "mx-neec", "--pull", mexico, "--certificate", certificate)

    found = mrx.json("pull", "mx-neec", "--once")

    assert found == {"partner": "mx-neec", "batches": 1, "idle": False}


def test_without_an_address_it_says_how_to_give_one(mrx: Mrx):
    assert "MRX-5024" in mrx("pull", "mx-neec", code=1).stderr
