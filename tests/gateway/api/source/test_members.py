"""One member by HTTP: as it was pushed, as a partner would be told, who was told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from gateway.tokens import Scope
from outbox import preview
from schemas.receipt import Receipt, Refusal, Verdict
from schemas.tables import batch_notices
from tests.gateway.api.source.reading import Source, source, today
from tests.world import World, answering, member


@pytest.fixture
def door(small_world: World) -> Source:
    """One member, consented and not told yet, and a token that may read."""
    world = today(small_world)
    world.push(member("10000001", business_type="Importer"))
    world.grant("10000001")
    return source(world, Scope.READ)


def test_a_member_is_shown_as_it_was_pushed(door: Source):
    shown = door.get("/members/10000001")

    assert {name: shown[name] for name in ("account", "name", "status", "member_since")} == {
        "account": "10000001",
        "name": "Invented Company 10000001",
        "status": "VALIDATED",
        "member_since": "2014-04-07",
    }
    assert shown["identifiers"] == [{"scheme": "SCAC", "value": "QXQQ"}]
    assert (shown["business_type"], shown["version"], shown["present"]) == ("Importer", 1, True)
    assert shown["as_of"].endswith("Z")
    assert [(c["programme"], c["event"], c["text"]) for c in shown["consents"]] == [
        ("mx-neec", "granted", "neec-2014")
    ]
    (waiting,) = shown["notices"]
    assert (waiting["state"], waiting["lane"], waiting["obstacle"]) == ("pending", "routine", None)


def test_a_preview_shows_the_record_the_partner_then_gets(door: Source):
    shown = door.get("/members/10000001/preview/mx-neec")
    door.world.deliver()
    told = door.get("/members/10000001/disclosures")["partners"]
    mexico = next(one for one in told if one["partner"] == "mx-neec")

    assert shown["record"] == {
        "ref": None,
        "version": 1,
        "name": "Invented Company 10000001",
        "identifiers": [{"scheme": "SCAC", "value": "QXQQ"}],
        "status": "VALIDATED",
        "member_since": "2014-04-07",
    }
    assert (shown["decision"], shown["consent_id"], shown["consent_text"]) == (
        "tell",
        "1",
        "neec-2014",
    )
    assert preview.NO_REF in shown["document"]
    assert "Importer" not in str(shown)
    assert mexico["stands"] == "held"
    assert mexico["lives"][0]["status"] == shown["record"]["status"]
    nothing = door.get("/members/10000001/preview/mx-neec")
    assert nothing["decision"] == "nothing"
    assert {**nothing["record"], "ref": None} == {**shown["record"], "ref": None}
    assert nothing["record"]["ref"] in nothing["document"]
    assert nothing["reason"] == preview.NOTHING["no news"]


def refuse(world: World, code: str) -> Callable[..., bytes]:
    def change(receipt: Receipt) -> Receipt:
        with world.house.database.read() as tx:
            refs = tx.scalars(select(batch_notices.c.ref)).all()
        refused = tuple(Refusal(ref=ref, code=code) for ref in refs)
        return replace(receipt, verdict=Verdict.REFUSALS, refused=refused)

    return answering(change)


def test_what_stands_in_the_way_says_who_can_repair_it(door: Source):
    door.world.wire.answer = refuse(door.world, "SIN-RFC")
    door.world.deliver()

    shown = door.get("/members/10000001/preview/mx-neec")

    assert (shown["decision"], shown["partner_code"]) == ("blocked", "SIN-RFC")
    assert shown["obstacle"]["code"] == "MRX-2210"
    assert shown["obstacle"]["repairer"] == "source"
    (waiting,) = door.get("/members/10000001")["notices"]
    assert (waiting["state"], waiting["partner_code"]) == ("refused", "SIN-RFC")


def test_disclosures_are_the_whole_statement_with_its_proof(door: Source):
    door.world.deliver()
    door.world.revoke("10000001", of="mx-neec")
    door.world.deliver()

    told = door.get("/members/10000001/disclosures")

    assert [one["partner"] for one in told["partners"]] == [
        "ca-pip",
        "il-aeo",
        "kr-aeo",
        "mx-neec",
        "tw-aeo",
    ]
    mexico = told["partners"][3]
    assert (mexico["stands"], told["partners"][0]["stands"]) == (
        "deletion confirmed",
        "never told",
    )
    announced, withdrawn = mexico["lives"][0]["tellings"]
    assert announced["consent"]["text"] == "neec-2014"
    assert (announced["kind"], withdrawn["kind"]) == ("announcement", "withdrawal")
    assert len(announced["receipts"][0]["digest"]) == 64
    assert [one["event"] for one in told["consents"]] == ["granted", "revoked"]
    assert [one["answer"] for one in told["revocations"]] == ["deletion confirmed"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("/members/99999999", 404, "MRX-5002", id="member"),
        pytest.param("/members/99999999/disclosures", 404, "MRX-5002", id="disclosures"),
        pytest.param("/members/99999999/preview/mx-neec", 404, "MRX-5002", id="preview"),
        pytest.param("/members/10000001/preview/us-ctpat", 404, "MRX-5001", id="home"),
        pytest.param("/members/10000001/preview/mx-nobody", 404, "MRX-5001", id="programme"),
        pytest.param("/members/1", 422, "MRX-7003", id="no account"),
        pytest.param("/members/10000001/preview/MX", 422, "MRX-7003", id="no programme"),
    ],
)
def test_what_is_not_there_is_a_problem_without_company_data(
    door: Source, path: str, status: int, code: str
):
    problem: Any = door.get(path, status)

    assert problem["code"] == code
    for word in ("Invented", "QXQQ", "10000001", "99999999"):
        assert word not in str(problem)


@pytest.mark.parametrize("path", ["", "/preview/mx-neec", "/disclosures"])
def test_a_token_without_read_sees_nothing(door: Source, path: str):
    other = source(door.world, *(scope for scope in Scope if scope is not Scope.READ))

    assert other.get(f"/members/10000001{path}", 403)["code"] == "MRX-7002"
