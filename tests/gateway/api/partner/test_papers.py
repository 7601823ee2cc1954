"""The papers of an arrangement: what each partner reads is its own, and true."""

from hashlib import sha256

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from partners import agreements
from schemas.document import xsd_path
from schemas.tables import lanes
from tests.gateway.api.doors import application, operations, signature
from tests.world import World


class Caller:
    """One partner's machine, which signs each request anew."""

    def __init__(self, world: World, partner: str) -> None:
        self._client = TestClient(application(world.house))
        self._key = world.partners[partner].key

    def get(self, path: str, **headers: str) -> Response:
        url = f"/v1/partner{path}"
        return self._client.get(url, headers=signature(self._key, "GET", url) | headers)


@pytest.fixture
def mexico(whole_world: World) -> Caller:
    return Caller(whole_world, "mx-neec")


@pytest.fixture
def canada(whole_world: World) -> Caller:
    return Caller(whole_world, "ca-pip")


def test_the_agreement_says_what_is_registered(mexico: Caller, whole_world: World):
    with whole_world.house.database.read() as tx:
        registered = agreements.get(tx, "mx-neec")

    said = mexico.get("/agreement").json()

    agreed = registered.agreement
    assert (said["home"], said["partner"], said["enabled"]) == ("us-ctpat", "mx-neec", True)
    assert (said["stage"], said["stage_name"]) == (8, "implementation")
    assert said["signed_on"] == registered.signed_on.isoformat()
    assert (said["ended_on"], said["format"]) == (None, "mx-neec/1.0")
    assert said["items"] == ["name", "identifiers", "status", "member_since"]
    assert said["schemes"] == sorted(agreed.schemes)
    assert (said["quarantine_percent"], said["rhythm_hours"]) == (20, 744)
    assert said["limits"]["batch_bytes"] == 32 << 20


def test_the_longest_wait_is_the_one_that_is_taken(mexico: Caller):
    limits = mexico.get("/agreement").json()["limits"]
    [told] = [one for one in operations("partner") if one.path == "/batches/next"]
    [wait] = [one for one in told.told["parameters"] if one["name"] == "wait"]

    assert wait["schema"]["maximum"] == limits["wait_seconds"]
    assert mexico.get(f"/batches/next?wait={limits['wait_seconds'] + 1}").status_code == 422


def test_the_agreement_changes_with_the_register(mexico: Caller, whole_world: World):
    with whole_world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", coverage=["CAAT"], quarantine_percent=5, enabled=False)

    said = mexico.get("/agreement").json()

    assert (said["coverage"], said["quarantine_percent"]) == (["CAAT"], 5)
    assert said["enabled"] is False


def test_the_lanes_stand_in_it_with_epoch_and_next_number(mexico: Caller, whole_world: World):
    query = select(lanes.c.kind, lanes.c.epoch, lanes.c.next_number)
    with whole_world.house.database.read() as tx:
        rows = tx.execute(query.where(lanes.c.partner == "mx-neec")).all()

    said = {one["lane"]: one for one in mexico.get("/agreement").json()["lanes"]}

    assert said.keys() == {"urgent", "routine"}
    for kind, epoch, number in rows:
        assert (said[kind]["epoch"], said[kind]["next_number"]) == (epoch, number)


def test_each_partner_reads_its_own_agreement(mexico: Caller, canada: Caller):
    ours, theirs = mexico.get("/agreement").json(), canada.get("/agreement").json()

    assert (ours["partner"], theirs["partner"]) == ("mx-neec", "ca-pip")
    epochs = [{one["epoch"] for one in paper["lanes"]} for paper in (ours, theirs)]
    assert not epochs[0] & epochs[1]


def test_each_partner_is_given_the_envelope_and_its_own_format(mexico: Caller, canada: Caller):
    listed = mexico.get("/schemas").json()["items"]

    assert [one["format"] for one in listed] == ["exchange/1.0", "mx-neec/1.0"]
    assert [one["format"] for one in canada.get("/schemas").json()["items"]] == [
        "exchange/1.0",
        "ca-pip/1.0",
    ]
    assert listed == mexico.get("/agreement").json()["schemas"]


@pytest.mark.parametrize("form", ["exchange/1.0", "mx-neec/1.0"])
def test_a_schema_is_the_file_byte_for_byte(mexico: Caller, form: str):
    [told] = [one for one in mexico.get("/schemas").json()["items"] if one["format"] == form]

    answer = mexico.get(told["address"].removeprefix("/v1/partner"))

    assert answer.content == xsd_path(form).read_bytes()
    assert answer.headers["content-type"] == "application/xml"
    assert sha256(answer.content).hexdigest() == told["sha256"]


def test_a_schema_that_one_has_is_not_sent_again(mexico: Caller):
    tag = mexico.get("/schemas/exchange-1.0.xsd").headers["etag"]

    for told in (tag, f'"other", W/{tag}', "*"):
        again = mexico.get("/schemas/exchange-1.0.xsd", **{"If-None-Match": told})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = mexico.get("/schemas/exchange-1.0.xsd", **{"If-None-Match": '"other"'})
    assert other.status_code == 200


@pytest.mark.parametrize("name", ["ca-pip-1.0", "mx-neec-9.0", "exchange-1.00"])
def test_what_is_not_of_this_pair_is_not_there(mexico: Caller, name: str):
    answer = mexico.get(f"/schemas/{name}.xsd")

    assert (answer.status_code, answer.json()["code"]) == (404, "MRX-7004")


@pytest.mark.parametrize("name", ["..%2F..%2Ftables", "EXCHANGE-1.0", "exchange", "a" * 100])
def test_what_is_no_name_of_a_schema_finds_no_file(mexico: Caller, name: str):
    assert mexico.get(f"/schemas/{name}.xsd").status_code in {404, 422}
