"""A sudden change of a partner's roll waits for a person, and nothing it names is used meanwhile."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from gateway import inbound, inbound_batches, quarantine
from gateway.inbound_batches import Inbound, State
from outbox import ledger
from partners import recognised
from partners.recognised import WhyNot
from schemas.batch import Lane
from schemas.errors import BadRequest, NotTrusted
from schemas.receipt import Level, Verdict
from schemas.record import Record
from schemas.tables import certificates
from schemas.tables import inbound_batches as kept
from schemas.tables import ledger as ledger_
from tests.conftest import BOTH
from tests.gateway.books import balance
from tests.gateway.sender import Sender, mid, record, roll, some
from tests.gateway.waiting import TOMORROW, WHY, refs_of, waiting
from tests.world import BYTES_MAX, START, World, member


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def decide(world: World, act: object, *, now: object = TOMORROW) -> Inbound:
    [one] = waiting(world)
    return act(world.house, one.id, by="Ana", reason=WHY, now=now)


def why_not(world: World, ref: str) -> tuple[WhyNot, ...]:
    with world.house.database.read() as tx:
        return recognised.get(tx, "mx-neec", ref, now=TOMORROW).why_not


def test_a_quarantined_withdrawal_makes_unusable_at_once(sender: Sender, loaded: list[Record]):
    gone, stays = loaded[0].ref, loaded[299].ref
    assert why_not(sender.world, gone) == ()

    sender.send(sender.next(withdrawals=refs_of(loaded[:100]), lane=Lane.URGENT), now=TOMORROW)

    assert why_not(sender.world, gone) == (WhyNot.QUARANTINE,)
    assert why_not(sender.world, stays) == ()
    assert gone in roll(sender.world)
    balance(sender.world)


def test_approval_applies_the_stored_file_and_owes_a_new_receipt(
    sender: Sender, loaded: list[Record]
):
    file = sender.next(withdrawals=refs_of(loaded[:100]))
    sender.send(file, now=TOMORROW)

    decided = decide(sender.world, quarantine.approve)

    assert (decided.state, decided.decided_by, decided.reason) == (State.APPLIED, "Ana", WHY)
    assert decided.owed
    receipt = sender.send(file, now=TOMORROW)
    assert (receipt.level, receipt.verdict, receipt.held) == (Level.APPLIED, Verdict.ALL, 200)
    assert receipt.holdings == balance(sender.world)["digest"]
    assert {one.fate for one in receipt.withdrawals} == {"erased"}
    assert receipt.digest == sender.digest(file)


def test_rejection_takes_nothing_and_says_so(sender: Sender, loaded: list[Record]):
    file = sender.next(withdrawals=refs_of(loaded[:100]))
    sender.send(file, now=TOMORROW)

    decided = decide(sender.world, quarantine.reject)

    assert (decided.state, decided.owed) == (State.REJECTED, True)
    receipt = sender.send(file, now=TOMORROW)
    assert (receipt.verdict, receipt.code, receipt.held) == (Verdict.REFUSED, "MRX-4015", 300)
    assert why_not(sender.world, loaded[0].ref) == ()
    balance(sender.world)


def test_a_batch_is_decided_once(sender: Sender, loaded: list[Record]):
    sender.send(sender.next(withdrawals=refs_of(loaded[:100])), now=TOMORROW)
    decided = decide(sender.world, quarantine.approve)

    for act in (quarantine.approve, quarantine.reject):
        with pytest.raises(BadRequest) as refused:
            act(sender.world.house, decided.id, by="Eva", reason=WHY, now=TOMORROW)
        assert refused.value.code == "MRX-5022"


def test_no_other_number_goes_than_the_one_a_person_typed(sender: Sender, loaded: list[Record]):
    sender.send(sender.next(withdrawals=refs_of(loaded[:100])), now=TOMORROW)
    [one] = waiting(sender.world)

    for typed in (99, 101, 0):
        with pytest.raises(BadRequest, match="MRX-7024"):
            quarantine.approve(
                sender.world.house, one.id, by="Ana", reason=WHY, gone=typed, now=TOMORROW
            )
        assert waiting(sender.world) == [one]
    assert len(roll(sender.world)) == 300
    quarantine.approve(sender.world.house, one.id, by="Ana", reason=WHY, gone=100, now=TOMORROW)
    assert len(roll(sender.world)) == 200


@pytest.mark.parametrize("text", ["mx-neec.routine.00000000000000aa.9.1", "nothing", "a.b.c.d.e"])
def test_what_is_no_batch_cannot_be_decided(sender: Sender, text: str):
    with pytest.raises(BadRequest) as refused:
        quarantine.approve(sender.world.house, text, by="Ana", reason=WHY, now=START)
    assert refused.value.code == "MRX-5014"


def test_every_step_is_in_the_ledger_and_names_nobody(sender: Sender, loaded: list[Record]):
    sender.send(sender.next(withdrawals=refs_of(loaded[:100])), now=TOMORROW)
    decide(sender.world, quarantine.approve)

    with sender.world.house.database.read() as tx:
        rows = tx.execute(select(ledger_).order_by(ledger_.c.position)).all()
        assert ledger.verify(tx).broken_at is None
    kinds = [row.kind for row in rows]
    assert kinds[-2:] == ["received", "quarantine decided"]
    assert '"state":"quarantined"' in rows[-2].entry
    assert '"by":"Ana"' in rows[-1].entry
    assert not any("Empresa" in row.entry for row in rows)


def test_the_lane_goes_on_while_a_batch_waits(sender: Sender, loaded: list[Record]):
    sender.send(sender.next(withdrawals=refs_of(loaded[:100])), now=TOMORROW)

    newer = replace(loaded[0], version=7, name="Empresa Inventada Nueva")
    after = sender.send(sender.next([newer]), now=TOMORROW)

    assert after.verdict is Verdict.ALL
    assert roll(sender.world)[newer.ref] == newer.name
    assert why_not(sender.world, newer.ref) == (WhyNot.QUARANTINE,), "it is named all the same"
    decide(sender.world, quarantine.approve)
    assert newer.ref not in roll(sender.world), "what was withdrawn stays away"
    balance(sender.world)


def test_a_member_that_comes_while_a_waiting_batch_names_it_is_not_usable(
    sender: Sender, loaded: list[Record]
):
    many = some(100)
    sender.send(sender.next(many), now=TOMORROW)
    sender.send(sender.next([replace(many[0], version=2)]), now=TOMORROW)

    assert why_not(sender.world, many[0].ref) == (WhyNot.QUARANTINE,)
    balance(sender.world)
    decide(sender.world, quarantine.approve)
    assert why_not(sender.world, many[0].ref) == ()
    assert balance(sender.world)["live"][many[0].ref][0] == 2


def test_a_member_that_two_waiting_batches_name_waits_for_both(
    sender: Sender, loaded: list[Record]
):
    for n in (0, 50):
        file = sender.next(withdrawals=refs_of(loaded[n : n + 100]))
        assert sender.send(file, now=TOMORROW).level is Level.RECEIVED
    first, second = waiting(sender.world)
    both = loaded[60].ref

    quarantine.reject(sender.world.house, first.id, by="Ana", reason=WHY, now=TOMORROW)

    assert why_not(sender.world, both) == (WhyNot.QUARANTINE,)
    assert why_not(sender.world, loaded[0].ref) == ()
    balance(sender.world)
    quarantine.reject(sender.world.house, second.id, by="Ana", reason=WHY, now=TOMORROW)
    assert why_not(sender.world, both) == ()


def test_a_newer_issue_replaces_one_that_waits(sender: Sender, loaded: list[Record]):
    chained = sender.next(withdrawals=refs_of(loaded[:100]))
    sender.send(chained, now=TOMORROW)

    second = sender.batch(
        withdrawals=refs_of(loaded[:10]),
        number=2,
        issue=2,
        previous=sender.digest(loaded_file(sender)),
        replaces=sender.digest(chained),
    )
    receipt = sender.send(second, now=TOMORROW)

    assert (receipt.verdict, receipt.issue, receipt.held) == (Verdict.ALL, 2, 290)
    assert waiting(sender.world) == []
    assert why_not(sender.world, loaded[99].ref) == ()
    balance(sender.world)


def loaded_file(sender: Sender) -> bytes:
    """Their first batch, as we keep it."""
    with sender.world.house.database.read() as tx:
        return bytes(tx.scalars(select(kept.c.file).where(kept.c.number == 1)).one())


def test_what_a_withdrawn_certificate_signed_can_only_be_turned_down(
    sender: Sender, loaded: list[Record]
):
    sender.send(sender.next(withdrawals=refs_of(loaded[:100])), now=TOMORROW)
    with sender.world.house.database.write() as tx:
        tx.execute(update(certificates).values(withdrawn_at=TOMORROW))

    with pytest.raises(NotTrusted) as refused:
        decide(sender.world, quarantine.approve)
    assert refused.value.code == "MRX-3004"
    assert decide(sender.world, quarantine.reject).state is State.REJECTED


def test_approval_is_measured_against_from_then_on(sender: Sender, loaded: list[Record]):
    sender.send(sender.next(withdrawals=refs_of(loaded[:100])), now=TOMORROW)
    decide(sender.world, quarantine.approve)

    after = sender.send(sender.next(withdrawals=refs_of(loaded[100:140])), now=TOMORROW)

    assert (after.level, after.held) == (Level.APPLIED, 160)


@pytest.mark.slow
def test_two_real_ends_settle_after_the_approval(small_world: World):
    """Our own software at the other end: told "received", it waits, and "applied" settles it."""
    world = small_world
    accounts = [str(10000000 + n) for n in range(300)]
    world.push(*[member(account) for account in accounts])
    world.grant(*accounts)
    world.deliver()
    world.clock.forward(days=1, hours=1)
    mexico = world.partners["mx-neec"]

    for account in accounts[:100]:
        world.revoke(account, of="mx-neec")
    world.deliver()

    assert world.states()[-1] == "received"
    assert len(world.held("mx-neec")) == 300
    with mexico.database.read() as tx:
        [one] = inbound_batches.every(tx, state=State.QUARANTINED)
    quarantine.approve(mexico, one.id, by="Ana", reason=WHY, now=world.clock())
    assert len(world.held("mx-neec")) == 200
    with mexico.database.read() as tx:
        receipt = quarantine.receipt_of(tx, one.id)
    inbound.take_receipt(world.house, receipt, bytes_max=BYTES_MAX, now=world.clock())
    assert world.states()[-1] == "settled"


def test_mids_of_members_that_wait_are_found_and_not_usable(sender: Sender):
    members = [record(identifiers=(mid(n),)) for n in range(120)]
    sender.send(sender.next(members))
    sender.send(sender.next(withdrawals=refs_of(members[:60])), now=TOMORROW)

    with sender.world.house.database.read() as tx:
        found = recognised.find(tx, [mid(0), mid(119)], now=TOMORROW)

    assert [one.why_not for one in found[mid(0)]] == [(WhyNot.QUARANTINE,)]
    assert [one.why_not for one in found[mid(119)]] == [()]
