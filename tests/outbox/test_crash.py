"""Death between any two durable steps, and its twin: the step was done, but nobody heard.

One journey (push, grant, deliver, get worse, revoke one, deliver) is walked again and again. In
each walk the process dies once, just before or just after one of its commits, on our side or on
the partner's; then it is started again, and whoever was talking to it repeats what they said. The
end is always the same.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from outbox import batch, ledger, rest, revocations
from outbox.house import House
from schemas.consent import ConsentEvent, Event
from schemas.database import Database
from schemas.tables import disclosures
from tests.conftest import connected_world
from tests.world import World, member

COMMITS_MAX = 40


class Dead(BaseException):
    """The process is gone. Nothing in the product catches this."""


class Reaper:
    """Kills at the n-th commit of one database, before it or after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, house: House, n: int, *, after: bool):
        self.left, self.fired = n, False
        kind = type(house.database)
        plain = kind.write

        @contextmanager
        def write(database: Database, *, partner: str | None = None) -> Iterator[object]:
            if database is not house.database or self.fired:
                with plain(database, partner=partner) as tx:
                    yield tx
                return
            self.left -= 1
            dies = self.left == 0
            with plain(database, partner=partner) as tx:
                yield tx
                if dies and not after:
                    self.fired = True
                    raise Dead
            if dies:
                self.fired = True
                raise Dead

        monkeypatch.setattr(kind, "write", write)


def journey(world: World) -> list[Callable[[], object]]:
    """The steps; each may be said again, as its sender would when it heard no answer."""
    at = world.clock.now

    def push(status: str, minutes: int) -> None:
        people = [member("10000001"), member("10000002", status=status), member("10000003")]
        world.push(*people, as_of=at + timedelta(minutes=minutes))

    def consent(account: str, event: Event, minutes: int) -> None:
        given = event is Event.GRANTED
        one = ConsentEvent(
            account=account,
            programme="mx-neec",
            event=event,
            at=at + timedelta(minutes=minutes),
            officer_title="President" if given else None,
            text="neec-2014" if given else None,
        )
        with world.house.database.write() as tx:
            world.record(tx, [one])

    return [
        lambda: push("VALIDATED", 0),
        lambda: consent("10000001", Event.GRANTED, 1),
        lambda: consent("10000002", Event.GRANTED, 1),
        world.deliver,
        lambda: push("SUSPENDED", 2),
        lambda: consent("10000001", Event.REVOKED, 3),
        world.deliver,
    ]


def walk(world: World) -> None:
    for step in [*journey(world), world.deliver]:
        for _ in range(3):
            try:
                step()
            except Dead:
                world.clock.forward(minutes=10)  # until the dead one's lease has run out
                with world.house.database.write() as tx:
                    rest.hurry(tx)
                continue
            break


def calm(world: World) -> None:
    assert world.held("mx-neec") == {"Invented Company 10000002": "SUSPENDED"}
    for house in (world.house, world.partners["mx-neec"]):
        with house.database.read() as tx:
            assert ledger.verify(tx).broken_at is None
    with world.house.database.read() as tx:
        sent = batch.every(tx)
        for kind in ("routine", "urgent"):
            one = [b for b in sent if b.lane == kind]
            assert [b.number for b in one] == list(range(1, len(one) + 1))
            assert {b.state for b in one} <= {"settled"}
        open_lives = select(disclosures.c.ref).where(
            disclosures.c.withdraw_since.is_not(None), disclosures.c.gone_at.is_(None)
        )
        assert tx.scalars(open_lives).all() == []
        answers = [one.answer for one in revocations.of(tx, "10000001")]
    assert answers == ["deletion confirmed"]
    assert not any(b"10000003" in file for _, file in world.wire.journal)


@pytest.mark.slow
@pytest.mark.parametrize("side", ["ours", "theirs"])
@pytest.mark.parametrize("after", [False, True], ids=["not done", "done, unheard"])
def test_every_commit_may_be_the_last(
    monkeypatch: pytest.MonkeyPatch, tmp_path, key_files, side: str, after: bool
):
    points = 0
    for n in range(1, COMMITS_MAX):
        with monkeypatch.context() as patch:
            world = connected_world(tmp_path / str(n), key_files, ("mx-neec",))
            house = world.house if side == "ours" else world.partners["mx-neec"]
            reaper = Reaper(patch, house, n, after=after)
            walk(world)
            calm(world)
        world.house.database.close()
        if not reaper.fired:
            break
        points += 1
    assert points >= (12 if side == "ours" else 2), "the journey has that many commits"
