"""The chain shows every change, every hole, and, to whoever kept the head, a cut tail."""

import hashlib
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from outbox import ledger
from schemas.tables import ledger as rows
from tests.world import START, World


@pytest.fixture
def five(small_world: World) -> World:
    with small_world.house.database.write() as tx:
        for n in range(5):
            ledger.add(tx, "test", {"n": n}, now=START, subject=str(n))
    return small_world


def verified(world: World) -> ledger.Verified:
    with world.house.database.read() as tx:
        return ledger.verify(tx)


def tamper(world: World, statement: str) -> None:
    with world.house.database.write() as tx:
        tx.exec_driver_sql(statement)


def test_an_untouched_ledger_is_whole(five: World):
    found = verified(five)

    assert found.broken_at is None
    assert found.head.size == 5


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("""UPDATE ledger SET entry = '{"n":9}' WHERE position = 3""", 3),
        ("UPDATE ledger SET at = at + 1 WHERE position = 2", 2),
        ("UPDATE ledger SET subject = NULL WHERE position = 5", 5),
        ("DELETE FROM ledger WHERE position = 2", 2),
        ("DELETE FROM ledger WHERE position = 5", 5),
        ("UPDATE ledger SET previous = digest WHERE position = 4", 4),
        ("UPDATE ledger_head SET size = 4", 6),
    ],
)
def test_a_change_is_found_where_it_was_made(five: World, statement: str, position: int):
    tamper(five, statement)

    assert verified(five).broken_at == position


def test_a_cut_tail_is_whole_in_itself_and_shows_in_the_head(five: World):
    before = verified(five).head
    tamper(five, "DELETE FROM ledger WHERE position > 3")
    tamper(
        five,
        "UPDATE ledger_head SET size = 3, digest = (SELECT digest FROM ledger WHERE position = 3)",
    )

    found = verified(five)

    assert found.broken_at is None
    assert found.head != before


def test_what_is_rolled_back_leaves_no_hole(five: World):
    with five.house.database.write() as tx:
        ledger.add(tx, "never", {}, now=START)
        tx.rollback()
    with five.house.database.write() as tx:
        assert ledger.add(tx, "next", {}, now=START) == 6

    assert verified(five).broken_at is None


@pytest.mark.parametrize(
    ("subject", "entry"),
    [
        ("10000001", {"by": "olga"}),
        (None, {"by": "olga", "accounts": ["10000001", "10000002"]}),
        (None, {"turned": [["10000001", "SUSPENDED", []]]}),
    ],
)
def test_of_whom_an_entry_tells_cannot_be_guessed_by_its_digest(
    small_world: World, subject: str | None, entry: dict[str, Any]
):
    with small_world.house.database.write() as tx:
        for _ in range(2):
            ledger.add(tx, "test", entry, now=START, subject=subject)
        first, second = (orjson.loads(text) for text in tx.scalars(select(rows.c.entry)))

    assert len(bytes.fromhex(first.pop("salt"))) == 16 == len(bytes.fromhex(second["salt"]))
    assert first == entry
    assert first != second
    assert verified(small_world).broken_at is None


@pytest.mark.parametrize("entry", [{"by": "anna"}, {"by": "anna", "roles": ["viewer", "auditor"]}])
def test_what_tells_of_no_company_is_kept_as_it_was_said(small_world: World, entry: dict[str, Any]):
    with small_world.house.database.write() as tx:
        ledger.add(tx, "test", entry, now=START)

        assert orjson.loads(tx.scalar(select(rows.c.entry))) == entry


def test_entries_from_before_there_was_salt_verify_as_ever(small_world: World):
    fields = [ledger.GENESIS, 1, START, "test", None, "10000001", '{"by":"olga"}']
    digest = hashlib.sha256(orjson.dumps(fields)).hexdigest()
    names = ("previous", "position", "at", "kind", "partner", "subject", "entry")
    with small_world.house.database.write() as tx:
        tx.execute(rows.insert().values(digest=digest, **dict(zip(names, fields, strict=True))))
        tx.exec_driver_sql(f"UPDATE ledger_head SET size = 1, digest = '{digest}'")
        ledger.add(tx, "test", {}, now=START, subject="10000002")

    found = verified(small_world)

    assert (found.head.size, found.broken_at) == (2, None)
