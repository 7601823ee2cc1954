"""The disk stops taking writes while a batch is with the partner: sent, and not to be settled.

Whether the partner has it is not known then, so nobody says it: the batch is sending, or unknown.
With room again the same bytes go once more, and it is settled, once; the twin that never arrived
ends alike.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select

from outbox import batch, ledger, revocations
from outbox.batch import State
from outbox.house import House
from outbox.revocations import Answer
from outbox.transport import Outcome
from partners import foreign_roll
from schemas.tables import batch_files, inbound_batches, receipts
from schemas.tables import ledger as entries
from tests.journeys.crash import after
from tests.journeys.crash.walk import MEXICO, US, Here, Walk, deliver
from tests.journeys.disk.room import WAYS, small_disk
from tests.journeys.disk.test_disk_full import lanes, moved, refused
from tests.world import FINE, LOST_ANSWER, NEVER_ARRIVED, member

pytestmark = [pytest.mark.slow, pytest.mark.processes]

Stop = Callable[[], Callable[[], None]]
"""Makes the database refuse what is written; returns what ends that."""

MANY = [str(n) for n in range(10000001, 10000013)]
ONE = MANY[0]


class Announced(Walk):
    """Twelve members wait to be told."""

    def begin(self, made: Here) -> None:
        made.push(*map(member, MANY))
        made.grant(*MANY)


class TakenBack(Announced):
    """Twelve are held, and one has taken its consent back."""

    def begin(self, made: Here) -> None:
        super().begin(made)
        deliver(made)
        made.revoke(ONE, of=MEXICO)


WALKS: dict[str, tuple[Walk, int]] = {"news": (Announced(), 12), "a withdrawal": (TakenBack(), 11)}
"""What is told when the disk stops, and how many Mexico holds in the end."""

# When the disk stops: before the partner has the batch, or after it has applied it.
MOMENTS: dict[str, tuple[str, int]] = {
    "it never arrived": (NEVER_ARRIVED, 0),
    "it was applied": (FINE, 1),
    "it was applied, the answer was lost": (LOST_ANSWER, 1),
}
"""What happens to the transmission, and how many files the partner has then."""


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", WALKS)
def test_the_disk_stops_between_send_and_settle(
    tmp_path: Path, key_files: Mapping[str, Path], what: str, way: str, moment: str
):
    place = WALKS[what][0].prepare(tmp_path / "world", key_files, None)

    def work(disk: Path) -> None:
        here = moved(place, disk)
        stopped_in_flight(here, what, moment, lambda: WAYS[way](disk, here))

    small_disk(work, tmp_path)


def stopped_in_flight(here: Here, what: str, moment: str, stop: Stop) -> None:
    """Have it stopped in the middle of the next transmission, and go on; judge both."""
    walk, held = WALKS[what]
    word, arrived = MOMENTS[moment]
    told = len(here.wire.journal)
    stopped = stopping(here, stop)
    here.wire.plan = [word]
    refused(lambda: lanes(here))
    [take_again] = stopped
    take_again()

    assert len(here.wire.journal) - told == arrived
    [open_] = [one for one in every(here) if one.state is not State.SETTLED]
    assert open_.state in {State.SENDING, State.UNKNOWN}
    after.truthful(here)
    assert kept(here, open_) == (0, 1)
    deliver(here)

    settled_once(here, open_, here.wire.journal[told:], arrived + 1)
    assert len(here.held(MEXICO)) == held
    if isinstance(walk, TakenBack):
        confirmed(here)
    after.whole(here)


def stopping(here: Here, stop: Stop) -> list[Callable[[], None]]:
    """Stop when the next transmission is over; then it holds what makes it go on."""
    stopped: list[Callable[[], None]] = []
    plain = here.wire.send

    def send(url: str, file: bytes) -> Outcome:
        outcome = plain(url, file)
        if not stopped:
            stopped.append(stop())
        return outcome

    here.wire.send = send  # type: ignore[method-assign]
    return stopped


def every(here: Here) -> list[batch.Batch]:
    with here.house.database.read() as tx:
        assert ledger.verify(tx).broken_at is None
        return list(batch.every(tx))


def kept(here: Here, one: batch.Batch) -> tuple[int, int]:
    """How many receipts and how many files there are of a batch."""
    mine = (
        (receipts.c.lane_id == one.lane_id)
        & (receipts.c.epoch == one.epoch)
        & (receipts.c.number == one.number)
    )
    with here.house.database.read() as tx:
        answered = tx.scalar(select(func.count()).select_from(receipts).where(mine))
        files = select(func.count()).where(batch_files.c.batch_id == one.id)
        return answered or 0, tx.scalar(files) or 0


def settled_once(
    here: Here, one: batch.Batch, sent: list[tuple[str, bytes]], transmissions: int
) -> None:
    """In the same issue and the same bytes, however often they were sent; Mexico took it once."""
    [now] = [found for found in every(here) if found.id == one.id]
    assert (now.state, now.issue, now.digest) == (State.SETTLED, one.issue, one.digest)
    assert kept(here, one) == (1, 1)
    assert len(sent) == transmissions
    assert len({sha256(file).digest() for _, file in sent}) == 1
    assert said(here.house, "receipt", now) == 1
    assert said(here.partners[MEXICO], "received", now) == 1
    with here.partners[MEXICO].database.read() as tx:
        digests = tx.scalars(select(inbound_batches.c.digest)).all()
        assert digests.count(one.digest) == 1
        names = [row.name for row in foreign_roll.every(tx, US)]
    assert len(names) == len(set(names)), "a member is there twice"


def said(house: House, kind: str, one: batch.Batch) -> int:
    """How often the ledger says this of a batch."""
    with house.database.read() as tx:
        told = map(orjson.loads, tx.scalars(select(entries.c.entry).where(entries.c.kind == kind)))
        return [(each["lane"], each["batch"]) for each in told].count((one.lane, one.number))


def confirmed(here: Here) -> None:
    with here.house.database.read() as tx:
        [taken_back] = revocations.of(tx, ONE)
    assert taken_back.answer is Answer.CONFIRMED
