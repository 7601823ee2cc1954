"""Two whole gateways, one home us-ctpat and one home mx-neec, exchange both ways at once.

Each has members and consents of its own. Once both push; once both fetch what the other has.
Either is killed at random moments; in the end each holds exactly the other's consented members.
Longer by `MRX_KILLS=n`, another course by `MRX_SEED=n`.
"""

import io
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select, update

from gateway.cli import connecting
from gateway.intake import push_consents, push_members
from outbox import ledger
from outbox.house import House
from partners import foreign_roll, holdings
from partners.holdings import Side
from schemas.consent import ConsentEvent, Event
from schemas.tables import batches, lanes, pending, revocations
from tests.journeys.places import Gateway, Place
from tests.world import member

pytestmark = [pytest.mark.slow, pytest.mark.processes]

KILLS = int(os.environ.get("MRX_KILLS", "3"))
SEED = int(os.environ.get("MRX_SEED", "4"))
CALM_SECONDS = 180
US, MX = "us-ctpat", "mx-neec"
TEXTS = {US: "neec-2014", MX: "mx-neec-profile-1"}


@dataclass
class End:
    """One gateway: its processes, and the source that keeps it up to date."""

    programme: str
    other: str
    server: Gateway
    dice: random.Random
    people: dict[str, dict[str, object]] = field(default_factory=dict)
    consented: set[str] = field(default_factory=set)
    turn: int = 0

    @property
    def house(self) -> House:
        return self._house

    def open(self) -> None:
        self._house = self.server.open()
        with self._house.database.write() as tx:
            tx.execute(update(lanes).values(batch_max=3))  # many batches, many moments

    def act(self) -> None:
        """New members, most of them consented; bad news of one; every other time a revocation."""
        self.turn += 1
        accounts = [str(20_000_000 + self.turn * 10 + n) for n in range(5)]
        people = [self._member(account) for account in accounts]
        if self.people:
            known = self.people[self.dice.choice(sorted(self.people))]
            people.append({**known, "status": "SUSPENDED"})
        self._push(people)
        self._consent(accounts[:4], Event.GRANTED)
        if self.turn % 2 == 0:
            self._consent([self.dice.choice(sorted(self.consented))], Event.REVOKED)

    def should_hold(self) -> dict[str, object]:
        """What the other end must hold of our members."""
        return {str(self.people[a]["name"]): self.people[a]["status"] for a in self.consented}

    def holds(self) -> dict[str, object]:
        with self.house.database.read() as tx:
            return {row.name: row.status for row in foreign_roll.every(tx, self.other)}

    def sums(self, side: Side) -> holdings.Holdings:
        with self.house.database.read() as tx:
            return holdings.held(tx, self.other, side)

    def busy(self) -> bool:
        """Whether anything is still on its way."""
        with self.house.database.read() as tx:
            waiting = tx.execute(select(pending).limit(1)).first()
            open_ = tx.execute(select(batches).where(batches.c.state != "settled").limit(1)).first()
            return waiting is not None or open_ is not None

    def _member(self, account: str) -> dict[str, object]:
        number = {US: ("SCAC", "QXQQ"), MX: ("MX-RFC", "ZZZ140101AA1")}[self.programme]
        identifiers = [{"scheme": number[0], "value": number[1]}]
        name = f"Invented {self.programme} {account} Ñandú"
        return member(account, name=name, identifiers=identifiers)

    def _push(self, people: list[dict[str, object]]) -> None:
        body, now = b"\n".join(map(orjson.dumps, people)), datetime.now(UTC)
        order = push_members.Push(
            open=lambda: io.BytesIO(body),
            format="ndjson",
            mode="delta",
            as_of=now,
            now=now,
            by="test",
        )
        assert push_members.push(self.house, order).rejected == 0
        self.people |= {str(one["account"]): one for one in people}

    def _consent(self, accounts: list[str], event: Event) -> None:
        now = datetime.now(UTC)
        given = event is Event.GRANTED
        events = [
            ConsentEvent(
                account=account,
                programme=self.other,
                event=event,
                at=now,
                officer_title="President" if given else None,
                text=TEXTS[self.programme] if given else None,
            )
            for account in accounts
        ]
        with self.house.database.write() as tx:
            push_consents.consents.heard(tx, now)
            push_consents.record(tx, self.house, events, now=now, by="test")
        self.consented = self.consented | set(accounts) if given else self.consented - set(accounts)


@pytest.fixture
def ends(tmp_path: Path, place: Place) -> Iterator[tuple[End, End]]:
    """Both gateways, made and not yet connected."""
    both = []
    for programme, other in ((US, MX), (MX, US)):
        server = place.gateway(tmp_path / programme, programme)
        both.append(End(programme, other, server, random.Random(f"{SEED} {programme}")))
    yield both[0], both[1]
    for end in both:
        end.server.stop()
        end.house.database.close()


def connect(ends: tuple[End, End], option: str) -> None:
    """What two people do on the telephone: certificates compared, addresses exchanged."""
    us, mx = ends
    for end in ends:
        end.open()
    for one, other in ((us, mx), (mx, us)):
        connecting.connect(
            one.house,
            other.programme,
            push_url=other.server.url if option == "--push" else None,
            pull_url=other.server.url if option == "--pull" else None,
            certificate=other.house.key.certificate,
            by="test",
            now=datetime.now(UTC),
        )
    for end in ends:
        end.server.start()
    for end in ends:
        end.server.wait()


# Every pair of database, engine and way of exchange; not every three of them.
WAYS = [
    (("sqlite", "threads"), "--push"),
    (("sqlite", "celery"), "--pull"),
    (("postgresql", "threads"), "--pull"),
    (("postgresql", "celery"), "--push"),
]


@pytest.mark.parametrize(
    ("place", "option"),
    WAYS,
    indirect=["place"],
    ids=["-".join((*place, option.strip("-"))) for place, option in WAYS],
)
def test_both_exchange_at_once_and_either_may_be_killed(option: str, ends: tuple[End, End]):
    dice = random.Random(SEED)
    connect(ends, option)
    for _ in range(KILLS):
        for end in ends:
            end.act()
        time.sleep(dice.random() * 1.5)
        victim = dice.choice(ends)
        victim.server.kill(dice)
        for end in ends:
            end.act()
        victim.server.start()
        victim.server.wait()

    calm(ends)

    us, mx = ends
    assert us.server.kills + mx.server.kills == KILLS
    assert mx.holds() == us.should_hold()
    assert us.holds() == mx.should_hold()
    for one, other in ((us, mx), (mx, us)):
        assert one.sums(Side.OURS) == other.sums(Side.THEIRS)
        assert one.sums(Side.OURS).count == len(one.consented)
        with one.house.database.read() as tx:
            assert ledger.verify(tx).broken_at is None
            answers = set(tx.scalars(select(revocations.c.answer)))
            assert answers <= {"never told", "removed before sending", "deletion confirmed"}
            assert answers


def calm(ends: tuple[End, End]) -> None:
    """Nothing is on its way any more, at either end. Waiting times of lanes are not forgotten:
    the gateways recover by themselves.
    """
    until = time.monotonic() + CALM_SECONDS
    while any(end.busy() for end in ends):
        assert time.monotonic() < until, [end.programme for end in ends if end.busy()]
        time.sleep(0.2)
