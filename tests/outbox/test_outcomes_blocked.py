"""The feed of outcomes: what is blocked, once for each piece of news, and who can repair it."""

from partners import agreements
from tests.outbox.test_outcomes import feed, kinds
from tests.world import World, member


def test_what_the_partners_format_cannot_say_is_blocked_and_says_who_can_repair_it(
    whole_world: World,
):
    whole_world.push(member("10000001", name="Invented é"))
    whole_world.grant("10000001", to=["kr-aeo"])
    whole_world.deliver()
    whole_world.deliver()

    (outcome,) = feed(whole_world)
    assert (outcome.kind, outcome.code, outcome.repairer) == ("blocked", "MRX-2101", "company")
    assert (outcome.ref, outcome.version) == (None, None)


def test_the_same_block_is_told_again_only_after_news(one: World):
    with one.house.database.write() as tx:
        agreements.change(tx, "mx-neec", statuses=["VALIDATED"])
    one.push(member("10000001", status="CERTIFIED"))
    for _ in range(3):
        one.deliver()
    assert kinds(one) == [("blocked", "10000001", "MRX-2204", None)]

    one.push(member("10000001", status="CERTIFIED"))
    one.deliver()
    assert len(kinds(one)) == 1, "the source said the same again"

    one.push(member("10000001", status="CERTIFIED", name="Invented Renamed"))
    one.deliver()
    assert len(kinds(one)) == 2


def test_bad_news_that_may_not_be_said_is_blocked_and_then_withdrawn(one: World):
    one.deliver()
    with one.house.database.write() as tx:
        agreements.change(tx, "mx-neec", statuses=["VALIDATED"])
    one.push(member("10000001", status="REMOVED"))
    one.deliver()

    assert kinds(one, after=1) == [
        ("blocked", "10000001", "MRX-2204", None),
        ("withdrawn", "10000001", "erased", None),
    ]


def test_who_left_the_arrangement_is_blocked_at_once(one: World):
    with one.house.database.write() as tx:
        agreements.change(tx, "mx-neec", business_types=["Importer"])
    one.push(member("10000001", business_type="Importer"))
    one.deliver()
    one.push(member("10000001", business_type="Broker"))

    assert kinds(one) == [
        ("held", "10000001", None, None),
        ("blocked", "10000001", "MRX-2206", None),
    ]
    one.deliver()
    assert [kind for kind, *_ in kinds(one)] == ["held", "blocked", "withdrawn"]


def test_a_batch_in_flight_that_may_not_leave_again_blocks_once(one: World):
    one.wire.plan = ["never arrived"]
    one.deliver(rounds=1)
    with one.house.database.write() as tx:
        agreements.change(tx, "mx-neec", statuses=["CERTIFIED"])
    one.deliver()
    one.deliver()

    assert kinds(one)[0] == ("blocked", "10000001", "MRX-2204", None)
    assert [kind for kind, *_ in kinds(one)].count("blocked") == 1


def test_too_large_even_alone_is_blocked_once(one: World):
    one.wire.plan = ["too large"] * 3
    one.deliver()

    assert kinds(one) == [("blocked", "10000001", "MRX-2107", None)]


def test_what_only_waits_for_the_gate_has_no_outcome(one: World):
    with one.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False)
    one.deliver()

    assert feed(one) == []
