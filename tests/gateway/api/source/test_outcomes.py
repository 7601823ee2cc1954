"""The feed by HTTP: page after page, and on from its end."""

import pytest

from gateway.tokens import Scope
from partners import agreements
from tests.gateway.api.source.reading import Source, source, today
from tests.world import World, member


@pytest.fixture
def door(whole_world: World) -> Source:
    """One member told to four partners; Korea's format cannot say its name."""
    world = today(whole_world)
    world.push(member("10000001", name="Invented é"))
    world.grant("10000001")
    world.deliver()
    return source(world, Scope.READ)


def test_the_feed_says_what_became_of_each_and_who_can_repair_it(door: Source):
    items = door.get("/outcomes")["items"]

    assert [one["position"] for one in items] == ["1", "2", "3", "4", "5"]
    assert sorted((one["partner"], one["kind"], one["repairer"]) for one in items) == [
        ("ca-pip", "held", None),
        ("il-aeo", "held", None),
        ("kr-aeo", "blocked", "company"),
        ("mx-neec", "held", None),
        ("tw-aeo", "held", None),
    ]
    (blocked,) = [one for one in items if one["kind"] == "blocked"]
    assert (blocked["code"], blocked["ref"], blocked["account"]) == ("MRX-2101", None, "10000001")
    assert blocked["reason"] == "the name has a character the partner's character set lacks"
    assert "Invented" not in str(items)


def test_a_poller_goes_on_from_the_end(door: Source):
    read, after = [], {}
    for _ in range(3):
        page = door.get("/outcomes", limit=2, **after)
        read += page["items"]
        after = {"after": page["next"]}
    assert [one["position"] for one in read] == ["1", "2", "3", "4", "5"]

    assert door.get("/outcomes", **after) == {
        "items": [],
        "next": after["after"],
        "closed": [],
    }
    today(door.world).revoke("10000001", of="tw-aeo")
    door.world.deliver()
    (gone,) = door.get("/outcomes", **after)["items"]
    assert (gone["kind"], gone["code"], gone["partner"]) == ("withdrawn", "erased", "tw-aeo")
    assert gone["reason"] == "the partner has erased it"


def test_an_empty_feed_has_a_place_to_go_on_from(small_world: World):
    door = source(small_world, Scope.READ)

    page = door.get("/outcomes")

    assert page["items"] == []
    assert door.get("/outcomes", after=page["next"]) == page


def test_one_partners_outcomes_alone(door: Source):
    items = door.get("/outcomes", partner="ca-pip")["items"]

    assert [one["partner"] for one in items] == ["ca-pip"]
    assert door.get("/outcomes", 404, partner="us-ctpat")["code"] == "MRX-5001"


def test_the_next_page_is_in_the_link_too(door: Source):
    answer = door.http.get("/v1/source/outcomes?limit=2", headers=door.headers)

    target, _, relation = answer.headers["link"].partition(">; ")
    assert relation == 'rel="next"'
    following = door.http.get(target.removeprefix("<"), headers=door.headers).json()
    assert [one["position"] for one in following["items"]] == ["3", "4"]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"after": "nonsense"}, id="cursor"),
        pytest.param({"limit": 0}, id="limit"),
        pytest.param({"partner": "MX"}, id="partner"),
    ],
)
def test_what_is_no_question_is_a_problem(door: Source, query: dict[str, object]):
    assert door.get("/outcomes", 422, **query)["code"] == "MRX-7003"


def test_a_token_without_read_sees_nothing(door: Source):
    other = source(door.world, *(scope for scope in Scope if scope is not Scope.READ))

    assert other.get("/outcomes", 403)["code"] == "MRX-7002"


def test_a_partner_to_which_nothing_may_be_told_is_named_with_who_can_repair_it(door: Source):
    with door.world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False)

    closed = {one["partner"]: one for one in door.get("/outcomes")["closed"]}

    assert closed["mx-neec"]["code"] == "MRX-2202"
    assert closed["mx-neec"]["repairer"] == "operator"
    assert [one["partner"] for one in door.get("/outcomes", partner="mx-neec")["closed"]] == [
        "mx-neec"
    ]
