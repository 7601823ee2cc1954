"""What the sandbox answers under each habit, seen from the wire."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from gateway.sandbox import receipts
from gateway.sandbox.misbehaviour import PATH
from outbox import batch
from outbox.transport import Answered, HttpTransport, NotNow, Outcome, Silence
from partners import foreign_roll
from schemas import exchange
from schemas.errors import BadDocument, NotTrusted
from schemas.receipt import Level, Receipt, Verdict
from schemas.tables import foreign_members
from signing import keys
from signing.open import open_sealed
from tests.gateway.sandbox.bad_partner import SLOW_SECONDS, BadPartner, bad_partner
from tests.world import World, member

ACCOUNTS = [str(10_000_001 + n) for n in range(4)]


class Sender:
    """Sends sealed batches of ours by hand, and reads what comes back."""

    def __init__(self, world: World, partner: BadPartner) -> None:
        self.world, self.partner = world, partner
        self.transport = HttpTransport(deadline=timedelta(seconds=20), answer_bytes_max=1 << 20)

    def batch(self, *accounts: str) -> bytes:
        """A batch that nobody has answered yet."""
        self.world.push(*map(member, accounts))
        self.world.grant(*accounts)
        self.world.wire.plan = ["never arrived"]
        self.world.deliver(rounds=1)
        with self.world.house.database.read() as tx:
            last = batch.every(tx)[-1]
            return batch.file(tx, last.id, last.issue)

    def send(self, file: bytes) -> Outcome:
        return self.transport.send(self.partner.url, file)

    def receipt(self, file: bytes) -> Receipt:
        outcome = self.send(file)
        assert isinstance(outcome, Answered), outcome
        return self.opened(outcome.body)

    def opened(self, sealed: bytes) -> Receipt:
        trusted = [self.partner.house.key.certificate]
        return exchange.read_receipt(open_sealed(sealed, trusted, datetime.now(UTC)).content)

    def held(self) -> set[str]:
        with self.partner.house.database.read() as tx:
            return {row.name for row in foreign_roll.every(tx, "us-ctpat")}


@pytest.fixture
def sender(small_world: World) -> Iterator[Sender]:
    small_world.clock.now = datetime.now(UTC)
    with bad_partner(small_world.partners["mx-neec"]) as partner:
        sender = Sender(small_world, partner)
        yield sender
        sender.transport.close()


def names(*accounts: str) -> set[str]:
    return {f"Invented Company {account}" for account in accounts}


@pytest.mark.slow
@pytest.mark.parametrize("habit", ["deaf", "refuse-500", "busy"])
def test_what_never_applied_it_holds_nothing(habit: str, sender: Sender):
    file = sender.batch(*ACCOUNTS)
    sender.partner.will(habit)

    outcome = sender.send(file)

    assert isinstance(outcome, NotNow if habit == "busy" else Silence)
    assert sender.held() == set()
    assert sender.receipt(file).verdict is Verdict.ALL
    assert sender.held() == names(*ACCOUNTS)


def test_a_batch_that_broke_off_on_its_way_spends_no_habit(sender: Sender):
    file = sender.batch(*ACCOUNTS)
    sender.partner.will("busy")
    there = urlsplit(sender.partner.url)
    head = f"POST {PATH} HTTP/1.1\r\nHost: {there.netloc}\r\nContent-Length: {len(file)}\r\n\r\n"

    with socket.create_connection((there.hostname, there.port), 30) as line:
        line.sendall(head.encode() + file[: len(file) // 2])
        line.shutdown(socket.SHUT_WR)
        while line.recv(1 << 16):
            pass

    assert isinstance(sender.send(file), NotNow)
    assert sender.receipt(file).verdict is Verdict.ALL


@pytest.mark.parametrize("habit", ["cut", "500"])
def test_what_applied_it_and_was_not_heard_answers_the_same_again(habit: str, sender: Sender):
    file = sender.batch(*ACCOUNTS)
    sender.partner.will(habit)

    assert isinstance(sender.send(file), Silence)
    assert sender.held() == names(*ACCOUNTS)
    assert sender.send(file) == sender.send(file)


@pytest.mark.slow
def test_silent_never_answers_and_slow_answers_late(sender: Sender):
    file = sender.batch(*ACCOUNTS)
    sender.partner.will("silent", "slow")
    hasty = HttpTransport(deadline=timedelta(seconds=0.8), answer_bytes_max=1 << 20)

    assert hasty.send(sender.partner.url, file) == Silence("ReadTimeout")
    assert sender.held() == names(*ACCOUNTS)
    began = time.monotonic()
    assert sender.receipt(file).verdict is Verdict.ALL
    assert time.monotonic() - began >= SLOW_SECONDS
    hasty.close()


def test_picky_refuses_every_second_one_and_says_so_again(sender: Sender):
    file = sender.batch(*ACCOUNTS)
    sender.partner.will("picky")

    receipt = sender.receipt(file)

    assert (receipt.verdict, len(receipt.refused), receipt.held) == (Verdict.REFUSALS, 2, 2)
    assert len(sender.held()) == 2
    assert sender.receipt(file) == receipt


def test_refusing_applies_nothing_and_closes_the_number(sender: Sender):
    file = sender.batch(*ACCOUNTS)
    sender.partner.will("refusing")

    receipt = sender.receipt(file)

    assert (receipt.verdict, receipt.code, receipt.held) == (Verdict.REFUSED, "NOT-TODAY", 0)
    assert sender.receipt(file) == receipt
    assert sender.held() == set()


@pytest.mark.parametrize("habit", ["unsigned", "stranger"])
def test_what_nobody_signed_is_not_believed(habit: str, sender: Sender):
    file = sender.batch(*ACCOUNTS)
    sender.partner.will(habit)

    outcome = sender.send(file)

    assert isinstance(outcome, Answered)
    with pytest.raises(NotTrusted):
        sender.opened(outcome.body)
    assert sender.receipt(file).verdict is Verdict.ALL


def test_a_refusal_nobody_signed_is_no_refusal(sender: Sender):
    file = sender.batch(*ACCOUNTS)
    sender.partner.will("hearsay")

    outcome = sender.send(file)

    assert isinstance(outcome, Answered)
    assert exchange.read_receipt(outcome.body).verdict is Verdict.REFUSED
    with pytest.raises(NotTrusted, match="MRX-3002"):
        sender.opened(outcome.body)
    assert sender.receipt(file).verdict is Verdict.ALL


def test_expired_signs_under_a_certificate_that_is_over_even_where_it_is_pinned(sender: Sender):
    file = sender.batch(*ACCOUNTS)
    sender.partner.will("expired")
    outcome = sender.send(file)
    assert isinstance(outcome, Answered)

    over = keys.load(sender.partner.house.folder / receipts.EXPIRED).certificate
    with pytest.raises(NotTrusted, match="MRX-3004"):
        sender.opened(outcome.body)
    with pytest.raises(NotTrusted, match="MRX-3006"):
        open_sealed(outcome.body, [over], datetime.now(UTC))
    assert sender.receipt(file).verdict is Verdict.ALL


def test_deep_is_signed_and_read_by_nobody(sender: Sender):
    file = sender.batch(*ACCOUNTS)
    sender.partner.will("deep")
    outcome = sender.send(file)
    assert isinstance(outcome, Answered)

    trusted = [sender.partner.house.key.certificate]
    content = open_sealed(outcome.body, trusted, datetime.now(UTC)).content
    with pytest.raises(BadDocument):
        exchange.read_receipt(content)
    assert sender.receipt(file).verdict is Verdict.ALL


@pytest.mark.parametrize("habit", ["huge", "endless"])
def test_more_than_a_receipt_may_be_is_not_taken(habit: str, sender: Sender):
    file = sender.batch(*ACCOUNTS)
    sender.partner.will(habit)

    assert sender.send(file) == Silence("the answer is too long")
    assert sender.held() == names(*ACCOUNTS)
    assert sender.receipt(file).verdict is Verdict.ALL


def test_tombless_forgets_what_was_withdrawn(sender: Sender):
    world, theirs = sender.world, sender.partner.house
    sender.receipt(sender.batch(*ACCOUNTS))
    world.wire.plan = []
    world.deliver()
    world.revoke(ACCOUNTS[0], of="mx-neec")
    world.wire.plan = ["never arrived"]
    world.deliver(rounds=1)
    with world.house.database.read() as tx:
        last = batch.every(tx)[-1]
        file = batch.file(tx, last.id, last.issue)
    sender.partner.will("tombless")

    assert len(sender.receipt(file).withdrawals) == 1
    with theirs.database.read() as tx:
        assert not tx.execute(
            select(foreign_members).where(foreign_members.c.gone_at.is_not(None))
        ).all()
    assert sender.held() == names(*ACCOUNTS[1:])


def test_lies_are_properly_signed(sender: Sender):
    file = sender.batch(*ACCOUNTS)
    honest = sender.receipt(file)
    sender.partner.will("wrong-digest", "wrong-number", "miscounting", "wishful", "skewed")

    digest, number, counted, wishful, skewed = (sender.receipt(file) for _ in range(5))

    assert digest.digest != honest.digest
    assert number.number == honest.number + 1
    assert counted.held == 11
    assert counted.holdings != honest.holdings
    assert len(wishful.withdrawals) == 1
    assert skewed.at - honest.at == timedelta(days=1)
    assert sender.receipt(file) == honest


def test_replay_waits_until_there_is_something_to_replay(sender: Sender):
    sender.partner.will("replay")
    first = sender.batch(ACCOUNTS[0])
    answer = sender.receipt(first)
    assert answer.number == 1
    sender.world.wire.plan = []
    sender.world.deliver()

    assert sender.receipt(sender.batch(ACCOUNTS[1])) == answer


def test_forgetful_answers_well_and_loses_half(sender: Sender):
    file = sender.batch(*ACCOUNTS)
    sender.partner.will("forgetful")

    assert sender.receipt(file).held == 4
    assert len(sender.held()) == 2


def test_received_says_nothing_about_what_was_applied(sender: Sender):
    with bad_partner(sender.partner.house, answer_to="http://127.0.0.1:9") as partner:
        sender.partner = partner
        file = sender.batch(*ACCOUNTS)
        partner.will("received")

        receipt = sender.receipt(file)

    assert (receipt.level, receipt.verdict, receipt.held) == (Level.RECEIVED, None, None)
    assert sender.held() == names(*ACCOUNTS)


def test_what_is_no_batch_is_turned_away_and_its_habit_waits(sender: Sender):
    sender.partner.will("wrong-number")

    assert not isinstance(sender.send(b"hello"), Answered)
    assert [habit.value for habit in sender.partner.plan.left] == ["wrong-number"]
