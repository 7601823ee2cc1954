"""`schemas.bulk` finds and removes the rows of thousands of words, whatever is known of a table."""

import re

from sqlalchemy import select

from partners import foreign_identifiers
from schemas import bulk
from schemas.tables import foreign_identifiers as numbers
from schemas.tables import stored
from tests.world import START, World

REFS = [f"{n:012}" for n in range(3_000)]
ODD = 'it\'s "odd" \\ %s :name ? 가상'
NAMES = ("ref", "scheme", "value")
PARTNER = {"programme": "mx-neec", "source": foreign_identifiers.PARTNER}


def row(ref: str, *, programme: str = "mx-neec", source: str = "partner") -> tuple[object, ...]:
    at = stored(START)
    return (programme, ref, "MID", f"MX{ref}", source, "2026-01-31", None, at, None)


def left(world: World) -> set[tuple[str, str, str]]:
    with world.house.database.read() as tx:
        return {(one.programme, one.ref, one.source) for one in tx.execute(select(numbers))}


def test_the_rows_of_thousands_of_words_are_found(small_world: World) -> None:
    with small_world.house.database.write() as tx:
        bulk.add(tx, numbers, [row(ref) for ref in [*REFS, ODD]])
        bulk.add(tx, numbers, [row(REFS[0], programme="ca-pip"), row(REFS[0], source="home")])
        asked = [*REFS[:2_000], ODD, "nobody's"]
        found = bulk.find(tx, numbers, NAMES, PARTNER, "ref", asked)
        assert sorted(map(tuple, found)) == sorted(
            (ref, "MID", f"MX{ref}") for ref in [*REFS[:2_000], ODD]
        )
        assert bulk.find(tx, numbers, NAMES, PARTNER, "ref", []) == []


def test_values_are_found_as_the_database_keeps_them(small_world: World) -> None:
    with small_world.house.database.write() as tx:
        bulk.add(tx, numbers, [row(REFS[0])])
        names = tuple(column.name for column in numbers.columns)
        (found,) = bulk.find(tx, numbers, names, {"programme": "mx-neec"}, "ref", REFS)
    assert tuple(found) == row(REFS[0])


def test_only_the_rows_of_these_words_are_removed(small_world: World) -> None:
    with small_world.house.database.write() as tx:
        bulk.add(tx, numbers, [row(ref) for ref in [*REFS, ODD]])
        bulk.add(tx, numbers, [row(REFS[0], programme="ca-pip"), row(REFS[0], source="home")])
        bulk.remove(tx, numbers, PARTNER, "ref", [*REFS[:-1], ODD])
    assert left(small_world) == {
        ("mx-neec", REFS[-1], "partner"),
        ("mx-neec", REFS[0], "home"),
        ("ca-pip", REFS[0], "partner"),
    }


def test_no_word_is_held_against_every_row_of_a_table_that_is_new(small_world: World) -> None:
    """A server that has no statistics yet would read the whole programme, and for each row the
    whole list: 5,000 of 5,000 took it five seconds.
    """
    with small_world.house.database.write() as tx:
        bulk.add(tx, numbers, [row(ref) for ref in REFS])
        for asked in (bulk._finding, bulk._removing):
            names = (NAMES,) if asked is bulk._finding else ()
            statement = asked(numbers, *names, tuple(PARTNER), "ref", tx.dialect.name)
            how = "EXPLAIN" if tx.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
            values = ('["1"]', *PARTNER.values())
            plan = "\n".join(map(str, tx.exec_driver_sql(f"{how} {statement}", values).all()))
            assert re.search(r"Index Cond: .*ref = (word|.*word)|programme=\? AND ref=\?", plan), (
                plan
            )
            assert not re.search(r"Seq Scan|SCAN found", plan), plan


def test_many_changes_replace_what_is_there_and_add_what_is_not(small_world: World) -> None:
    """Twice in one transaction: the second does not repeat the first."""
    many = 5 * bulk.FEW
    with small_world.house.database.write() as tx:
        bulk.add(tx, numbers, [row(ref) for ref in REFS[:many]])
        ended = [(*row(ref)[:6], "2026-02-28", *row(ref)[7:]) for ref in REFS[: 2 * many]]
        bulk.change(tx, numbers, ended)
        bulk.change(tx, numbers, [row(ref) for ref in REFS[many : 3 * many]])
        rows = tx.execute(select(numbers.c.ref, numbers.c.until_on))
        dates = {one.ref: one.until_on for one in rows}
    assert {ref for ref, until in dates.items() if until is not None} == set(REFS[:many])
    assert len(dates) == 3 * many
