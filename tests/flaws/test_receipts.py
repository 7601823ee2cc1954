"""A receipt that is hostile inside a good seal settles nothing, brought by itself or as an answer."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from gateway.api.problems import status_of
from outbox.house import House
from schemas.tables import attempts
from signing.open import open_sealed
from signing.seal import seal
from tests.conftest import connected_world
from tests.flaws.partner_end import PartnerEnd, changed, logged, rows
from tests.flaws.receipts import MISREAD, UNREAD
from tests.wire import honest
from tests.world import START, World, member

Answer = Callable[[House, bytes, bytes], bytes]

HOSTILE = {**UNREAD, **MISREAD}
ANSWERS = (
    "An entity of entities of entities is used once",
    "The document type is somewhere else",
    "Elements stand in elements, ten thousand deep",
    "There are more elements than a million",
    "A name is eleven million letters long",
    "It is UTF-16 with its mark, and says so",
    "It is packed with gzip inside the seal",
    "The second half is missing",
    "A refusal has a hundred thousand attributes",
    "A hundred thousand refusals refuse nothing",
)


def unanswered(world: World) -> bytes:
    """One member is told to Mexico; what its honest receipt, which was lost, says."""
    lost: list[bytes] = []
    world.push(member("10000001"))
    world.grant("10000001")
    world.wire.answer = lambda _end, _file, receipt: lost.append(receipt) or b"lost"
    world.deliver(rounds=1)
    assert world.states() == ["unknown"]
    return open_sealed(lost[0], [world.partners["mx-neec"].key.certificate], START).content


def connected(tmp_path_factory: pytest.TempPathFactory, key_files) -> Iterator[World]:
    made = connected_world(tmp_path_factory.mktemp("home"), key_files, ("mx-neec",))
    yield made
    made.house.database.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, key_files) -> Iterator[World]:
    """Where receipts are brought."""
    yield from connected(tmp_path_factory, key_files)


@pytest.fixture(scope="module")
def pushing(tmp_path_factory: pytest.TempPathFactory, key_files) -> Iterator[World]:
    """Where receipts are answers to a push: Mexico may hear of one member, whatever changes of it."""
    for made in connected(tmp_path_factory, key_files):
        made.push(member("10000001"))
        made.grant("10000001")
        yield made


@pytest.fixture(scope="module")
def end(world: World) -> PartnerEnd:
    return PartnerEnd(world)


@pytest.fixture(scope="module")
def receipt(world: World) -> bytes:
    return unanswered(world)


def code_of(world: World, file: bytes, code: str) -> str:
    """The code of what is wrong, unless the file is larger than any receipt."""
    return code if len(file) <= world.house.terms.receipt_bytes_max else "MRX-3001"


@pytest.mark.parametrize("flaw", HOSTILE)
def test_a_hostile_receipt_that_is_brought_is_a_problem_and_nothing_is_kept(
    world: World, end: PartnerEnd, receipt: bytes, flaw: str
):
    spoil, code = HOSTILE[flaw]
    file = end.sealed(spoil(receipt))
    code, before = code_of(world, file, code), rows(world.house)

    with logged() as log:
        answer = end.bring(file, to="receipts")

    assert (answer.status_code, answer.json()["code"]) == (status_of(code), code)
    assert changed(before, rows(world.house)) == set()
    assert "PLANTED" not in answer.text + log.getvalue()


def test_after_all_that_the_honest_receipt_settles_the_batch(
    world: World, end: PartnerEnd, receipt: bytes
):
    """Whatever was brought before: this test stands behind them."""
    assert world.states() == ["unknown"]

    assert end.bring(end.sealed(receipt), to="receipts").status_code == 204
    assert world.states() == ["settled"]


def answering(world: World, spoil: Callable[[bytes], bytes], told: list[bytes]) -> Answer:
    """A wire's answer: the honest receipt, spoilt and sealed. It is put down in `told`."""

    def answer(end: House, _file: bytes, receipt: bytes) -> bytes:
        content = open_sealed(receipt, [end.key.certificate], world.clock()).content
        told.append(seal(spoil(content), end.key, world.clock()))
        return told[-1]

    return answer


@pytest.mark.parametrize("flaw", ANSWERS)
def test_a_hostile_answer_to_a_push_settles_nothing_and_the_honest_one_does(
    pushing: World, flaw: str
):
    spoil, code = HOSTILE[flaw]
    told: list[bytes] = []
    pushing.wire.answer = answering(pushing, spoil, told)
    pushing.push(member("10000001", name=f"Invented {flaw}"))
    before = rows(pushing.house)

    with logged() as log:
        pushing.deliver(rounds=1)

    (file,) = told
    assert last_attempt(pushing) == ("no receipt", code_of(pushing, file, code))
    assert pushing.states()[-1] == "unknown"
    assert not {"receipts", "outcomes"} & changed(before, rows(pushing.house))
    assert "PLANTED" not in log.getvalue()

    pushing.wire.answer = honest
    pushing.deliver()

    assert last_attempt(pushing) == ("receipt", None)
    assert set(pushing.states()) == {"settled"}


def last_attempt(world: World) -> tuple[str, str | None]:
    """How it ended, and why."""
    newest = attempts.c.batch_id.desc(), attempts.c.n.desc()
    with world.house.database.read() as tx:
        one = tx.execute(select(attempts).order_by(*newest).limit(1)).one()
    return one.outcome, one.code
