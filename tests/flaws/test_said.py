"""What is taken of a source is told to each partner as it is, or to nobody there and with a code.

The names are those of `unusual`. On both databases: what is kept here is what is told.
"""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from schemas.tables import foreign_members, pending
from tests.conftest import BOTH, connected_world
from tests.flaws.test_source_door import Source, codes
from tests.flaws.unusual import NAMES
from tests.world import Server, World, member

PARTNERS = ("mx-neec", "ca-pip", "tw-aeo", "il-aeo", "kr-aeo")
BYTES_IN_KOREA = 60
ACCOUNTS = {f"{60_000_000 + n}": unicodedata.normalize("NFC", text) for n, text in enumerate(NAMES)}


@pytest.fixture(scope="module", params=BOTH)
def world(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    key_files: dict[str, Path],
) -> Iterator[World]:
    """Every name with a consent for every partner, delivered; and one member without any."""
    on_server = request.param == "postgresql"
    server = Server(request.getfixturevalue("postgres")) if on_server else None
    folder = tmp_path_factory.mktemp("home")
    made = connected_world(folder, key_files, PARTNERS, server=server)
    source = Source(made.house)
    people = [
        member(account, name=name, identifiers=[{"scheme": "MID", "value": f"MX{account}"}])
        for account, name in zip(ACCOUNTS, NAMES, strict=True)
    ]
    nobody = member("69999999", name="Invented, Never Consented")
    assert codes(source.push(b"\n".join(map(orjson.dumps, [*people, nobody])))) == []
    made.grant(*ACCOUNTS)
    made.deliver()
    yield made
    made.house.database.close()
    if server is not None:
        server.close()


def held(world: World, partner: str) -> dict[str, str]:
    """What a partner keeps of us: account (its MID says it here) and name."""
    f = foreign_members.c
    with world.partners[partner].database.read() as tx:
        rows = tx.execute(select(f.identifiers, f.name).where(f.name.is_not(None))).all()
    assert all(len(numbers) == 1 for numbers, _ in rows), "one without consent is among them"
    return {numbers[0][1].removeprefix("MX"): name for numbers, name in rows}


def blocked(world: World, partner: str) -> dict[str, str]:
    p = pending.c
    with world.house.database.read() as tx:
        return dict(tx.execute(select(p.account, p.blocked).where(p.partner == partner)).all())


@pytest.mark.slow
@pytest.mark.parametrize("partner", [one for one in PARTNERS if one != "kr-aeo"])
def test_every_name_arrives_as_it_is(world: World, partner: str):
    assert held(world, partner) == ACCOUNTS
    assert blocked(world, partner) == {}


def in_korea(name: str) -> str | None:
    """Why this name cannot be kept there, if it cannot."""
    try:
        stored = name.encode("cp949")
    except UnicodeEncodeError:
        return "MRX-2101"
    if stored.decode("cp949") != name:
        return "MRX-2101"
    return "MRX-2102" if len(stored) > BYTES_IN_KOREA else None


def test_a_name_arrives_in_korea_as_it_is_or_is_held_back_with_a_code(world: World):
    why = {account: in_korea(name) for account, name in ACCOUNTS.items()}

    assert held(world, "kr-aeo") == {a: name for a, name in ACCOUNTS.items() if why[a] is None}
    assert blocked(world, "kr-aeo") == {a: code for a, code in why.items() if code is not None}
    assert {None, "MRX-2101", "MRX-2102"} == set(why.values())
