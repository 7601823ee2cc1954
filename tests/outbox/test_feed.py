"""How fresh the consent feed is, and what a stale one holds back: nobody knows who has revoked (P9)."""

import io

from gateway.cli.consent import _record
from gateway.intake import push_consents
from partners import consents
from tests.world import ONE, TOO_LARGE, TWO, World, member


def test_behind_a_closed_gate_news_that_waits_does_not_hide_news_that_is_worse(two_told: World):
    """However small a batch is and however much waits first, the worse state is taken back (P3)."""
    two_told.wire.plan = [TOO_LARGE]  # from here on, a batch is one notice
    two_told.push(member("10000001", status="SUSPENDED"), member("10000002", status="SUSPENDED"))
    two_told.deliver()
    two_told.push(member("10000002"))
    two_told.deliver()
    assert two_told.held("mx-neec") == {ONE: "SUSPENDED", TWO: "VALIDATED"}
    two_told.clock.forward(days=30)
    two_told.push(member("10000001", name="Invented Other", status="SUSPENDED"))
    two_told.push(member("10000002", status="REMOVED"))

    two_told.deliver()

    assert TWO not in two_told.held("mx-neec")


def test_a_feed_of_which_no_line_can_be_read_is_not_fresh(two_told: World):
    """A wrong export or another encoding may hold revocations; it does not say "nothing new"."""
    two_told.clock.forward(days=30)
    now = two_told.clock()
    push_consents.push(
        two_told.house,
        push_consents.Push(
            source=io.BytesIO(b"nothing that could be read\n" * 3),
            format="ndjson",
            as_of=now,
            now=now,
            by="test",
        ),
    )

    with two_told.house.database.read() as tx:
        heard = consents.as_of(tx)
    assert heard is not None
    assert now - heard > two_told.house.terms.consents_fresh_for


def test_one_consent_written_by_hand_does_not_make_a_silent_feed_fresh(two_told: World):
    """One grant on paper says nothing of what the others have revoked in that silent month."""
    two_told.clock.forward(days=30)
    two_told.push(member("10000001", name="Invented Renamed"))
    now = two_told.clock()
    fields: dict[str, object] = {
        "account": "10000002",
        "programme": "mx-neec",
        "event": "granted",
        "at": now.isoformat(),
        "officer": {"title": "Vice President"},
        "text_version": "neec-2014",
    }
    _record(two_told.house, fields, now=now)

    two_told.deliver()

    assert "Invented Renamed" not in two_told.held("mx-neec")
