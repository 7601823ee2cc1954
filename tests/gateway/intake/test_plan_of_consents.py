"""A dry run of consent events says what every partner would hear, and changes nothing."""

import io

import orjson

from gateway.intake import push_consents
from gateway.intake.report import Report
from outbox.preview import Plan
from tests.world import ONE, TWO, World, member


def pushed(world: World, *events: dict[str, object], dry_run: bool) -> Report:
    now = world.clock()
    body = b"\n".join(orjson.dumps(event) for event in events)
    order = push_consents.Push(
        source=io.BytesIO(body), format="ndjson", as_of=now, now=now, by="test", dry_run=dry_run
    )
    return push_consents.push(world.house, order)


def test_a_dry_run_of_consents_says_who_would_hear_what(small_world: World):
    world = small_world
    world.push(*(member(account) for account in ("10000001", "10000002", "10000003")))
    world.grant("10000001")
    world.deliver()
    grant = {
        "programme": "mx-neec",
        "event": "granted",
        "at": "2026-01-05T12:00:00Z",
        "officer": {"title": "Vice President"},
        "text_version": "neec-2014",
    }
    revoke = {"account": "10000001", "programme": "mx-neec", "event": "revoked"}
    events = [
        {**grant, "account": "10000002"},
        {**grant, "account": "10000003", "programme": "ca-pip", "text_version": "2014-08"},
        {**revoke, "at": world.clock().isoformat()},
    ]

    told = pushed(world, *events, dry_run=True)

    assert told.plan == {
        "ca-pip": Plan(blocked={"MRX-2202": 1}),
        "mx-neec": Plan(new=1, withdrawn=1),
    }
    assert (told.accepted, told.revoked, told.revocations) == (3, 1, [])
    assert world.held("mx-neec") == {ONE: "VALIDATED"}
    assert pushed(world, *events, dry_run=False).accepted == 3
    world.deliver()
    assert world.held("mx-neec") == {TWO: "VALIDATED"}
