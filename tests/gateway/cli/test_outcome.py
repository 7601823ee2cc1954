"""What would be told, and what became of it, on the command line."""

from outbox.preview import NO_REF
from tests.gateway.cli.command import Mrx
from tests.world import World, member


def test_a_preview_shows_the_document_before_it_is_told(world: World, mrx: Mrx):
    world.push(member("10000001"))
    world.grant("10000001")

    shown = mrx.json("member", "preview", "10000001", "mx-neec")

    assert (shown["decision"], shown["ref"], shown["status"]) == ("tell", None, "VALIDATED")
    assert f"<referencia>{NO_REF}</referencia>" in shown["document"]
    assert "Invented Company 10000001" in mrx("member", "preview", "10000001", "mx-neec").stdout


def test_a_preview_says_what_stands_in_the_way_and_who_can_repair_it(world: World, mrx: Mrx):
    world.push(member("10000001"))
    world.grant("10000001")
    with world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE home SET consents_as_of = 0")

    shown = mrx.json("member", "preview", "10000001", "mx-neec")

    assert (shown["decision"], shown["code"], shown["repairer"]) == (
        "blocked",
        "MRX-2207",
        "source",
    )


def test_whom_nobody_knows_is_not_previewed(world: World, mrx: Mrx):
    assert "MRX-5002" in mrx("member", "preview", "99999999", "mx-neec", code=1).stderr
    assert world.wire.journal == []


def test_outcomes_go_on_after_the_last_one_read(told: World, mrx: Mrx):
    first = mrx.json("outcome", "list")
    told.revoke("10000001", of="mx-neec")
    told.deliver()
    then = mrx.json("outcome", "list", "--after", first[-1]["position"])

    assert [(one["position"], one["kind"]) for one in first] == [(1, "held"), (2, "held")]
    assert [(one["kind"], one["code"], one["account"]) for one in then] == [
        ("withdrawn", "erased", "10000001")
    ]
    assert mrx.json("outcome", "list", "--partner", "ca-pip") == []
    assert len(mrx.json("outcome", "list", "--limit", "1")) == 1
    assert "MRX-5001" in mrx("outcome", "list", "--partner", "us-ctpat", code=1).stderr
