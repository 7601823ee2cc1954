"""What is another's answers as what does not exist: in status, in body, in everything one can read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from gateway.tokens import Scope
from outbox import batch
from schemas import exchange
from schemas import ref as refs
from schemas.batch import Lane
from schemas.receipt import Level, Receipt, Verdict
from schemas.tables import disclosures
from signing.seal import seal
from tests.conftest import connected_world
from tests.gateway.api.doors import OTHER, PARTNER, application, bearer, signature, token
from tests.world import ONE, Clock, World, member

UNKNOWN_REF = "7ZKQ3M9RTW4R"
FIELDS = [
    "missing",
    "unknown",
    "withdrawn",
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files: dict[str, Path]) -> World:
    """One member that Mexico has been told of, and Canada has not. It is today."""
    world = connected_world(tmp_path_factory.mktemp("world"), key_files, (PARTNER, OTHER))
    world.clock = world.wire.clock = Clock(datetime.now(UTC))
    world.push(member("10000001", identifiers=[{"scheme": "SCAC", "value": "QXQQ"}]))
    world.grant("10000001", to=[PARTNER])
    world.deliver()
    assert world.held(PARTNER) == {ONE: "VALIDATED"}
    return world


@pytest.fixture(scope="module")
def client(world: World) -> TestClient:
    return TestClient(application(world.house))


@pytest.fixture
def ask(client: TestClient, world: World) -> Callable[..., Response]:
    """Ask as a partner: `ask(OTHER, "GET", "/v1/partner/...")`."""

    def asked(partner: str, method: str, url: str, **body: Any) -> Response:
        content = orjson.dumps(body["json"]) if "json" in body else body.get("content", b"")
        headers = signature(world.partners[partner].key, method, url, content=content)
        headers["Content-Type"] = "application/json"
        return client.request(method, url, headers=headers, content=content)

    return asked


DIFFERS = {"date", "x-request-id"}


def same(one: Response, other: Response) -> bool:
    """Whether a caller can tell these answers apart; a date is one any clock shows."""
    kept = [
        (
            answer.status_code,
            {k: v for k, v in answer.headers.items() if k not in DIFFERS},
            body(answer),
        )
        for answer in (one, other)
    ]
    return kept[0] == kept[1]


def body(answer: Response) -> Any:
    said = answer.json()
    return {k: v for k, v in said.items() if k != "as_of"} if isinstance(said, dict) else said


# -- pushes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "rest"),
    [("GET", ""), ("GET", "/rejections"), ("POST", "/approve"), ("POST", "/discard")],
)
def test_another_token_s_push_is_no_push(client: TestClient, world: World, method: str, rest: str):
    mine, another = token(world.house, Scope.PUSH), token(world.house, Scope.PUSH)
    pushed = client.post(
        "/v1/source/members",
        content=orjson.dumps(member("10000001")),
        headers={**bearer(mine), "Content-Type": "application/x-ndjson"},
    )
    assert pushed.status_code == 200, pushed.text
    push = pushed.json()["id"]
    assert client.get(f"/v1/source/pushes/{push}", headers=bearer(mine)).status_code == 200

    there = client.request(method, f"/v1/source/pushes/{push}{rest}", headers=bearer(another))
    nowhere = client.request(
        method, f"/v1/source/pushes/{nobody_s(push)}{rest}", headers=bearer(another)
    )

    assert there.status_code in {403, 404}
    assert same(there, nowhere)


def nobody_s(known: str) -> str:
    """An id of the same shape that was never given."""
    return known[:-1] + ("1" if known[-1] == "0" else "0")


def test_the_list_of_pushes_holds_one_s_own(client: TestClient, world: World):
    mine = token(world.house, Scope.PUSH)

    assert client.get("/v1/source/pushes", headers=bearer(mine)).json()["items"] == []


# -- partners --------------------------------------------------------------------------------------


def test_another_partner_s_batches_are_not_listed(ask: Callable[..., Response]):
    assert len(ask(PARTNER, "GET", "/v1/partner/batches").json()["items"]) == 1
    assert ask(OTHER, "GET", "/v1/partner/batches").json()["items"] == []


def test_another_partner_s_batch_is_not_handed_over(ask: Callable[..., Response], world: World):
    world.clock.now = datetime.now(UTC)
    world.push(member("10000001", status="CERTIFIED"))

    assert ask(OTHER, "GET", "/v1/partner/batches/next").status_code == 204
    assert ask(PARTNER, "GET", "/v1/partner/batches/next").status_code == 200


def test_the_status_of_a_member_told_to_another_is_that_of_nobody(ask: Callable[..., Response]):
    known = "/v1/partner/status?scheme=SCAC&value=QXQQ"

    assert ask(PARTNER, "GET", known).json()["known"] is True
    assert same(ask(OTHER, "GET", known), ask(OTHER, "GET", known.replace("QXQQ", "ZZZZ")))


def test_the_schema_of_another_pair_is_no_schema(ask: Callable[..., Response]):
    one = ask(OTHER, "GET", "/v1/partner/schemas/mx-neec-1.0.xsd")

    assert ask(PARTNER, "GET", "/v1/partner/schemas/mx-neec-1.0.xsd").status_code == 200
    assert one.status_code == 404
    assert same(one, ask(OTHER, "GET", "/v1/partner/schemas/mx-neec-9.9.xsd"))


def test_holdings_are_one_s_own(ask: Callable[..., Response]):
    for path in ("holdings", "holdings/expected"):
        assert ask(OTHER, "GET", f"/v1/partner/{path}").json()["count"] == 0
        for bucket in range(0, 256, 51):
            assert ask(OTHER, "GET", f"/v1/partner/{path}/{bucket}").json()["items"] == []


@pytest.mark.parametrize("field", FIELDS)
def test_another_partner_s_references_cannot_be_asked_for(
    ask: Callable[..., Response], world: World, field: str
):
    with world.house.database.read() as tx:
        theirs = tx.scalars(select(disclosures.c.ref)).one()
    url = "/v1/partner/resend-requests"

    there = ask(OTHER, "POST", url, json={field: [theirs]})
    nowhere = ask(OTHER, "POST", url, json={field: [UNKNOWN_REF]})

    assert refs.is_ref(UNKNOWN_REF)
    assert there.status_code == 200
    assert same(there, nowhere)


def test_a_receipt_for_another_partner_s_batch_is_one_for_nothing(client: TestClient, world: World):
    with world.house.database.read() as tx:
        told = batch.get(tx, 1)
    receipt = Receipt(
        sender=OTHER,
        recipient="us-ctpat",
        lane=Lane(told.lane),
        epoch=told.epoch,
        number=told.number,
        issue=told.issue,
        digest=told.digest,
        level=Level.APPLIED,
        at=datetime.now(UTC).replace(microsecond=0),
        verdict=Verdict.ALL,
    )
    answers = [
        client.post(
            "/v1/partner/receipts",
            content=seal(
                exchange.write_receipt(said), world.partners[OTHER].key, datetime.now(UTC)
            ),
        )
        for said in (receipt, replace(receipt, epoch="0" * 16))
    ]

    assert answers[0].status_code == 409
    assert same(*answers)


def test_nobody_speaks_in_another_partner_s_name(client: TestClient, world: World):
    content = exchange.write_receipt(
        Receipt(
            sender=PARTNER,
            recipient="us-ctpat",
            lane=Lane.ROUTINE,
            epoch="0" * 16,
            number=1,
            issue=1,
            digest="0" * 64,
            level=Level.RECEIVED,
            at=datetime.now(UTC).replace(microsecond=0),
        )
    )
    answer = client.post(
        "/v1/partner/receipts",
        content=seal(content, world.partners[OTHER].key, datetime.now(UTC)),
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "MRX-4002")
