"""What needs a person is said, with its code and the page where it is repaired; and nothing else."""

from collections.abc import Collection
from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway import pushes
from gateway.acts import approvals, replays
from gateway.identity.actor import ALL, Actor
from gateway.tokens import Scope
from gateway.views import overview
from gateway.views.alarms import Alarm
from outbox import holdings, lane
from partners import agreements, certificates
from schemas.holdings import Holdings
from schemas.tables import certificates as pins
from tests.conftest import BOTH
from tests.gateway.api.doors import token
from tests.gateway.sender import Sender, some
from tests.world import LOST_ANSWER, NEVER_ARRIVED, World, member

JANE = Actor("jane", ALL)


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def told(small_world: World) -> World:
    """One member that Mexico holds; the feed has just spoken."""
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()
    return small_world


def alarms(world: World, *kinds: str, later: timedelta = timedelta(0)) -> list[Alarm]:
    """All alarms, or those of some kinds."""
    with world.house.database.read() as tx:
        found = overview.overview(tx, world.house, now=world.clock.now + later).alarms
    return [one for one in found if not kinds or one.kind in kinds]


def only(found: Collection[Alarm]) -> Alarm:
    (one,) = found
    return one


def test_in_calm_weather_there_is_none(told: World):
    assert alarms(told) == []


def test_a_gateway_that_was_just_made_alarms_nobody(small_world: World):
    assert alarms(small_world) == []


def test_a_withdrawal_that_is_not_confirmed_in_time_is_the_first_of_all(told: World):
    told.wire.plan = [NEVER_ARRIVED] * 30
    told.revoke("10000001", of="mx-neec")
    told.deliver(rounds=20)

    assert alarms(told, "withdrawals overdue", later=timedelta(hours=23)) == []
    found = alarms(told, later=timedelta(hours=30))

    assert (found[0].kind, found[0].bad, found[0].code) == ("withdrawals overdue", True, "MRX-6001")
    assert found[0].sentence == (
        "mx-neec: 1 withdrawal not confirmed, the first is overdue for 6 h."
    )
    assert found[0].path == "/revocations?partner=mx-neec&show=overdue"


def test_bad_news_that_waits_for_a_day_is_an_alarm_without_a_revocation(told: World):
    told.wire.plan = [NEVER_ARRIVED] * 3
    told.push(member("10000001", status="SUSPENDED"))
    told.deliver(rounds=1)

    one = only(alarms(told, "urgent news waits", later=timedelta(hours=25)))

    assert one.sentence == "mx-neec: withdrawals or bad news wait for 25 h."


def test_a_failing_lane_names_its_cause_and_leads_to_the_repair(told: World):
    told.wire.plan = [NEVER_ARRIVED] * 9
    told.push(member("10000001", name="Invented Two"))
    told.deliver(rounds=8)

    one = only(alarms(told, "failing", later=timedelta(hours=3)))

    assert one.sentence == ("mx-neec: the routine lane fails for 3 h: the partner did not answer.")
    assert (one.code, one.path) == ("MRX-6001", "/partners/mx-neec")


def test_an_answer_that_does_not_come_for_an_hour_is_an_alarm(told: World):
    told.wire.plan = [LOST_ANSWER]
    told.push(member("10000001", name="Invented Two"))
    told.deliver(rounds=1)

    assert alarms(told, "unknown for long", later=timedelta(minutes=59)) == []
    one = only(alarms(told, "unknown for long", later=timedelta(minutes=61)))
    assert one.path.startswith("/batches/")
    assert "batch a2 was sent" in one.sentence


def test_what_arrived_and_is_never_applied_is_an_alarm(told: World):
    told.wire.plan = [LOST_ANSWER]
    told.push(member("10000001", name="Invented Two"))
    told.deliver(rounds=1)
    with told.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE batches SET state = 'received' WHERE state = 'unknown'")

    one = only(alarms(told, "received, not applied", later=timedelta(hours=25)))

    assert one.path == "/batches?partner=mx-neec&state=received"


def test_lanes_that_nobody_works_are_an_alarm_even_though_nobody_is_there_to_say_so(told: World):
    told.push(member("10000001", name="Invented Two"))

    assert alarms(told, "nobody works the lanes") == []
    assert only(alarms(told, later=timedelta(minutes=6))).kind == "nobody works the lanes"


def test_a_pause_with_a_backlog_is_an_alarm_and_an_empty_one_is_not(told: World):
    with told.house.database.write() as tx:
        lane.pause(tx, "mx-neec", by="jdoe", reason="their maintenance", now=told.clock())
    assert alarms(told) == []

    told.push(member("10000001", name="Invented Two"))

    one = only(alarms(told, later=timedelta(hours=2)))
    assert one.sentence == "mx-neec: paused for 2 h by jdoe, waiting: 1 announcement."
    assert not one.bad


def test_the_consent_feed_is_said_before_it_is_stale_and_when_it_is(told: World):
    assert alarms(told, later=timedelta(hours=53)) == []
    ageing, stale = (only(alarms(told, later=timedelta(hours=hours))) for hours in (55, 73))
    assert (ageing.kind, ageing.bad, ageing.code) == ("consent feed ageing", False, None)
    assert (stale.kind, stale.bad, stale.code) == ("consent feed stale", True, "MRX-2207")
    assert stale.path == "/pushes"


@pytest.mark.parametrize(
    ("days", "step", "bad"),
    [
        (61, None, False),
        (59, 60, False),
        (29, 30, False),
        (13, 14, True),
        (6, 7, True),
        (0, 7, True),
    ],
)
def test_certificates_are_said_at_each_step_of_the_ladder(
    told: World, days: int, step: int | None, bad: bool
):
    with told.house.database.write() as tx:
        ends = told.clock.now + timedelta(days=days, hours=1)
        tx.execute(update(pins).values(not_after=ends))

    found = [one for one in alarms(told) if one.kind.startswith("certificate")]

    assert [(one.kind, one.bad) for one in found] == (
        [] if step is None else [(f"certificate {step} days", bad)]
    )
    assert all(f"expires in {days} day" in one.sentence for one in found)
    assert all(one.path == "/partners/mx-neec/certificates" for one in found)


def test_the_newest_of_a_partners_certificates_counts(told: World):
    (first,) = (told.partners["mx-neec"].key.certificate,)
    with told.house.database.write() as tx:
        tx.execute(update(pins).values(not_after=told.clock.now + timedelta(days=5)))
        other = certificates.Pinned(
            fingerprint="f" * 64,
            partner="mx-neec",
            pem=first.pem,
            not_before=first.not_before,
            not_after=told.clock.now + timedelta(days=400),
        )
        certificates.pin(tx, other, now=told.clock.now)

    assert alarms(told) == []


def test_our_own_certificate_is_said_too(told: World):
    left = told.house.key.certificate.not_after - told.clock.now - timedelta(days=20)

    found = [one for one in alarms(told, later=left) if one.partner is None]

    one = only([one for one in found if one.kind == "certificate 30 days"])
    assert one.sentence == "Our certificate expires in 20 days; no next one is staged."
    assert one.path == "/certificates"


def test_without_a_valid_certificate_the_gate_is_closed_and_that_is_said(told: World):
    with told.house.database.write() as tx:
        fingerprint = told.partners["mx-neec"].key.certificate.fingerprint
        certificates.withdraw(tx, "mx-neec", fingerprint, now=told.clock.now)

    one = only(alarms(told))

    assert (one.kind, one.code, one.bad) == ("closed", "MRX-2209", True)
    assert one.path == "/partners/mx-neec/certificates"


def test_a_gate_that_is_closed_is_said_once_something_waits_behind_it(told: World):
    with told.house.database.write() as tx:
        agreements.change(tx, "mx-neec", enabled=False)
    assert alarms(told) == []

    told.push(member("10000001", name="Invented Two"))

    one = only(alarms(told))
    assert (one.kind, one.code, one.bad) == ("closed", "MRX-2202", False)
    assert one.sentence.endswith("waiting: 1.")


def test_what_only_an_operator_can_repair_is_said(told: World):
    told.push(member("10000001", name="Invented Two"))
    with told.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE pending SET blocked = 'MRX-2211'")

    one = only(alarms(told))

    assert one.sentence == "mx-neec: 1 notice waiting: the partner refused the whole batch."
    assert one.path == "/failures?partner=mx-neec&code=MRX-2211"


def test_what_a_company_or_the_source_repairs_alarms_no_operator(told: World):
    told.push(member("10000001", name="Invented Two"))
    with told.house.database.write() as tx:
        tx.exec_driver_sql("UPDATE pending SET blocked = 'MRX-2101'")

    assert alarms(told) == []


def test_ends_that_differ_are_said(told: World):
    with told.house.database.write() as tx:
        expected = Holdings(1, "a" * 64)
        holdings.note(tx, "mx-neec", expected, 2, "b" * 64, now=told.clock.now)

    one = only(alarms(told))

    assert (one.kind, one.code) == ("holdings differ", "MRX-4014")
    assert one.path == "/partners/mx-neec#holdings"


def test_a_batch_of_theirs_in_quarantine_is_said(told: World):
    sender = Sender(told)
    members = some(200)
    sender.send(sender.next(members), now=told.clock.now)
    gone = sender.next([], [one.ref for one in members[:100]])
    sender.send(gone, now=told.clock.now + timedelta(days=2))

    one = only(alarms(told, "inbound quarantined"))

    assert one.sentence.startswith("mx-neec: 1 batch of theirs")
    assert one.path == "/inbound/mx-neec"


def test_a_full_list_that_waits_for_a_second_person_is_said(told: World):
    text = token(told.house, Scope.PUSH)
    with told.house.database.write() as tx:
        push = pushes.Pushed(
            id="0" * 16,
            token=text.split("_")[1],
            kind=pushes.Kind.MEMBERS,
            format="ndjson",
            mode="full",
            dry_run=False,
            as_of=told.clock.now,
            bytes=1,
            digest="0" * 64,
            received_at=told.clock.now,
        )
        pushes.begin(tx, push)
        pushes.settle(tx, push.id, pushes.State.WAITING, {}, now=told.clock.now)

    one = only(alarms(told))

    assert (one.code, one.path, one.bad) == ("MRX-7013", f"/pushes/{'0' * 16}", True)


def test_acts_that_wait_for_a_second_person_are_said(told: World):
    with told.house.database.write() as tx:
        approvals.ask(
            tx, JANE, replays.ACT, partner="mx-neec", subject="x", reason="a test", now=told.clock()
        )

    one = only(alarms(told))

    assert (one.kind, one.path) == ("approvals wait", "/approvals")
