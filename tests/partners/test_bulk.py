"""`schemas.bulk` on both databases: thousands of rows and values in one statement."""

from sqlalchemy import select

from schemas import bulk
from schemas.tables import members, stored
from tests.conftest import FILE_ONLY
from tests.world import START, World

# More than either database takes parameters in a statement.
MANY = 70_000
# What COPY's text format and JSON each give a meaning of their own.
ODD = 'Inven\tted "A\\N" \\. Company\r\nof Two Lines, 가상 ☃ 𝄞'


def row(
    account: str, name: str, *, kind: str | None = None, version: int = 1
) -> tuple[object, ...]:
    at = stored(START)
    since = "2014-04-07"
    return (account, name, "[]", "VALIDATED", since, kind, b"\0\xff", version, at, 1, 0, at)


def names(world: World) -> dict[str, tuple[str, str | None, bytes, int]]:
    with world.house.database.read() as tx:
        return {
            one.account: (one.name, one.business_type, one.digest, one.version)
            for one in tx.execute(select(members))
        }


def test_a_row_is_kept_as_it_is_given(small_world: World) -> None:
    with small_world.house.database.write() as tx:
        bulk.add(tx, members, [row("10000001", ODD), row("10000002", "Invented", kind="Importer")])
    assert names(small_world) == {
        "10000001": (ODD, None, b"\0\xff", 1),
        "10000002": ("Invented", "Importer", b"\0\xff", 1),
    }
    with small_world.house.database.read() as tx:
        one = tx.execute(select(members).where(members.c.account == "10000001")).one()
    assert (one.as_of, one.present, one.unknown_status) == (START, True, False)


def test_a_change_replaces_what_is_there_and_adds_what_is_not(small_world: World) -> None:
    with small_world.house.database.write() as tx:
        bulk.add(tx, members, [row("10000001", "Before"), row("10000002", "Stays")])
        bulk.change(tx, members, [row("10000001", ODD, version=2)])
        # Twice in one transaction: the second does not repeat the first.
        bulk.change(tx, members, [row("10000003", "New")])
    assert {account: told[::3] for account, told in names(small_world).items()} == {
        "10000001": (ODD, 2),
        "10000002": ("Stays", 1),
        "10000003": ("New", 1),
    }


def test_nothing_to_add_or_change_is_nothing(small_world: World) -> None:
    with small_world.house.database.write() as tx:
        bulk.add(tx, members, [])
        bulk.change(tx, members, [])
    assert names(small_world) == {}


def test_what_is_rolled_back_was_never_there(small_world: World) -> None:
    with small_world.house.database.write() as tx:
        bulk.add(tx, members, [row("10000001", "Gone")])
        tx.rollback()
    assert names(small_world) == {}


def test_any_number_of_values_is_one_condition(small_world: World) -> None:
    with small_world.house.database.write() as tx:
        bulk.add(tx, members, [row(str(10_000_000 + n), "Invented") for n in range(5)])
    asked = [str(10_000_003 + n) for n in range(MANY)]
    for values, wanted in ((asked, ["10000003", "10000004"]), ([], []), (["'", ODD], [])):
        with small_world.house.database.read() as tx:
            where = bulk.among(tx, members.c.account, values)
            found = tx.scalars(select(members.c.account).where(where).order_by(members.c.account))
            assert list(found) == wanted


def test_some_columns_are_amended_and_the_others_stay(small_world: World) -> None:
    with small_world.house.database.write() as tx:
        bulk.add(tx, members, [row("10000001", "Invented"), row("10000002", "Invented")])
        amended = [("10000001", ODD, 7), ("99999999", "Invented Nobody", 1)]
        bulk.amend(tx, members, ("account", "name", "version"), amended)

    assert names(small_world) == {
        "10000001": (ODD, None, b"\0\xff", 7),
        "10000002": ("Invented", None, b"\0\xff", 1),
    }


def test_a_listed_condition_finds_the_same_in_a_statement_that_is_built_once(
    small_world: World,
) -> None:
    asked = [str(10_000_003 + n) for n in range(MANY)]
    listed = bulk.one_of(members.c.account, "accounts")
    query = select(members.c.account).where(listed, members.c.version == 1)
    with small_world.house.database.write() as tx:
        bulk.add(tx, members, [row(str(10_000_000 + n), "Invented") for n in range(5)])
    for values, wanted in ((asked, ["10000003", "10000004"]), ([], []), ({"'", ODD}, [])):
        with small_world.house.database.read() as tx:
            found = tx.scalars(query.order_by(members.c.account), {"accounts": values})
            assert list(found) == wanted


@FILE_ONLY
def test_a_listed_condition_goes_by_the_index(small_world: World) -> None:
    """`x IN (...) = 1`, as SQLAlchemy writes what is a Boolean, would read the whole table."""
    listed = bulk.one_of(members.c.account, "accounts")
    with small_world.house.database.read() as tx:
        query = select(members.c.name).where(listed, members.c.version == 1)
        said = str(query.compile(tx.engine))
        plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", ("[]", 1)).all()
    assert any("USING INDEX" in step[3] for step in plan), plan
