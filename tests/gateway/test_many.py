"""A partner's batch of hundreds ends as hundreds of small ones do, and asks as much of the database
as one of one member.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from partners import foreign_feed
from schemas import ref as refs
from schemas.bulk import FEW
from schemas.postgresql import PostgreSQL
from schemas.record import Record
from schemas.status import Status
from schemas.tables import foreign_members
from tests.conftest import BOTH, SERVER_ONLY, connected_world
from tests.gateway.books import balance
from tests.gateway.sender import Sender, mid, record
from tests.world import World

MANY = 4 * FEW
SECONDS = 20  # more than anything here takes, on any machine
# Whatever the batch holds: what is asked of the database for it.
STATEMENTS_MAX = 26


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def aside() -> Iterator[Callable[..., Future[Any]]]:
    """Begin something in a thread of its own."""
    with ThreadPoolExecutor() as threads:
        yield threads.submit


def members(count: int) -> list[Record]:
    return [
        record(name=f"Empresa Inventada {n}", identifiers=(mid(n), mid(1_000 + n)))
        for n in range(count)
    ]


def changed(one: Record, n: int) -> Record:
    """Every third with other numbers, every third with a status for the worse."""
    numbers = (mid(n), mid(2_000 + n)) if n % 3 == 0 else one.identifiers
    status = Status.SUSPENDED if n % 3 == 1 else one.status
    return replace(one, version=2, name=f"{one.name} B", identifiers=numbers, status=status)


def feed(world: World) -> list[str]:
    """The refs in the order in which they changed."""
    with world.house.database.read() as tx:
        placed = select(foreign_members.c.ref).where(foreign_members.c.change > 0)
        return list(tx.scalars(placed.order_by(foreign_members.c.change)))


@pytest.mark.slow
def test_one_batch_of_many_ends_as_many_batches_of_one(
    sender: Sender, tmp_path: Path, key_files: dict[str, Path]
):
    """New ones, known ones changed and unchanged, withdrawn ones known and unknown, all at once."""
    first = members(MANY)
    again = [changed(one, n) for n, one in enumerate(first[: MANY // 2])]
    away = [one.ref for one in first[MANY // 2 : -5]] + [refs.new() for _ in range(MANY // 4)]
    news = [*again, *first[-5:], *members(MANY // 2)]
    sender.send(sender.next(first))
    receipt = sender.send(sender.next(news, away))

    apart = Sender(connected_world(tmp_path / "apart", key_files, ("mx-neec",)))
    for one in first:
        apart.send(apart.next([one]))
    for one in news:
        apart.send(apart.next([one]))
    for ref in away:
        last = apart.send(apart.next(withdrawals=[ref]))

    assert balance(sender.world) == balance(apart.world)
    assert (receipt.held, receipt.holdings) == (last.held, last.holdings)
    erased = {one.ref for one in receipt.withdrawals if one.fate == "erased"}
    assert erased == {one.ref for one in first[MANY // 2 : -5]}


def test_the_feed_tells_of_what_changed_in_the_order_of_refs_and_of_nothing_else(sender: Sender):
    first = members(MANY)
    sender.send(sender.next(first))
    assert feed(sender.world) == sorted(one.ref for one in first)

    moved = [changed(one, n) for n, one in enumerate(first[:FEW])]
    gone = [one.ref for one in first[FEW : 2 * FEW]]
    new = members(FEW)
    sender.send(sender.next([*moved, *first[2 * FEW :], *new], [*gone, refs.new()]))

    stayed = sorted(one.ref for one in first[2 * FEW :])
    later = feed(sender.world)[len(stayed) :]
    assert feed(sender.world)[: len(stayed)] == stayed
    assert later[:FEW] == sorted(gone)
    assert later[FEW : 2 * FEW] == sorted(one.ref for one in moved)
    assert later[2 * FEW :] == sorted(one.ref for one in new)


@SERVER_ONLY
def test_who_comes_second_gets_the_later_places_in_the_feed(
    whole_world: World, monkeypatch: pytest.MonkeyPatch, aside: Callable[..., Future[Any]]
):
    """Two partners' batches side by side: whoever has read up to a place misses nothing below it."""
    mexico, canada = (Sender(whole_world, partner) for partner in ("mx-neec", "ca-pip"))
    theirs = [record(identifiers=(mid(n),)) for n in range(3)]
    before = [record(identifiers=(mid(10),))]
    canada.send(canada.next(before))
    locked, go = threading.Event(), threading.Event()
    plain = foreign_feed.lock

    def halted(tx: Connection) -> int:
        first = not locked.is_set()
        last = plain(tx)
        locked.set()
        if first:
            assert go.wait(SECONDS)
        return last

    monkeypatch.setattr(foreign_feed, "lock", halted)
    one = aside(mexico.send, mexico.next(theirs))
    assert locked.wait(SECONDS)
    other = aside(canada.send, canada.next([replace(before[0], version=2)]))
    with pytest.raises(TimeoutError):
        other.result(0.5)
    go.set()

    assert (one.result(SECONDS).held, other.result(SECONDS).held) == (3, 1)
    assert feed(whole_world) == [*sorted(one.ref for one in theirs), before[0].ref]


@SERVER_ONLY
def test_a_batch_of_hundreds_asks_no_more_than_one_of_one(sender: Sender):
    said: list[str] = []

    def hear(_tx: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    def heard(*parts: Any) -> int:
        file = sender.next(*parts)
        said.clear()
        sender.send(file)
        return len(said)

    database = sender.world.house.database
    assert isinstance(database, PostgreSQL)
    sender.send(sender.next([record()]))  # the first of a lane opens it
    event.listen(database.engine, "before_cursor_execute", hear)
    for count in (1, MANY):
        first = members(count)
        new = heard(first)
        known = heard([changed(one, n) for n, one in enumerate(first)])
        gone = heard((), [one.ref for one in first])
        assert max(new, known, gone) <= STATEMENTS_MAX, (count, new, known, gone)
