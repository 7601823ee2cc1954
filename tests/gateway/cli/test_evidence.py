"""Batches, notices and disclosures: what left, how each thing stands, and who knows what."""

import orjson
import pytest

from tests.gateway.cli.command import Mrx
from tests.world import LOST_ANSWER, World, member


@pytest.mark.usefixtures("told")
def test_batches_are_listed_with_the_keys_others_rely_on(mrx: Mrx):
    [batch] = mrx.json("batch", "list")

    assert {"id", "partner", "lane", "number", "issue", "state", "digest"} < batch.keys()
    assert (batch["partner"], batch["lane"], batch["number"], batch["issue"]) == (
        *("mx-neec", "routine"),
        *(1, 1),
    )
    assert (batch["state"], batch["announcements"], batch["attempts"]) == ("settled", 2, 1)
    assert mrx.json("batch", "list", "--partner", "mx-neec", "--state", "settled,unknown") == [
        batch
    ]
    assert mrx.json("batch", "list", "--state", "unknown") == []
    assert mrx.json("batch", "list", "--partner", "ca-pip") == []


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("states", [(), ("--state", "settled,unknown"), ("--state", "settled")])
def test_batches_are_listed_page_by_page_the_newest_first(
    mrx: Mrx, world: World, states: tuple[str, ...]
):
    for account in ("10000003", "10000004"):
        world.push(member(account))
        world.grant(account)
        world.deliver()
    order = ("batch", "list", *states, "--limit", 2, "--json")

    first = mrx(*order)
    second = mrx(*order, "--after", 2)

    assert [one["id"] for one in orjson.loads(first.stdout)] == [3, 2]
    assert "go on with --after 2" in first.stderr
    assert [one["id"] for one in orjson.loads(second.stdout)] == [1]
    assert "--after" not in second.stderr


def test_wrong_filters_are_said(mrx: Mrx):
    assert "--state" in mrx("batch", "list", "--state", "lost", code=2).stderr
    assert "MRX-5001" in mrx("batch", "list", "--partner", "fr-aeo", code=1).stderr
    assert "--state" in mrx("notice", "list", "--state", "lost", code=2).stderr
    assert "MRX-5001" in mrx("notice", "list", "--partner", "fr-aeo", code=1).stderr
    assert "MRX-5001" in mrx("roll", "list", "fr-aeo", code=1).stderr
    assert "MRX-5003" in mrx("batch", "show", 9, code=1).stderr
    assert "MRX-5003" in mrx("batch", "export", 9, "-o", "-", code=1).stderr
    assert "MRX-5002" in mrx("disclosure", "show", "10000001", code=1).stderr
    assert "MRX-5002" in mrx("member", "show", "10000001", code=1).stderr


@pytest.mark.usefixtures("told")
def test_one_batch_is_shown_with_all_that_proves_it(mrx: Mrx):
    batch = mrx.json("batch", "show", 1)

    [attempt], [receipt], [issue] = batch["attempts_made"], batch["receipts"], batch["issues"]
    assert (attempt["n"], attempt["outcome"]) == (1, "receipt")
    assert (receipt["issue"], receipt["level"], receipt["verdict"]) == (1, "applied", "all")
    assert issue["digest"] == batch["digest"]
    assert sorted((n["account"], n["kind"], n["outcome"]) for n in batch["notices"]) == [
        ("10000001", "announcement", "held"),
        ("10000002", "announcement", "held"),
    ]


def test_notices_are_held_pending_blocked_or_refused(told: World, mrx: Mrx):
    told.push(member("10000002", status="SUSPENDED"), member("10000004"), member("10000005"))
    told.grant("10000004", "10000005")
    with told.house.database.write() as tx:
        sql = "UPDATE pending SET blocked = ?, partner_code = ? WHERE account = ?"
        tx.exec_driver_sql(sql, ("MRX-2210", "X-17", "10000004"))
        tx.exec_driver_sql(sql, ("MRX-2101", None, "10000005"))

    found = mrx.json("notice", "list")

    assert {"partner", "account", "lane", "state", "code"} < found[0].keys()
    assert [(n["account"], n["lane"], n["state"], n["code"], n["partner_code"]) for n in found] == [
        ("10000002", "urgent", "pending", None, None),
        ("10000004", "routine", "refused", "MRX-2210", "X-17"),
        ("10000005", "routine", "blocked", "MRX-2101", None),
        ("10000001", "routine", "held", None, None),
        ("10000002", "routine", "held", None, None),
    ]
    for state in ("held", "pending", "blocked", "refused"):
        only = mrx.json("notice", "list", "--state", state)
        assert only == [notice for notice in found if notice["state"] == state]
    assert mrx.json("notice", "list", "--partner", "ca-pip") == []


def test_a_withdrawal_is_pending_whatever_the_gate_says(told: World, mrx: Mrx):
    mrx("consent", "revoke", "10000001", "mx-neec")
    told.push(member("10000003"))
    told.grant("10000003")

    found = mrx.json("notice", "list", MRX_CONSENTS_FRESH_HOURS="0.0000001")

    assert [(n["account"], n["kind"], n["state"], n["code"]) for n in found] == [
        ("10000001", "withdrawal", "pending", None),
        ("10000003", "announcement", "blocked", "MRX-2207"),
        ("10000002", "announcement", "held", None),
    ]


def test_a_roll_lists_what_the_programme_last_described(told: World, mrx: Mrx):
    mexico = Mrx(told.partners["mx-neec"].folder)

    rows = mexico.json("roll", "list", "us-ctpat")

    assert [row.keys() for row in rows] == [
        {
            "ref",
            "name",
            "identifiers",
            "status",
            "member_since",
            "category",
            "covered",
            "quarantined",
        },
    ] * 2
    assert {row["name"] for row in rows} == {
        "Invented Company 10000001",
        "Invented Company 10000002",
    }
    assert rows[0]["identifiers"] == [{"scheme": "SCAC", "value": "QXQQ"}]
    assert mexico.json("roll", "list", "mx-neec") == []
    ours = mrx.json("roll", "list", "us-ctpat")
    assert [(row["ref"], row["account"]) for row in ours] == [
        (None, "10000001"),
        (None, "10000002"),
        (None, "10000003"),
    ]


def test_a_member_is_shown_with_its_consents_and_notices(told: World, mrx: Mrx):
    told.push(member("10000001", status="REMOVED", business_type="Importer"))

    shown = mrx.json("member", "show", "10000001")

    assert (shown["status"], shown["business_type"], shown["present"]) == (
        "REMOVED",
        "Importer",
        True,
    )
    assert [(c["programme"], c["event"]) for c in shown["consents"]] == [("mx-neec", "granted")]
    assert [(n["lane"], n["state"]) for n in shown["notices"]] == [
        ("urgent", "pending"),
        ("routine", "held"),
    ]


def test_a_disclosure_says_who_was_told_what_and_proves_it(told: World, mrx: Mrx):
    told.push(member("10000001", status="SUSPENDED"))
    told.deliver()

    shown = mrx.json("disclosure", "show", "10000001")

    partners = {partner["partner"]: partner for partner in shown["partners"]}
    assert list(partners) == ["ca-pip", "il-aeo", "kr-aeo", "mx-neec", "tw-aeo"]
    assert partners["ca-pip"] == {
        "partner": "ca-pip",
        "stands": "never told",
        "lives": [],
        "waiting": [],
    }
    [life] = partners["mx-neec"]["lives"]
    assert (life["stands"], life["held_version"], life["held_status"]) == ("held", 2, "SUSPENDED")
    first, second = life["tellings"]
    assert (first["lane"], first["number"], first["issue"], first["version"]) == (
        *("routine", 1),
        *(1, 1),
    )
    assert (second["lane"], second["version"], second["outcome"]) == ("urgent", 2, "held")
    assert first["consent"]["officer_title"] == "Vice President"
    assert first["consent"]["text"] == "neec-2014"
    assert [r["verdict"] for r in first["receipts"]] == ["all"]
    assert first["receipts"][0]["digest"] == mrx.json("batch", "show", 1)["receipts"][0]["digest"]
    assert [c["event"] for c in shown["consents"]] == ["granted"]
    assert shown["revocations"] == []
    assert "jdoe" not in mrx("disclosure", "show", "10000001", "--json").stdout


def test_a_disclosure_after_a_revocation_and_a_new_consent_has_two_lives(told: World, mrx: Mrx):
    mrx("consent", "revoke", "10000001", "mx-neec")
    on_its_way = mrx.json("disclosure", "show", "10000001")
    told.clock.forward(seconds=5)
    told.deliver()
    told.clock.forward(seconds=5)
    told.grant("10000001")
    told.deliver()

    shown = mrx.json("disclosure", "show", "10000001")

    def mexico(statement):
        return next(p for p in statement["partners"] if p["partner"] == "mx-neec")

    assert mexico(on_its_way)["stands"] == "withdrawal on its way"
    gone, held = mexico(shown)["lives"]
    assert (gone["stands"], gone["fate"]) == ("deletion confirmed", "erased")
    assert [t["kind"] for t in gone["tellings"]] == ["announcement", "withdrawal"]
    assert held["stands"] == "held"
    assert gone["ref"] != held["ref"]
    assert [r["answer"] for r in shown["revocations"]] == ["deletion confirmed"]
    assert mrx.json("revocation", "show", 1)["partners"][0]["refs"] == [
        {"ref": gone["ref"], "fate": "erased", "law": None, "retained_until": None}
    ]


def test_a_telling_names_the_last_issue_that_said_it(world: World, mrx: Mrx):
    world.push(member("10000001"), member("10000002"))
    world.grant("10000001", "10000002")
    world.wire.plan = [LOST_ANSWER]
    world.deliver(1)
    mrx("consent", "revoke", "10000001", "mx-neec")
    world.deliver()

    left, stayed = (
        next(
            partner["lives"][0]["tellings"][0]
            for partner in mrx.json("disclosure", "show", account)["partners"]
            if partner["lives"]
        )
        for account in ("10000001", "10000002")
    )

    assert (left["number"], left["issue"], left["receipts"]) == (1, 1, [])
    assert (stayed["number"], stayed["issue"], len(stayed["receipts"])) == (1, 2, 1)


def test_a_disclosure_has_a_page_for_people(told: World, mrx: Mrx):
    rows = [line.split("\t") for line in mrx("disclosure", "show", "10000001").stdout.splitlines()]

    assert ["partners", "ca-pip", "never told"] in [row[:3] for row in rows]
    assert ["partners", "mx-neec", "held"] in [row[:3] for row in rows]
    assert sum(row[0] == "told" for row in rows) == 1


def test_what_was_removed_before_sending_was_told_to_nobody(world: World, mrx: Mrx):
    world.push(member("10000001"))
    world.grant("10000001")

    mrx("consent", "revoke", "10000001", "mx-neec")

    partners = mrx.json("disclosure", "show", "10000001")["partners"]
    assert {p["partner"]: p["stands"] for p in partners}["mx-neec"] == "removed before sending"


def test_the_ledger_shows_where_it_was_changed(told: World, mrx: Mrx):
    sound = mrx.json("ledger", "verify")
    with told.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE ledger SET entry = '{}' WHERE position = 2")

    broken = mrx("ledger", "verify", "--json", code=3)

    assert sound["broken_at"] is None
    assert len(sound["head"]) == 64
    assert '"broken_at": 2' in broken.stdout
    assert "error: MRX-9006 " in broken.stderr
    assert "position: 2" in broken.stderr
