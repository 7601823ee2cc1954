"""A partner's batch and a revocation, by HTTP, on a disk that takes no writes.

Each is answered with 503 and MRX-9007 and changes nothing; with room again the very same request is
carried out, and said once more it changes nothing.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import Table, func, select
from starlette.testclient import TestClient

from gateway.tokens import Scope
from outbox import ledger
from outbox.delivery import Delivery
from outbox.transport import MEDIA_TYPE, Answered, NotNow, Outcome, Silence, TurnedAway
from schemas.consent import Event
from schemas.tables import (
    consents,
    foreign_identifiers,
    foreign_members,
    foreign_rolls,
    idempotency_keys,
    inbound_batches,
    inbound_lanes,
    pending,
    revocations,
    standing_consents,
)
from schemas.tables import ledger as entries
from tests.gateway.api.doors import application, bearer, token
from tests.gateway.backup.loss import Abroad
from tests.journeys.crash import after
from tests.journeys.crash.walk import MEXICO, Here, Place, Walk, deliver
from tests.journeys.disk.room import WAYS, fill, small_disk
from tests.journeys.disk.test_disk_full import moved
from tests.world import member

pytestmark = [pytest.mark.slow, pytest.mark.processes]

OURS = "10000001"
THEIRS = [str(n) for n in range(90000001, 90000006)]
FILE, TOKEN = "batch.p7m", "token"
TABLES: tuple[Table, ...] = (
    consents,
    standing_consents,
    revocations,
    pending,
    foreign_rolls,
    foreign_members,
    foreign_identifiers,
    inbound_batches,
    inbound_lanes,
    entries,
)
Call = Callable[[TestClient], Response]


class Both(Walk):
    """One member of ours that Mexico holds, and a batch of Mexico's that has not come to us."""

    def prepare(self, folder: Path, key_files: Mapping[str, Path], server: Any = None) -> Place:
        place = super().prepare(folder, key_files, server)
        (folder / TOKEN).write_text(self.token)
        (folder / FILE).write_bytes(self.file)
        return place

    def begin(self, made: Here) -> None:
        made.push(member(OURS))
        made.grant(OURS)
        deliver(made)
        self.token = token(made.house, Scope.REVOKE)
        abroad = Abroad(made)
        number = [{"scheme": "MX-RFC", "value": "ZZZ140101AA1"}]
        abroad.push(*(member(one, identifiers=number) for one in THEIRS))
        abroad.consent(Event.GRANTED, *THEIRS)
        lost: list[bytes] = []
        _theirs(made, lambda file: lost.append(file) or Silence("ConnectError"))
        [self.file] = lost


def _theirs(here: Here, send: Callable[[bytes], Outcome]) -> None:
    """Mexico's lane is worked once."""

    class Wire:
        def send(self, _url: str, file: bytes) -> Outcome:
            return send(file)

    end = here.partners[MEXICO]
    assert Delivery(house=end, transport=Wire(), worker="theirs:0:0", clock=here.clock).work()


@pytest.fixture
def place(tmp_path: Path, key_files: Mapping[str, Path]) -> Place:
    return Both().prepare(tmp_path / "world", key_files, None)


def batch(place: Place) -> Call:
    """Mexico brings its batch."""
    content = (place.folder / FILE).read_bytes()
    said = {"Content-Type": MEDIA_TYPE}
    return lambda door: door.post("/v1/partner/batches", content=content, headers=said)


def revocation(place: Place, key: str | None = "the-only-one") -> Call:
    """The source takes a consent back, under a key of its own."""
    named = {"Idempotency-Key": key} if key else {}
    headers = bearer((place.folder / TOKEN).read_text()) | named
    url = f"/v1/source/members/{OURS}/consents/{MEXICO}/revoke"
    return lambda door: door.post(url, headers=headers, json={})


CALLS: dict[str, tuple[Callable[[Place], Call], int]] = {
    "a partner's batch": (batch, 200),
    "a revocation": (revocation, 201),
}
"""What is called, and how it is answered when it is taken: again it has the same answer."""


def opened(here: Here) -> TestClient:
    """Our doors, with nothing logged to the terminal of whoever reads the tests."""
    logging.getLogger("mrx").setLevel(logging.CRITICAL)
    return TestClient(application(here.house), raise_server_exceptions=False)


def rows(here: Here) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that such a call may write."""
    with here.house.database.read() as tx:
        assert ledger.verify(tx).broken_at is None
        return {one.name: sorted(map(tuple, tx.execute(select(one))), key=repr) for one in TABLES}


def turned_down(answer: Response) -> None:
    """In the clear words of a problem, with when to come again, and nothing of any member."""
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "MRX-9007"
    assert "Retry-After" in answer.headers
    assert "Invented" not in answer.text
    assert OURS not in answer.text


def taken_once(here: Here, call: Call, door: TestClient, status: int) -> None:
    """The same request is carried out; said again, it is answered alike and changes nothing."""
    before = rows(here)
    done = call(door)
    assert done.status_code == status, done.text
    once = rows(here)
    assert once != before
    repeated = call(door)
    assert repeated.status_code == status, repeated.text
    assert repeated.content == done.content
    assert rows(here) == once


@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize("way", WAYS)
def test_a_call_on_a_disk_that_takes_no_writes(tmp_path: Path, place: Place, way: str, what: str):
    made, status = CALLS[what]

    def work(disk: Path) -> None:
        here, call = moved(place, disk), made(place)
        door, before = opened(here), rows(here)
        take_again = WAYS[way](disk, here)
        for _ in range(2):  # nor does it help to insist
            turned_down(call(door))
        take_again()
        assert rows(here) == before
        taken_once(here, call, door, status)
        deliver(here)
        after.tidy(here.house)

    small_disk(work, tmp_path)


@pytest.mark.parametrize("what", ["a partner's batch", "a revocation without a key"])
def test_a_call_on_a_disk_that_has_room_for_a_part_of_it(tmp_path: Path, place: Place, what: str):
    """Wherever in the writing the room ends, all of it is taken or nothing."""

    def work(disk: Path) -> None:
        here = moved(place, disk)
        call = batch(place) if what == "a partner's batch" else revocation(place, key=None)
        door, before = opened(here), rows(here)
        refusals = 0
        for pages in range(80):
            ballast = fill(disk, but=pages << 12)
            answer = call(door)
            ballast.unlink()
            if answer.is_success:
                break
            turned_down(answer)
            assert rows(here) == before
            refusals += 1
        once = rows(here)
        assert once != before
        assert refusals > 3
        assert call(door).is_success
        assert rows(here) == once

    small_disk(work, tmp_path)


def taken_whole(here: Here) -> None:
    with here.house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(inbound_batches)) == 1
    assert len(Abroad(here).held()) == len(THEIRS)


def test_a_key_is_given_up_wherever_the_room_ends(tmp_path: Path, place: Place):
    """Also where there is room for the key and not for the work, nor for taking the key back; or for
    the work and not for its answer. The same request is carried out, once, when there is room.
    """

    def work(disk: Path) -> None:
        here, call = moved(place, disk), revocation(place)
        door, before = opened(here), rows(here)
        stood = set()
        for pages in range(80):
            ballast = fill(disk, but=pages << 12)
            answer = call(door)
            stood.add((_keys(here), rows(here) == before))
            ballast.unlink()
            if answer.is_success:
                break
            turned_down(answer)
        assert (1, True) in stood, "at least once it had room for the key alone"
        once = rows(here)
        again = call(door)
        assert (again.status_code, again.content) == (answer.status_code, answer.content)
        assert rows(here) == once
        assert _keys(here) == 1

    small_disk(work, tmp_path)


def _keys(here: Here) -> int:
    with here.house.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(idempotency_keys)) or 0


def test_the_partner_brings_it_again_by_itself(tmp_path: Path, place: Place):
    """Their lane takes our 503 for "not now"; when there is room its batch is settled, once."""

    def work(disk: Path) -> None:
        here = moved(place, disk)
        door = opened(here)
        said: list[int] = []

        def send(file: bytes) -> Outcome:
            content = {"content": file, "headers": {"Content-Type": MEDIA_TYPE}}
            answer = door.post("/v1/partner/batches", **content)
            said.append(answer.status_code)
            if answer.status_code == 200:
                return Answered(answer.content)
            return NotNow(None) if answer.status_code == 503 else TurnedAway(answer.text)

        ballast = fill(disk)
        here.clock.forward(hours=1)
        _theirs(here, send)
        ballast.unlink()
        here.clock.forward(hours=1)
        _theirs(here, send)
        assert said == [503, 200]
        taken_whole(here)
        other = here.partners[MEXICO]
        with other.database.read() as tx:
            assert ledger.verify(tx).broken_at is None
            held = tx.exec_driver_sql("SELECT state FROM batches").scalars().all()
        assert held == ["settled"]

    small_disk(work, tmp_path)
