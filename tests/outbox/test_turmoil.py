"""Everything at once for some seconds: pushes, consents and revocations, pauses, deliveries to four
partners over a wire that loses things. Afterwards all is as it would be after calm weather, and the
ledger, which is in the order of the commits, shows that nobody was told of without consent.

    MRX_TURMOIL_SECONDS=30 pytest -n0 -s tests/outbox/test_turmoil.py      longer, with the figures
"""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from outbox import batch, lane, rest
from outbox import ledger as ledger_
from outbox.delivery import Delivery
from outbox.revocations import Answer
from outbox.transport import Outcome
from schemas.consent import Event
from schemas.tables import ledger, outcomes, pending
from schemas.tables import revocations as revocations_
from tests.conftest import connected_world
from tests.world import FINE, LOST_ANSWER, NEVER_ARRIVED, Clock, Wire, World, member

PARTNERS = ("mx-neec", "ca-pip", "tw-aeo", "il-aeo")
ACCOUNTS = [str(n) for n in range(10000001, 10000041)]
SECONDS = float(os.environ.get("MRX_TURMOIL_SECONDS", "3"))
WORKERS = 3


class WallClock(Clock):
    def __call__(self) -> datetime:
        self.now = datetime.now(UTC)
        return self.now


class Rough(Wire):
    """Loses one transmission in ten, before or after it arrived."""

    def send(self, url: str, file: bytes) -> Outcome:
        word = random.choice([FINE] * 18 + [LOST_ANSWER, NEVER_ARRIVED])
        once = Wire(ends=self.ends, clock=self.clock, plan=[word], journal=self.journal)
        return once.send(url, file)


@dataclass
class Turmoil:
    """What goes on at once, and what the world should be like when it is over."""

    world: World
    over: threading.Event = field(default_factory=threading.Event)
    names: dict[str, str] = field(default_factory=dict)
    consents: dict[tuple[str, str], bool] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    faults: list[BaseException] = field(default_factory=list)

    def push(self) -> None:
        """New names and states for some; a bad state goes by the urgent lane."""
        some = random.sample(ACCOUNTS, 5)
        self.names |= {one: f"Invented Company {one} {random.randrange(10**6)}" for one in some}
        status = random.choice(["VALIDATED", "VALIDATED", "SUSPENDED"])
        self.world.push(*(member(one, name=self.names[one], status=status) for one in some))
        time.sleep(0.02)

    def consent(self) -> None:
        account, partner = random.choice(ACCOUNTS), random.choice(PARTNERS)
        given = not self.consents.get((partner, account))
        self.consents[partner, account] = given
        began = time.perf_counter()
        self.world.consent([account], partner, Event.GRANTED if given else Event.REVOKED)
        if not given:
            self.waits.append(time.perf_counter() - began)
        time.sleep(0.005)

    def pause(self) -> None:
        partner = random.choice(PARTNERS)
        for change in (lane.pause, lane.resume):
            with self.world.house.database.write() as tx:
                change(tx, partner, by="test", reason="test", now=self.world.clock())
            time.sleep(0.05)

    def deliver(self) -> None:
        delivery = Delivery(
            house=self.world.house,
            transport=self.world.wire,
            worker=f"test:0:0/{threading.get_ident()}",
            clock=self.world.clock,
        )
        while delivery.work() and not self.over.is_set():
            self.done["deliveries"] += 1
        time.sleep(0.01)
        with self.world.house.database.write() as tx:
            rest.hurry(tx)  # whom the wire has failed need not wait long

    def run(self, seconds: float) -> None:
        works = [self.push, self.consent, self.pause] + [self.deliver] * WORKERS
        threads = [threading.Thread(target=self._again_and_again, args=(one,)) for one in works]
        for thread in threads:
            thread.start()
        self.over.wait(seconds)
        self.over.set()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
        assert self.faults == []

    def _again_and_again(self, work: Callable[[], None]) -> None:
        try:
            while not self.over.is_set():
                work()
                self.done[work.__name__] += 1
        except BaseException as fault:  # noqa: BLE001  # told to whoever waits for the end
            self.faults.append(fault)
            self.over.set()


def calm(turmoil: Turmoil) -> None:
    """Everybody is in good standing again, and all that waits arrives."""
    w = turmoil.world
    w.push(*(member(one, name=name) for one, name in turmoil.names.items()))
    w.wire = Wire(ends=w.partners, clock=w.clock, journal=w.wire.journal)
    w.deliver(rounds=1000)
    with w.house.database.read() as tx:
        assert tx.execute(select(pending)).all() == []


def check_who_is_held(turmoil: Turmoil) -> None:
    for partner in PARTNERS:
        consented = {a for (p, a), given in turmoil.consents.items() if p == partner and given}
        assert turmoil.world.held(partner) == {
            turmoil.names[account]: "VALIDATED" for account in consented
        }


def check_numbers(w: World) -> None:
    """Numbers and positions without gap, every batch answered, every revocation confirmed."""
    with w.house.database.read() as tx:
        every = batch.every(tx)
        for one in {(one.partner, one.lane) for one in every}:
            numbers = [b.number for b in every if (b.partner, b.lane) == one]
            assert numbers == list(range(1, len(numbers) + 1))
        assert {one.state for one in every} == {"settled"}
        places = tx.scalars(select(outcomes.c.position).order_by(outcomes.c.position)).all()
        assert list(places) == list(range(1, len(places) + 1))
        assert ledger_.verify(tx).broken_at is None
        answers = set(tx.scalars(select(revocations_.c.answer)))
    assert answers <= {Answer.NEVER_TOLD, Answer.REMOVED, Answer.CONFIRMED}
    for end in w.partners.values():
        with end.database.read() as tx:
            assert ledger_.verify(tx).broken_at is None


def check_consent(w: World) -> None:
    """Walk the ledger: whoever was told of had consented, in that very consent, at that moment, and
    nobody was told of after a revocation that answered "never told" or "removed before sending".
    """
    standing: dict[tuple[str, str], int] = {}
    said: dict[tuple[str, str, int], set[tuple[str, int]]] = {}
    last: dict[tuple[str, str], str] = {}
    with w.house.database.read() as tx:
        entries = tx.execute(select(ledger).order_by(ledger.c.position)).all()
        texts = [(row.kind, row.partner, orjson.loads(row.entry)) for row in entries]
    for kind, partner, entry in texts:
        if kind == "consents":
            for number, account, programme, event, *_ in entry["events"]:
                pair = (programme, account)
                standing[pair] = number if event == Event.GRANTED else 0
        elif kind == "disclosed":
            batch_ = (partner, entry["lane"], entry["batch"])
            said[batch_] = {(one[0], one[3]) for one in entry["announced"]}
            for account, ref, *_ in entry["announced"]:
                last[partner, account] = ref
        elif kind != "sent again":
            continue
        if kind in ("disclosed", "sent again"):
            batch_ = (partner, entry["lane"], entry["batch"])
            for account, consent in said[batch_]:
                assert standing.get((partner, account)) == consent, (kind, entry)
    assert last, "somebody was told of"


@pytest.fixture
def turmoil(tmp_path: Path, key_files: dict[str, Path], server: Any) -> Turmoil:
    w = connected_world(tmp_path, key_files, PARTNERS, server=server)
    w.clock = WallClock(datetime.now(UTC))
    w.wire = Rough(ends=w.partners, clock=w.clock)
    first = {account: f"Invented Company {account}" for account in ACCOUNTS}
    made = Turmoil(w, names=first)
    w.push(*(member(account, name=name) for account, name in first.items()))
    for partner in PARTNERS:
        w.consent(ACCOUNTS[:20], partner, Event.GRANTED)
        made.consents |= {(partner, account): True for account in ACCOUNTS[:20]}
    yield made
    w.house.database.close()


@pytest.mark.slow
def test_after_turmoil_all_is_as_after_calm_weather(turmoil: Turmoil):
    turmoil.run(SECONDS)
    calm(turmoil)

    check_who_is_held(turmoil)
    check_numbers(turmoil.world)
    check_consent(turmoil.world)
    waits = sorted(turmoil.waits)
    assert len(waits) > 1
    p50, p99 = (waits[int(len(waits) * share)] * 1000 for share in (0.5, 0.99))
    figures = f"{len(waits)} revocations, p50 {p50:.1f} ms, p99 {p99:.1f} ms; {dict(turmoil.done)}"
    print(figures)  # noqa: T201  # seen with -s
