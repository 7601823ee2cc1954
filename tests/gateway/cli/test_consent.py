"""`mrx consent`: one officer's word, given and taken back."""

import pytest

from tests.gateway.cli.command import Mrx
from tests.world import World, member

OFFICER = ("--officer-title", "Vice President")


@pytest.fixture
def known(mrx: Mrx) -> Mrx:
    mrx.push(member("10000001"))
    return mrx


def test_a_grant_takes_the_newest_text_that_covers_the_programme(known: Mrx):
    granted = known.json("consent", "grant", "10000001", "mx-neec", *OFFICER)
    other = known.json("consent", "grant", "10000001", "kr-aeo", *OFFICER)

    assert (granted["effect"], granted["text_version"]) == ("stands", "neec-2014")
    assert other["text_version"] == "2014-08"
    [event] = known.json("consent", "list", "10000001", "mx-neec")
    assert event["stands"] is True
    assert (event["officer_title"], event["recorded_by"]) == ("Vice President", "jdoe")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("10000009", "mx-neec", *OFFICER), "MRX-1201"),
        (("123", "mx-neec", *OFFICER), "MRX-1101"),
        (("10000001", "fr-aeo", *OFFICER), "MRX-1202"),
        (("10000001", "us-ctpat", *OFFICER), "MRX-1202"),
        (("10000001", "mx-neec", "--officer-title", "  "), "MRX-1206"),
        (("10000001", "mx-neec", *OFFICER, "--text-version", "2099-01"), "MRX-1207"),
        (("10000001", "mx-neec", *OFFICER, "--text-version", "2014-08"), "MRX-1208"),
        (("10000001", "mx-neec", *OFFICER, "--at", "2013-01-01T00:00:00Z"), "MRX-1207"),
        (
            (
                *("10000001", "mx-neec", *OFFICER, "--text-version", "neec-2014"),
                *("--at", "2013-01-01T00:00:00Z"),
            ),
            "MRX-1209",
        ),
        (("10000001", "mx-neec", *OFFICER, "--evidence", "abc"), "MRX-1210"),
    ],
)
def test_a_grant_that_does_not_fit_is_refused_and_leaves_nothing(
    arguments: tuple[str, ...], code: str, known: Mrx
):
    said = known("consent", "grant", *arguments, code=1)

    assert said.stderr.startswith(f"error: {code} ")
    assert known.json("consent", "list", "10000001") == []


def test_a_grant_without_an_officer_is_a_usage_error(known: Mrx):
    assert "--officer-title" in known("consent", "grant", "10000001", "mx-neec", code=2).stderr


def test_the_evidence_is_kept(known: Mrx):
    digest = "AB" * 32

    known("consent", "grant", "10000001", "mx-neec", *OFFICER, "--evidence", digest)

    assert known.json("consent", "list", "10000001")[0]["evidence"] == digest.lower()


def test_an_older_event_changes_nothing_and_says_so(known: Mrx):
    known("consent", "grant", "10000001", "mx-neec", *OFFICER)

    older = known(
        "consent", "revoke", "10000001", "mx-neec", "--at", "2015-01-01T00:00:00Z", "--json"
    )

    assert '"effect": "older"' in older.stdout
    assert '"revocation": null' in older.stdout
    assert "newer event stands" in older.stderr
    events = known.json("consent", "list", "10000001")
    assert [(e["event"], e["stands"]) for e in events] == [("revoked", False), ("granted", True)]


def test_a_revocation_answers_per_partner(known: Mrx):
    known("consent", "grant", "10000001", "mx-neec", *OFFICER)

    removed = known.json("consent", "revoke", "10000001", "mx-neec")
    never = known.json("consent", "revoke", "10000001", "kr-aeo")

    assert removed["revocation"] == 1
    assert removed["account"] == "10000001"
    assert [(p["partner"], p["answer"]) for p in removed["partners"]] == [
        ("mx-neec", "removed before sending")
    ]
    assert [(p["partner"], p["answer"], p["refs"]) for p in never["partners"]] == [
        ("kr-aeo", "never told", [])
    ]
    assert known.json("revocation", "show", 1)["partners"] == removed["partners"]


def test_revoking_again_at_the_same_time_is_fine(known: Mrx):
    at = ("--at", "2020-01-01T00:00:00Z")
    first = known.json("consent", "revoke", "10000001", "mx-neec", *at)

    again = known.json("consent", "revoke", "10000001", "mx-neec", *at)

    assert (first["effect"], again["effect"]) == ("stands", "repeated")
    assert again["partners"] == first["partners"]


def test_grant_and_revoke_keep_the_consent_feed_fresh(world: World, mrx: Mrx):
    world.push(member("10000001"), member("10000002"))
    with world.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE home SET consents_as_of = NULL")

    mrx("consent", "grant", "10000001", "mx-neec", *OFFICER)

    assert [n["state"] for n in mrx.json("notice", "list")] == ["pending"]


def test_an_unknown_account_or_programme_has_no_consents(known: Mrx):
    assert "MRX-5002" in known("consent", "list", "10000009", code=1).stderr
    assert "MRX-5001" in known("consent", "list", "10000001", "fr-aeo", code=1).stderr


def test_an_unknown_revocation_is_refused(known: Mrx):
    assert "MRX-5004" in known("revocation", "show", 7, code=1).stderr
    assert "ID" in known("revocation", "show", 2**70, code=2).stderr
