"""P6, outward: what a mapper wrote is read back before it may leave. A mapper that lies is a stand-in
around the real one; all else is real.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from mappers import MAPPERS
from mappers.base import Mapper
from outbox import draft, handing_over, lane, ledger, planning
from outbox.draft import Draft
from schemas import ref as refs
from schemas.batch import Lane
from schemas.errors import MrxError
from schemas.record import Record
from schemas.tables import attempts, batch_files, batches, disclosures, lanes
from schemas.tables import ledger as entries
from tests.conftest import FILE_ONLY
from tests.world import LOST_ANSWER, ONE, TWO, World, member

MEXICO = "mx-neec"
STRANGER = "Invented Company Without Consent"

Lie = Callable[[Mapper, Sequence[Record]], bytes]


@dataclass(frozen=True)
class Lying:
    """The real mapper, which writes something else than it was told to."""

    real: Mapper
    lie: Lie

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def write(self, records: Sequence[Record]) -> bytes:
        return self.lie(self.real, records)


def instead(change: Callable[[Sequence[Record]], Sequence[Record]]) -> Lie:
    """A lie that says other records."""
    return lambda real, records: real.write(change(records))


def inserted(text: str, *, before: str) -> Lie:
    """A lie that puts something into each record, or behind the last."""
    return lambda real, records: real.write(records).replace(
        before.encode(), (text + before).encode()
    )


def stranger(like: Record) -> Record:
    return replace(like, ref=refs.new(), version=1, name=STRANGER)


LIES = {
    "one dropped": instead(lambda said: said[1:]),
    "none left": instead(lambda _said: []),
    "one added": instead(lambda said: [*said, stranger(said[0])]),
    "another in the place of one": instead(lambda said: [stranger(said[0]), *said[1:]]),
    "one twice": instead(lambda said: [*said, said[0]]),
    "under another ref": instead(lambda said: [replace(said[0], ref=refs.new()), *said[1:]]),
    "under each other's refs": instead(
        lambda said: [replace(said[0], ref=said[1].ref), replace(said[1], ref=said[0].ref)]
    ),
    "under another version": instead(
        lambda said: [replace(said[0], version=said[0].version + 1), *said[1:]]
    ),
    "in another order": instead(lambda said: said[::-1]),
}

# What the XSD has no place for is refused by it, before refs are compared.
ODDITIES = {
    "a fifth item": inserted("<cuenta>10000001</cuenta>", before="</operador>"),
    "a fifth item of another namespace": inserted(
        '<c xmlns="urn:other">10000001</c>', before="</operador>"
    ),
    "a fifth item in an attribute": inserted(' cuenta="10000001"', before="><referencia>"),
    "text between records": inserted("10000001", before="</operadores>"),
    "no ref": lambda real, records: real.write(records).replace(
        f"<referencia>{records[0].ref}</referencia>".encode(), b""
    ),
    "a second document beside the first": lambda real, records: (
        real.write(records) + real.write([stranger(records[0])])
    ),
    "a second document beside its place": lambda real, records: (
        real.write(records) + b"\n</Document>\n<Document>\n" + real.write([stranger(records[0])])
    ),
}


@pytest.fixture
def two(small_world: World) -> World:
    """Two members, consented and not told yet."""
    small_world.push(member("10000001"), member("10000002"))
    small_world.grant("10000001", "10000002")
    return small_world


def lying(lie: Lie, monkeypatch: pytest.MonkeyPatch, partner: str = MEXICO) -> None:
    monkeypatch.setitem(MAPPERS, partner, Lying(MAPPERS[partner], lie))


def stopped(world: World) -> str:
    """The code with which the next taking of a lane breaks off."""
    with pytest.raises(MrxError) as wrong:
        world.delivery().work()
    return wrong.value.code


def nobody_heard(world: World) -> None:
    """Nothing left, no number is taken, nobody was told of anybody, and the ledger says so."""
    assert world.wire.journal == []
    assert world.held(MEXICO) == {}
    with world.house.database.read() as tx:
        for table in (batches, batch_files, attempts, disclosures):
            assert tx.execute(select(table)).all() == [], table.name
        assert set(tx.scalars(select(lanes.c.next_number))) == {1}
        assert "disclosed" not in tx.scalars(select(entries.c.kind)).all()
        assert ledger.verify(tx).broken_at is None
    assert world.waiting() == [(None, None)] * 2, "both still wait, and nothing is blamed on them"


def both_are_told(world: World) -> None:
    """As in calm weather: one batch, under the number that was not used up."""
    world.deliver()
    assert world.held(MEXICO) == {ONE: "VALIDATED", TWO: "VALIDATED"}
    with world.house.database.read() as tx:
        (row,) = tx.execute(select(batches)).all()
    assert (row.number, row.issue, row.state, row.announcements) == (1, 1, "settled", 2)
    assert [STRANGER.encode() in file for _, file in world.wire.journal] == [False]


@FILE_ONLY
@pytest.mark.parametrize(
    ("lie", "code"),
    [
        *(pytest.param(lie, "MRX-9008", id=name) for name, lie in LIES.items()),
        *(pytest.param(lie, "MRX-2305", id=name) for name, lie in ODDITIES.items()),
    ],
)
def test_what_reads_back_otherwise_does_not_leave(
    two: World, monkeypatch: pytest.MonkeyPatch, lie: Lie, code: str
):
    with monkeypatch.context() as for_now:
        lying(lie, for_now)
        assert stopped(two) == code
    nobody_heard(two)

    both_are_told(two)


@FILE_ONLY
def test_the_lane_rests_before_it_tries_again(two: World, monkeypatch: pytest.MonkeyPatch):
    lying(LIES["one dropped"], monkeypatch)
    assert stopped(two) == "MRX-9008"

    assert not two.delivery().work(), "what broke once would break at once"
    two.clock.now += lane.RECHECK[Lane.ROUTINE] + timedelta(seconds=1)
    assert stopped(two) == "MRX-9008", "and it is never given up"
    nobody_heard(two)


def test_a_partner_that_comes_for_it_gets_nothing_either(
    two: World, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as for_now:
        lying(LIES["one added"], for_now)
        with pytest.raises(MrxError, match="MRX-9008"):
            handing_over.next_batch(two.house, MEXICO, worker="test", clock=two.clock)
    nobody_heard(two)

    handed = handing_over.next_batch(two.house, MEXICO, worker="test", clock=two.clock)
    assert isinstance(handed, handing_over.Handed)
    assert handed.batch.announcements == 2


def test_a_next_issue_that_still_names_who_took_consent_back_does_not_leave(
    two: World, monkeypatch: pytest.MonkeyPatch
):
    """The mapper goes on saying what it said first: the worst moment for it."""
    said: list[bytes] = []

    def as_before(real: Mapper, records: Sequence[Record]) -> bytes:
        said.append(real.write(records))
        return said[0]

    with monkeypatch.context() as for_now:
        lying(as_before, for_now)
        two.wire.plan = [LOST_ANSWER]
        two.deliver(rounds=1)
        two.revoke("10000001", of=MEXICO)
        two.deliver(rounds=1)  # the withdrawal: it needs no mapper and waits for none
        assert two.held(MEXICO) == {TWO: "VALIDATED"}
        before = list(two.wire.journal)
        assert stopped(two) == "MRX-9008"
    assert len(said) == 2
    assert two.wire.journal == before
    with two.house.database.read() as tx:
        assert set(tx.scalars(select(batch_files.c.issue))) == {1}

    two.deliver()

    assert two.held(MEXICO) == {TWO: "VALIDATED"}
    assert [ONE.encode() in file for _, file in two.wire.journal] == [True, False, False]
    assert two.states() == ["settled", "settled"]


@pytest.mark.slow
@FILE_ONLY
@pytest.mark.parametrize("partner", MAPPERS)
def test_every_partners_mapper_is_read_again_and_holds_up_nobody_else(
    whole_world: World, monkeypatch: pytest.MonkeyPatch, partner: str
):
    world = whole_world
    world.push(member("10000001"), member("10000002"))
    world.grant("10000001", "10000002")

    with monkeypatch.context() as for_now:
        lying(LIES["one added"], for_now, partner)
        codes = []
        for _ in range(2 * len(world.partners)):
            try:
                world.delivery().work()
            except MrxError as wrong:
                codes.append(wrong.code)
    assert codes == ["MRX-9008"]
    assert {to for to, _ in world.wire.journal} == set(MAPPERS) - {partner}
    assert world.held(partner) == {}

    world.deliver()
    assert all(world.held(one) == {ONE: "VALIDATED", TWO: "VALIDATED"} for one in MAPPERS)


# -- the rest of what is compared: no mapper writes it ---------------------------------------------


def drafted(world: World) -> Draft:
    """The next issue of the urgent lane, with an announcement and a withdrawal."""
    world.deliver()
    world.push(member("10000001", status="SUSPENDED"))
    world.revoke("10000002", of=MEXICO)
    with world.house.database.write() as tx:
        taken = lane.take(
            tx, worker="test", now=world.clock(), lease=timedelta(minutes=5), kind=Lane.URGENT
        )
        assert taken is not None
        made = planning.plan(tx, world.house, taken, now=world.clock())
    assert isinstance(made, Draft)
    assert (len(made.lines), len(made.withdrawals)) == (1, 1)
    return made


def another(made: Draft, **meant: object) -> Draft:
    return replace(made, header=replace(made.header, **meant))


@FILE_ONLY
@pytest.mark.parametrize(
    "meant",
    [
        pytest.param(lambda d: another(d, recipient="ca-pip"), id="for another partner"),
        pytest.param(lambda d: another(d, lane=Lane.ROUTINE), id="on another lane"),
        pytest.param(lambda d: another(d, number=d.header.number + 1), id="another number"),
        pytest.param(lambda d: another(d, previous="0" * 64), id="behind another"),
        pytest.param(lambda d: another(d, texts=("2014-08",)), id="under another consent text"),
        pytest.param(lambda d: replace(d, withdrawals=()), id="no withdrawal"),
        pytest.param(
            lambda d: replace(d, withdrawals=((refs.new(), "10000002"),)), id="of another ref"
        ),
    ],
)
def test_a_file_that_says_anything_else_than_was_meant_is_not_believed(
    two: World, meant: Callable[[Draft], Draft]
):
    made = drafted(two)

    def read_again(as_meant: Draft) -> str:
        return draft._read_again(
            two.house,
            made.file,
            as_meant.header,
            as_meant.withdrawals,
            as_meant.lines,
            MAPPERS[MEXICO],
            two.clock(),
        )

    assert read_again(made) == made.digest
    with pytest.raises(MrxError, match="MRX-9008"):
        read_again(meant(made))
