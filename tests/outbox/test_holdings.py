"""What a partner holds of us, kept as sums with every receipt, and compared with its own word."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, select

from gateway import inbound
from outbox import holdings, ledger, rest
from outbox.house import House
from partners import holdings as sums
from partners.holdings import Side
from schemas.batch import Lane
from schemas.receipt import Level, Refusal, Verdict
from schemas.tables import disclosures, foreign_members, foreign_rolls
from schemas.tables import ledger as ledger_
from tests.outbox.two_ends import MEXICO, agree, ref_of, verdict
from tests.world import BYTES_MAX, LOST_ANSWER, NEVER_ARRIVED, World, answering, honest, member


def entries(world: World) -> list[str]:
    """The verdicts in our ledger."""
    with world.house.database.read() as tx:
        query = select(ledger_.c.kind).where(ledger_.c.kind.like("holdings %"))
        return list(tx.scalars(query.order_by(ledger_.c.position)))


def lose(world: World, account: str) -> None:
    """Mexico's database forgets one member, and knows nothing of it."""
    ref = ref_of(world, account)
    with world.partners[MEXICO].database.write() as tx:
        row = tx.execute(select(foreign_members).where(foreign_members.c.ref == ref)).one()
        tx.exec_driver_sql("DELETE FROM foreign_identifiers WHERE ref = ?", (ref,))
        tx.execute(delete(foreign_members).where(foreign_members.c.ref == ref))
        tx.execute(foreign_rolls.update().values(size=foreign_rolls.c.size - 1))
        sums.change(tx, "us-ctpat", Side.THEIRS, take=[(ref, row.leaf)])


def received(world: World) -> list[bytes]:
    """From here on Mexico says only that it has a batch; what it would have said, in order."""
    kept: list[bytes] = []
    level = {"level": Level.RECEIVED, "verdict": None, "held": None, "holdings": None}
    answer = answering(lambda receipt: replace(receipt, **level))

    def keep(end: House, file: bytes, receipt: bytes) -> bytes:
        kept.append(receipt)
        return answer(end, file, receipt)

    world.wire.answer = keep
    return kept


# -- kept up with every receipt --------------------------------------------------------------------


def test_both_ends_count_the_same_after_a_calm_life(two_told: World):
    assert agree(two_told)
    assert verdict(two_told) is True

    two_told.push(member("10000001", name="Invented Company Renamed"))
    two_told.deliver()
    assert agree(two_told)
    two_told.revoke("10000001", of=MEXICO)
    two_told.deliver()

    assert agree(two_told)
    with two_told.house.database.read() as tx:
        assert sums.held(tx, MEXICO, Side.OURS).count == 1
    assert entries(two_told) == [], "agreement is no news"


def test_what_is_told_and_not_confirmed_is_not_counted(one: World):
    one.wire.plan = [LOST_ANSWER]
    one.deliver(rounds=1)
    with one.house.database.read() as tx:
        assert sums.held(tx, MEXICO, Side.OURS).count == 0
    assert not agree(one)

    one.deliver()
    assert agree(one)


def test_a_refused_notice_changes_nothing(two_told: World):
    ref = ref_of(two_told, "10000001")
    with two_told.house.database.read() as tx:
        before = sums.buckets(tx, MEXICO, Side.OURS)
    two_told.wire.answer = answering(
        lambda r: replace(
            r, verdict=Verdict.REFUSALS, refused=(Refusal(ref=ref, code="X1"),), holdings=None
        )
    )
    two_told.push(member("10000001", name="Invented Company Renamed"))
    two_told.deliver()

    with two_told.house.database.read() as tx:
        assert sums.buckets(tx, MEXICO, Side.OURS) == before == holdings.added_up(tx, MEXICO)


def test_an_older_version_is_counted_as_what_it_said(one: World):
    """Version 1 is confirmed by the nightly load, when version 2 is under way and refused."""
    kept = received(one)
    one.deliver()
    ref = ref_of(one, "10000001")
    one.push(member("10000001", status="SUSPENDED"))
    one.wire.plan = [NEVER_ARRIVED]
    one.wire.answer = honest
    one.deliver(rounds=1)
    inbound.take_receipt(one.house, kept[0], bytes_max=BYTES_MAX, now=one.clock())

    with one.house.database.read() as tx:
        life = tx.execute(select(disclosures).where(disclosures.c.ref == ref)).one()
        assert (life.held_version, life.version) == (1, 2)
        assert life.held_digest != life.told_digest
    assert agree(one), "they hold version 1, and so we say"
    one.deliver()
    assert agree(one)


def test_a_receipt_that_comes_after_the_withdrawal_brings_nothing_back(one: World):
    kept = received(one)
    one.deliver()
    one.wire.answer = honest
    one.revoke("10000001", of=MEXICO)
    one.deliver()
    inbound.take_receipt(one.house, kept[0], bytes_max=BYTES_MAX, now=one.clock())

    assert agree(one)
    with one.house.database.read() as tx:
        assert sums.held(tx, MEXICO, Side.OURS).count == 0


# -- compared at every receipt ---------------------------------------------------------------------


def test_drift_is_seen_at_the_next_receipt_and_its_end_too(two_told: World):
    lose(two_told, "10000001")
    two_told.push(member("10000002", name="Invented Company Renamed"))
    two_told.deliver()
    assert verdict(two_told) is False
    two_told.push(member("10000002", name="Invented Company Renamed Again"))
    two_told.deliver()
    assert entries(two_told) == ["holdings differ"], "said once, however often it is seen"

    two_told.push(member("10000001", name="Invented Company Renamed Too"))
    two_told.deliver()

    assert verdict(two_told) is True
    assert entries(two_told) == ["holdings differ", "holdings agree"]
    with two_told.house.database.read() as tx:
        assert ledger.verify(tx).broken_at is None


def test_a_count_that_does_not_fit_differs_too(two_told: World):
    two_told.wire.answer = answering(lambda r: replace(r, held=17))
    two_told.push(member("10000002", name="Invented Company Renamed"))
    two_told.deliver()

    assert verdict(two_told) is False


def test_a_stored_receipt_replayed_late_is_not_held_against_the_partner(two_told: World):
    """The urgent lane's answer is lost; the routine lane goes on; then the old receipt comes."""
    two_told.push(member("10000001", status="SUSPENDED"))
    two_told.wire.plan = [LOST_ANSWER]
    delivery = two_told.delivery()
    assert delivery.work(rank_max=0)
    two_told.push(member("10000002", name="Invented Company Renamed"))
    assert delivery.work()
    assert verdict(two_told) is True, "while one lane is in flight nothing is compared"

    two_told.deliver()

    assert agree(two_told)
    assert entries(two_told) == []


def test_a_life_of_which_nobody_can_know_is_not_compared(two_told: World):
    """An issue may have been heard that the next one no longer says."""
    two_told.push(
        member("10000001", name="Invented Company Renamed"),
        member("10000002", name="Invented Company Renamed Too"),
    )
    two_told.wire.plan = [LOST_ANSWER]
    two_told.deliver(rounds=1)
    two_told.push(member("10000001", name="Invented Company Renamed", status="A NEW WORD"))
    two_told.deliver()

    assert two_told.states()[-1] == "settled"
    assert not agree(two_told)
    assert entries(two_told) == []


@pytest.mark.parametrize("said", [None, "agree", "differ"])
def test_a_receipt_without_a_digest_says_nothing(two_told: World, said: str | None):
    if said == "differ":
        lose(two_told, "10000001")
        two_told.push(member("10000002", name="Invented Company Renamed"))
        two_told.deliver()
    before = verdict(two_told)
    two_told.wire.answer = answering(lambda r: replace(r, holdings=None, held=None))
    two_told.push(member("10000002", name="Invented Company Renamed Again"))
    two_told.deliver()

    assert verdict(two_told) is before


def test_a_withdrawal_not_asked_for_yet_leaves_in_doubt_whether_they_have_the_member(
    small_world: World,
):
    """Mexico took issue 1, and nobody heard so; issue 2 is without the member who took it back.
    The routine lane is quicker than the urgent one, and its receipt counts both.
    """
    w = small_world
    w.push(member("10000001"), member("10000002"))
    w.grant("10000001", "10000002")
    w.wire.plan = [LOST_ANSWER]
    w.deliver(rounds=1)
    w.revoke("10000001", of=MEXICO)

    with w.house.database.write() as tx:
        rest.hurry(tx)
    assert w.delivery().work(kind=Lane.ROUTINE)

    assert w.states() == ["settled"]
    assert verdict(w) is not False
    w.deliver()
    assert verdict(w) is True
