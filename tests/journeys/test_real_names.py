"""Real names by the tens of thousands, in every script, through push, five partners, receipts.

The names are those of public registers and carry no number of theirs here; accounts, statuses and
dates are drawn, and nothing of it leaves this test.
"""

import csv
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import select

from mappers import MAPPERS
from outbox import batch, ledger
from partners import foreign_roll
from schemas import document, exchange, name
from schemas.errors import BadRecord
from schemas.status import Status
from schemas.tables import inbound_batches, pending
from signing.open import open_sealed
from tests.conftest import SERVER_ONLY
from tests.tools import tool
from tests.world import World, member

COLUMNS = ("name", "name_zh", "short_zh", "short_en", "name_ja", "name_kana", "name_en", "name_ko")
SCHEMES = {
    "SCAC": lambda n: "Q" + "".join(chr(65 + n // 26**i % 26) for i in range(3)),
    "ICR": lambda n: f"{n % 1_000_000:06d}-{n % 100_000:05d}",
    "MID": lambda n: f"XQ{n:06d}"[:15],
}


def names(folder: Path) -> Iterator[str]:
    for file in sorted((folder / "data" / "names").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                yield from (row[column] for column in COLUMNS if row.get(column))


@pytest.fixture(scope="module")
def sayable(shared: Path) -> list[str]:
    found = []
    for text in dict.fromkeys(names(shared)):
        try:
            found.append(name.parse(text))
        except BadRecord:
            continue
    return list(dict.fromkeys(found))


@pytest.mark.slow
@pytest.mark.second_opinion
def test_every_consented_name_is_held_or_blocked_with_a_reason(
    whole_world: World, sayable: list[str], tmp_path: Path
):
    wanted = tell(whole_world, sayable)

    held_or_blocked(whole_world, wanted)
    _look_from_outside(whole_world, wanted, tmp_path)


@SERVER_ONLY
@pytest.mark.slow
def test_a_server_keeps_every_name_too(small_world: World, sayable: list[str]):
    """What is told, and how it is read at the other end, has nothing to do with where it is kept."""
    held_or_blocked(small_world, tell(small_world, sayable))


def tell(world: World, sayable: list[str]) -> dict[str, dict[str, str]]:
    """Tell each partner a share of them; what it should hold, or be spared, by account."""
    dice = random.Random(20140804)
    assert len(sayable) > 20_000
    people = [
        member(
            str(10_000_000 + n),
            name=text,
            status=dice.choice([*Status]).value,
            identifiers=[
                {"scheme": scheme, "value": make(n)}
                for scheme, make in SCHEMES.items()
                if dice.random() < 0.5
            ],
        )
        for n, text in enumerate(sayable)
    ]
    report = world.push(*people)
    assert report.accepted == len(people), report.rejections[:3]
    wanted: dict[str, dict[str, str]] = {}
    for partner in world.partners:
        given = [one for one in people if dice.random() < 0.56]
        wanted[partner] = {str(one["account"]): str(one["name"]) for one in given}
        world.grant(*(str(one["account"]) for one in given), to=[partner])

    world.deliver()
    return wanted


def held_or_blocked(world: World, wanted: dict[str, dict[str, str]]) -> None:
    for partner, end in world.partners.items():
        with world.house.database.read() as tx:
            waiting = tx.execute(
                select(pending.c.account, pending.c.blocked).where(pending.c.partner == partner)
            ).all()
        blocked = {wanted[partner][row.account]: row.blocked for row in waiting}
        assert all(code in {"MRX-2101", "MRX-2102"} for code in blocked.values()), partner
        assert set(world.held(partner)) | set(blocked) == set(wanted[partner].values())
        assert not set(world.held(partner)) & set(blocked)
        with end.database.read() as tx:
            assert foreign_roll.size(tx, "us-ctpat") == len(wanted[partner]) - len(blocked)


def _look_from_outside(world: World, wanted: dict[str, dict[str, str]], folder: Path) -> None:
    """Other people's tools open every batch and receipt; nothing unconsented is in any of them."""
    house = world.house
    with house.database.read() as tx:
        sent = batch.every(tx)
        files = [(one, batch.file(tx, one.id, one.issue)) for one in sent]
        assert ledger.verify(tx).broken_at is None
    ours = folder / "ours.pem"
    ours.write_text(house.key.certificate.pem)
    for one, file in files:
        content = _verified(file, ours, folder)
        _valid(content, "exchange/1.0", folder)
        opened = exchange.read_batch(content)
        if opened.document is not None:
            inner = etree.tostring(opened.document)
            _valid(inner, opened.header.format, folder)
        told = {record.name for record in _records(opened, one.partner)}
        assert told <= set(wanted[one.partner].values())
    for partner, end in world.partners.items():
        theirs = folder / f"{partner}.pem"
        theirs.write_text(end.key.certificate.pem)
        with end.database.read() as tx:
            for receipt in tx.scalars(select(inbound_batches.c.receipt)):
                _valid(_verified(bytes(receipt), theirs, folder), "exchange/1.0", folder)
                assert open_sealed(bytes(receipt), [end.key.certificate], world.clock.now)


def _records(opened: exchange.ReadBatch, partner: str):
    return () if opened.document is None else MAPPERS[partner].read(opened.document)


def _verified(file: bytes, certificate: Path, folder: Path) -> bytes:
    sealed, out = folder / "file.p7m", folder / "content.xml"
    sealed.write_bytes(file)
    command = [
        tool("openssl"),
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        sealed,
        "-nointern",
    ]
    command += ["-certfile", certificate, "-CAfile", certificate, "-partial_chain"]
    command += ["-purpose", "any", "-no_check_time", "-out", out]
    subprocess.run(command, check=True, capture_output=True)
    return out.read_bytes()


def _valid(content: bytes, form: str, folder: Path) -> None:
    out = folder / "document.xml"
    out.write_bytes(content)
    subprocess.run(
        [tool("xmllint"), "--noout", "--nonet", "--huge", "--schema", document.xsd_path(form), out],
        check=True,
        capture_output=True,
    )
