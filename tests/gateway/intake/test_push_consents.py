"""Taking consents: which event stands, which is history, and what a dry run says."""

import io

import orjson
from sqlalchemy import select

from gateway.intake import push_consents
from partners import consents
from schemas.tables import pending as rows
from schemas.tables import standing_consents
from tests.world import World, member


def events(world: World, *lines: dict[str, object], dry_run: bool = False):
    body = b"\n".join(orjson.dumps(line) for line in lines)
    now = world.clock()
    order = push_consents.Push(
        source=io.BytesIO(body), format="ndjson", as_of=now, now=now, by="test", dry_run=dry_run
    )
    return push_consents.push(world.house, order)


def granted(account: str, **facts: object) -> dict[str, object]:
    return {
        "account": account,
        "programme": "mx-neec",
        "event": "granted",
        "at": "2014-08-20T12:00:00Z",
        "officer": {"title": "Vice President"},
        "text_version": "neec-2014",
        **facts,
    }


def test_a_grant_for_an_account_not_on_the_roll_is_rejected(small_world: World):
    small_world.push(member("10000001"))

    report = events(small_world, granted("10000001"), granted("10000009"))

    assert (report.accepted, report.rejected) == (1, 1)
    assert [(r.line, r.account, r.code) for r in report.rejections] == [(2, "10000009", "MRX-1201")]


def test_of_two_events_at_one_instant_the_revocation_wins_in_either_order(small_world: World):
    small_world.push(member("10000001"), member("10000002"))
    events(small_world, granted("10000001"), granted("10000001", event="revoked"))
    events(small_world, granted("10000002", event="revoked"), granted("10000002"))

    with small_world.house.database.read() as tx:
        assert tx.scalars(select(standing_consents.c.event)).all() == ["revoked", "revoked"]
        assert tx.scalars(select(rows.c.account)).all() == []


def test_an_older_event_is_kept_as_history_and_ignored(small_world: World):
    small_world.push(member("10000001"))
    events(small_world, granted("10000001", event="revoked", at="2020-01-01T00:00:00Z"))

    report = events(small_world, granted("10000001"))

    assert (report.accepted, report.ignored) == (0, 1)
    with small_world.house.database.read() as tx:
        assert len(consents.trail(tx, "10000001")) == 2
        assert tx.scalars(select(rows.c.account)).all() == []


def test_the_same_events_twice_change_nothing(small_world: World):
    small_world.push(member("10000001"))
    events(small_world, granted("10000001"))
    small_world.deliver()

    report = events(small_world, granted("10000001"))
    small_world.deliver()

    assert (report.accepted, report.unchanged) == (0, 1)
    assert len(small_world.wire.journal) == 1


def test_given_and_taken_back_and_given_in_one_file_ends_given(small_world: World):
    small_world.push(member("10000001"))

    report = events(
        small_world,
        granted("10000001"),
        granted("10000001", event="revoked", at="2015-01-01T00:00:00Z"),
        granted("10000001", at="2016-01-01T00:00:00Z"),
    )
    small_world.deliver()

    assert report.accepted == 3
    assert small_world.held("mx-neec") == {"Invented Company 10000001": "VALIDATED"}


def test_a_dry_run_of_consents_takes_nothing_back(small_world: World):
    small_world.push(member("10000001"))
    events(small_world, granted("10000001"))
    small_world.deliver()

    report = events(
        small_world,
        granted("10000001", event="revoked", at="2020-01-01T00:00:00Z"),
        dry_run=True,
    )
    small_world.deliver()

    assert (report.accepted, report.revocations) == (1, [])
    assert small_world.held("mx-neec") == {"Invented Company 10000001": "VALIDATED"}
