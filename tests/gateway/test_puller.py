"""Fetching a partner's batches: taken once, answered once, whatever happens in between."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway import inbound, puller
from gateway.app import build
from gateway.intake import push_consents
from gateway.puller import Fetching, Puller, fetching
from gateway.settings import Settings
from outbox import batch
from outbox.house import House
from partners import agreements, foreign_roll
from schemas.consent import ConsentEvent, Event
from schemas.errors import BadRequest, MrxError, Refused
from tests.gateway.sandbox.bad_partner import served
from tests.world import BYTES_MAX, World, hastened, member

ONE, TWO = "30000001", "30000002"


class Mexico:
    """The other end, with members of its own, served over HTTP; we fetch from it."""

    def __init__(self, world: World) -> None:
        self.house = world.partners["mx-neec"]
        self.us = hastened(world.house, request_deadline=timedelta(seconds=6))
        world.clock.now = datetime.now(UTC)
        self._world = replace(world, house=self.house, partners={"us-ctpat": world.house})
        self.requests: list[str] = []
        app = build(self.house, Settings(home=self.house.folder))

        async def counted(scope, receive, send):
            if scope["type"] == "http":
                self.requests.append(f"{scope['method']} {scope['path'].rpartition('/')[2]}")
            await app(scope, receive, send)

        self.app = counted

    def tells(self, *accounts: str, event: Event = Event.GRANTED) -> None:
        """Members of theirs, and whether they permit to tell us."""
        now = self._world.clock()
        rfc = [{"scheme": "MX-RFC", "value": "ZZZ140101AA1"}]
        self._world.push(*(member(account, identifiers=rfc) for account in accounts))
        given = event is Event.GRANTED
        events = [
            ConsentEvent(
                account=account,
                programme="us-ctpat",
                event=event,
                at=now,
                officer_title="Representante legal" if given else None,
                text="mx-neec-profile-1" if given else None,
            )
            for account in accounts
        ]
        with self.house.database.write() as tx:
            push_consents.consents.heard(tx, now)
            push_consents.record(tx, self.house, events, now=now, by="test")

    def address(self, url: str | None) -> None:
        with self.us.database.write() as tx:
            agreements.change(tx, "mx-neec", pull_url=url)

    def states(self) -> list[str]:
        with self.house.database.read() as tx:
            return [one.state for one in batch.every(tx)]

    def told(self) -> set[str]:
        with self.us.database.read() as tx:
            return {row.name for row in foreign_roll.every(tx, "mx-neec")}


@pytest.fixture
def mexico(small_world: World) -> Iterator[Mexico]:
    mexico = Mexico(small_world)
    with served(mexico.app) as url:
        mexico.address(url)
        yield mexico


@pytest.fixture
def fetched(mexico: Mexico) -> Fetching:
    return fetching(mexico.us, "mx-neec", bytes_max=BYTES_MAX)


def names(*accounts: str) -> set[str]:
    return {f"Invented Company {account}" for account in accounts}


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def test_a_batch_is_fetched_taken_and_answered(mexico: Mexico, fetched: Fetching):
    mexico.tells(ONE, TWO)

    file = fetched.next()
    assert file is not None
    fetched.settle(file)

    assert mexico.told() == names(ONE, TWO)
    assert mexico.states() == ["settled"]
    assert fetched.next() is None


def test_a_crash_before_the_receipt_is_brought_is_healed_by_the_same_batch(
    mexico: Mexico, fetched: Fetching
):
    mexico.tells(ONE)
    first = fetched.next()
    assert first is not None
    inbound.take(mexico.us, first, bytes_max=BYTES_MAX, now=datetime.now(UTC))  # and we crash

    again = fetched.next()
    assert again == first
    fetched.settle(again)
    fetched.settle(again)  # a repeat is harmless

    assert (mexico.states(), mexico.told()) == (["settled"], names(ONE))


def test_a_batch_of_another_partner_is_not_answered_here(mexico: Mexico, fetched: Fetching):
    """Otherwise one partner could learn what we answer another."""
    mexico.tells(ONE)
    file = fetched.next()
    assert file is not None

    with pytest.raises(Refused, match="MRX-4002"):
        replace(fetched, partner="ca-pip").settle(file)
    assert mexico.told() == set()


def test_without_an_address_there_is_nothing_to_fetch_from(mexico: Mexico):
    mexico.address(None)

    with pytest.raises(BadRequest, match="MRX-5024"):
        fetching(mexico.us, "mx-neec", bytes_max=BYTES_MAX)


def test_a_partner_that_is_down_is_an_error_with_a_code(mexico: Mexico):
    mexico.address("http://127.0.0.1:9")

    with pytest.raises(BadRequest, match="MRX-6001"):
        fetching(mexico.us, "mx-neec", bytes_max=BYTES_MAX).next()


@pytest.fixture
def running(mexico: Mexico) -> Iterator[Puller]:
    running = Puller(mexico.us, bytes_max=BYTES_MAX)
    running.start()
    yield running
    running.stop()


@pytest.mark.slow
def test_it_goes_on_fetching_as_long_as_it_runs(mexico: Mexico, running: Puller):
    mexico.tells(ONE)
    until(lambda: mexico.told() == names(ONE))
    mexico.tells(TWO)
    until(lambda: mexico.told() == names(ONE, TWO))
    mexico.tells(ONE, event=Event.REVOKED)
    until(lambda: mexico.told() == names(TWO))
    until(lambda: set(mexico.states()) == {"settled"})


@pytest.mark.slow
def test_nothing_due_costs_one_request_a_poll(mexico: Mexico, running: Puller):
    until(lambda: len(mexico.requests) == 2)
    time.sleep(1.5)

    assert len(mexico.requests) == 2  # each lane waits at the partner's door


@pytest.mark.slow
def test_a_withdrawal_does_not_wait_behind_an_announcement_that_is_stuck(
    mexico: Mexico, monkeypatch: pytest.MonkeyPatch
):
    taken = inbound.take
    stuck = threading.Event()

    def slow_with_announcements(house: House, file: bytes, **facts: object) -> bytes:
        if b"<Announcements>1</Announcements>" in file and TWO.encode() in file:
            assert stuck.wait(20)
        return taken(house, file, **facts)

    monkeypatch.setattr(puller.inbound, "take", slow_with_announcements)
    running = Puller(mexico.us, bytes_max=BYTES_MAX)
    running.start()
    mexico.tells(ONE)
    until(lambda: mexico.told() == names(ONE))
    mexico.tells(TWO)
    until(lambda: len(mexico.states()) == 2)

    mexico.tells(ONE, event=Event.REVOKED)
    until(lambda: mexico.told() == set())
    assert mexico.states()[1] != "settled"

    stuck.set()
    until(lambda: mexico.told() == names(TWO))
    running.stop()


@pytest.mark.slow
def test_stopping_does_not_wait_for_a_poll(mexico: Mexico):
    running = Puller(mexico.us, bytes_max=BYTES_MAX)
    running.start()
    until(lambda: "GET next" in mexico.requests)
    began = time.monotonic()

    running.stop()

    assert time.monotonic() - began < 2


@pytest.mark.slow
def test_an_address_may_come_and_go_while_it_runs(mexico: Mexico, monkeypatch):
    monkeypatch.setattr(puller, "LOOK_SECONDS", 0.1)
    with mexico.us.database.read() as tx:
        url = agreements.get(tx, "mx-neec").pull_url
    mexico.address(None)
    running = Puller(mexico.us, bytes_max=BYTES_MAX)
    running.start()
    mexico.tells(ONE)
    time.sleep(0.5)
    assert mexico.requests == []

    mexico.address(url)
    until(lambda: mexico.told() == names(ONE))
    mexico.address(None)
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("pull-mx")])
    running.stop()


@pytest.mark.slow
def test_failures_are_tried_again(mexico: Mexico, monkeypatch: pytest.MonkeyPatch):
    taken = inbound.take
    failures: list[MrxError | RuntimeError] = [Refused("MRX-4003"), RuntimeError("a planted one")]

    def failing(*args: object, **facts: object) -> bytes:
        if failures:
            raise failures.pop()
        return taken(*args, **facts)

    monkeypatch.setattr(puller.inbound, "take", failing)
    monkeypatch.setattr(puller.retry, "delay", lambda *_, **__: timedelta(seconds=0.1))
    mexico.tells(ONE)
    running = Puller(mexico.us, bytes_max=BYTES_MAX)
    running.start()
    until(lambda: mexico.states() == ["settled"])
    running.stop()

    assert mexico.told() == names(ONE)
