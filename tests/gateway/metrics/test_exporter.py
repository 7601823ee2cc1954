"""What /metrics says is what happened, whoever is asked and however often."""

import re
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from gateway.metrics import tally
from gateway.metrics.catalogue import METRICS
from gateway.metrics.exporter import Exporter
from outbox import lane, rest
from schemas.receipt import Refusal, Verdict
from schemas.tables import home
from tests.conftest import FILE_ONLY
from tests.gateway.metrics.told import Told, told
from tests.world import World, answering, member

MEXICO = {"partner": "mx-neec"}
ROUTINE = {**MEXICO, "lane": "routine"}
URGENT = {**MEXICO, "lane": "urgent"}


@pytest.fixture
def world(small_world: World) -> World:
    """Three members are held in Mexico; one answer was lost on the way."""
    small_world.push(*(member(f"1000000{n}") for n in range(3)))
    small_world.wire.plan = ["lost answer"]
    small_world.grant(*(f"1000000{n}" for n in range(3)))
    small_world.deliver()
    return small_world


def now_told(world: World) -> Told:
    return told(world.house, world.clock.now)


def test_what_left_and_was_answered_is_counted(world: World):
    found = now_told(world)

    assert found("mrx_batches_total", **ROUTINE, outcome="settled") == 1
    assert found("mrx_notices_total", **ROUTINE, outcome="held") == 3
    attempts = "mrx_delivery_attempts_total"
    assert found(attempts, **MEXICO, outcome="no answer", code="MRX-6001") == 1
    assert found(attempts, **MEXICO, outcome="receipt", code="") == 1
    assert found("mrx_delivery_duration_seconds_count", **MEXICO) == 2
    assert found("mrx_delivery_duration_seconds_bucket", **MEXICO, le="+Inf") == 2
    assert found("mrx_held_records", **MEXICO) == 3
    assert found("mrx_last_receipt_timestamp_seconds", **MEXICO) == pytest.approx(
        world.clock.now.timestamp(), abs=60
    )


def test_a_revocation_is_open_then_overdue_then_confirmed_and_its_time_is_counted(world: World):
    world.wire.plan = ["never arrived"]
    world.revoke("10000001", of="mx-neec")
    world.deliver(rounds=1)
    world.clock.forward(hours=2)

    waiting = now_told(world)
    world.clock.forward(hours=30)
    late = now_told(world)
    world.deliver()
    confirmed = now_told(world)

    assert (
        waiting("mrx_revocations_open", **MEXICO),
        waiting.total("mrx_revocations_overdue"),
    ) == (1, 0)
    assert waiting("mrx_oldest_unanswered_seconds", **URGENT) == pytest.approx(7_200, abs=5)
    assert late("mrx_revocations_overdue", **MEXICO) == 1
    assert late("mrx_withdrawal_confirmation_seconds_count", **MEXICO) is None
    assert confirmed("mrx_revocations_open", **MEXICO) == 0
    assert confirmed("mrx_notices_total", **URGENT, outcome="withdrawn") == 1
    took = "mrx_withdrawal_confirmation_seconds"
    assert confirmed(f"{took}_count", **MEXICO) == 1
    assert confirmed(f"{took}_sum", **MEXICO) == pytest.approx(32 * 3_600, abs=5)
    assert confirmed(f"{took}_bucket", **MEXICO, le="86400.0") == 0
    assert confirmed(f"{took}_bucket", **MEXICO, le="172800.0") == 1


def test_a_lane_is_in_one_state_and_its_backlog_has_an_age(world: World):
    with world.house.database.write() as tx:
        lane.pause(tx, "mx-neec", by="test", reason="repair", now=world.clock.now)
    world.push(member("10000001", name="Invented Company Renamed"))
    world.clock.forward(hours=1)

    found = now_told(world)

    states = [
        found("mrx_lane_state", **ROUTINE, state=one) for one in ("open", "paused", "failing")
    ]
    assert states == [0, 1, 0]
    assert found("mrx_pending_notices", **ROUTINE) == 1
    assert found("mrx_oldest_pending_seconds", **ROUTINE) == pytest.approx(3_600, abs=5)
    assert found("mrx_oldest_pending_seconds", **URGENT) == 0


def test_a_circuit_that_opened_is_failing(world: World):
    with world.house.database.write() as tx:
        (urgent,) = (one for one in lane.of(tx, "mx-neec") if one.kind == "urgent")
        rest.failed(tx, urgent.id, now=world.clock.now, dice=0.5, at_once=True)

    assert now_told(world)("mrx_lane_state", **URGENT, state="failing") == 1


def test_what_cannot_be_said_and_what_was_refused_stand_apart_by_code(world: World):

    world.push(member("10000005", status="SUSPENDED", name=" x"), member("10000006"))

    def refuse(receipt):
        return replace(
            receipt,
            verdict=Verdict.REFUSALS,
            refused=tuple(Refusal(ref=ref, code="THEIR-1") for ref in refs(world)),
        )

    world.wire.answer = answering(refuse)
    world.grant("10000006")
    world.deliver(rounds=3)

    found = now_told(world)

    assert found("mrx_refused_notices", **MEXICO, code="MRX-2210") == 1
    assert found("mrx_notices_total", **ROUTINE, outcome="refused") == 1
    assert found.total("mrx_blocked_notices", **MEXICO) == 0


def refs(world: World) -> list[str]:
    with world.house.database.read() as tx:
        return list(
            tx.exec_driver_sql("SELECT ref FROM batch_notices WHERE account = '10000006'").scalars()
        )


def test_an_answer_that_is_no_receipt_is_counted_by_its_code(world: World):
    world.wire.plan = ["nonsense"]
    world.push(member("10000001", name="Invented Company Renamed"))
    world.deliver(rounds=1)

    found = now_told(world)

    assert found.total("mrx_receipt_verification_failures_total", **MEXICO) == 1
    (reason,) = {
        dict(labels)["reason"]
        for name, labels in found
        if name.startswith("mrx_receipt_verification")
    }
    assert re.fullmatch(r"MRX-\d{4}", reason)


def test_the_feeds_age_and_one_that_was_never_heard_says_nothing(world: World):
    world.clock.forward(hours=3)
    heard = now_told(world)
    with world.house.database.write() as tx:
        tx.execute(update(home).values(consents_as_of=None))

    assert heard("mrx_consent_feed_age_seconds") == pytest.approx(3 * 3_600, abs=10)
    assert heard("mrx_consent_feed_limit_seconds") == 72 * 3_600
    assert now_told(world)("mrx_consent_feed_age_seconds") is None


def test_certificates_have_an_end_and_an_owner(world: World):
    ends = {
        dict(labels)["owner"]: value
        for (name, labels), value in now_told(world).items()
        if name == "mrx_certificate_expiry_timestamp_seconds"
    }

    assert ends["ours"] == world.house.key.certificate.not_after.timestamp()
    theirs = world.partners["mx-neec"].key.certificate
    assert ends["mx-neec"] == theirs.not_after.timestamp()


# -- counters --------------------------------------------------------------------------------------


def counters(found: Told) -> dict[object, float]:
    names = tuple(m.name for m in METRICS if m.kind != "gauge")
    return {key: n for key, n in found.items() if key[0].startswith(names)}


def test_looked_at_often_or_once_old_or_new_the_counters_are_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tally, "AT_ONCE", 1)
    often = Exporter(world.house)
    plans = (["fine"], ["lost answer"], ["never arrived", "never arrived"], ["nonsense"], [])
    for n, plan in enumerate(plans):
        world.wire.plan = list(plan)
        world.push(member("10000001", name=f"Invented Company {n}"))
        world.deliver(rounds=2, hurry=n % 2 == 0)
        often.count()
        told(often, world.clock.now)
        world.clock.forward(minutes=4)

    world.clock.forward(hours=1)
    looked = counters(told(often, world.clock.now))

    assert looked == counters(told(Exporter(world.house), world.clock.now))
    assert looked
    monkeypatch.setattr(tally, "SETTLED_AFTER", timedelta(days=9_999))  # all of it is new
    assert looked == counters(told(Exporter(world.house), world.clock.now))


def test_a_batch_that_was_open_when_its_neighbours_were_counted_is_counted_once_it_is_closed(
    world: World,
):
    exporter = Exporter(world.house)
    world.wire.plan = ["never arrived"]
    world.push(member("10000001", name="Invented Company Renamed"))
    world.deliver(rounds=1)
    world.clock.forward(hours=1)
    before = told(exporter, world.clock.now)
    world.deliver()

    after = told(exporter, world.clock.now)

    assert before("mrx_batches_total", **ROUTINE, outcome="settled") == 1
    assert (
        before("mrx_delivery_attempts_total", **MEXICO, outcome="no answer", code="MRX-6001") == 2
    )
    assert after("mrx_batches_total", **ROUTINE, outcome="settled") == 2
    assert counters(after) == counters(told(world.house, world.clock.now))


def test_until_all_is_counted_there_are_no_counters_rather_than_low_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tally, "AT_ONCE", 1)
    monkeypatch.setattr("gateway.metrics.exporter.CHUNKS_A_LOOK", 1)
    world.push(member("10000001", name="Invented Company Renamed"))
    world.deliver()
    world.clock.forward(hours=1)
    exporter = Exporter(world.house)

    first, second = told(exporter, world.clock.now), told(exporter, world.clock.now)

    assert first("mrx_counters_ready") == 0
    assert first.total("mrx_batches_total") == 0
    assert second("mrx_counters_ready") == 1
    assert second.total("mrx_batches_total") == 2


def test_who_looks_does_not_wait_for_the_first_count_of_all(world: World):
    exporter = Exporter(world.house)
    looked: list[Told] = []
    with exporter._alone:  # as the thread that counts holds it
        looking = threading.Thread(target=lambda: looked.append(told(exporter, world.clock.now)))
        looking.start()
        looking.join(30)

    assert [look("mrx_counters_ready") for look in looked] == [0]
    assert told(exporter, world.clock.now)("mrx_counters_ready") == 1


# Walks back over the batches of the last minutes only.
LAST = "ORDER BY batches.id DESC"


@FILE_ONLY
def test_no_look_reads_a_big_table_from_end_to_end(world: World):
    exporter = Exporter(world.house)
    world.clock.forward(hours=1)
    told(exporter, world.clock.now)
    asked: list[tuple[str, Any]] = []

    def note(_tx, _cursor, statement, parameters, _context, _many):
        asked.append((statement, parameters))

    engine = world.house.database._reader
    event.listen(engine, "before_cursor_execute", note)
    told(exporter, world.clock.now)
    event.remove(engine, "before_cursor_execute", note)

    with world.house.database.read() as tx:
        plans = [
            row[-1]
            for statement, parameters in asked
            if statement.lstrip().startswith("SELECT") and LAST not in statement
            for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    big = "batches|batch_notices|attempts|members|disclosures|consents|ledger|receipts|outcomes"
    big += "|inbound_batches|approvals"
    assert len(plans) > 15
    # The times of all revocations: they are few beside batches, and most are not open.
    assert plans.count("SCAN revocations") <= 1
    assert [
        plan
        for plan in plans
        if re.match(rf"SCAN ({big})\b(?!.*INDEX inbound_quar|.*INDEX approvals_wait)", plan)
    ] == []
    assert [
        plan for plan in plans if re.match(r"SCAN pending(?!.*INDEX pending_blocked)", plan)
    ] == []
