"""Members that the arrangement does not cover are kept, and never answered as recognised."""

import pytest
from sqlalchemy import select

from mappers import MAPPERS
from partners import agreements, foreign_roll, recognised
from schemas.errors import BadRequest
from schemas.record import Record
from schemas.tables import foreign_members
from tests.gateway.books import balance
from tests.gateway.sender import Sender, mid, record, roll
from tests.world import START, World, member

SAYS = {"mx-neec": ("<operador>", "rubro"), "tw-aeo": ("<AEO>", "grade")}


def told(programme: str, *categories: str | None) -> tuple[list[Record], bytes]:
    """A member of each category, and the document that says so."""
    records = [record(identifiers=(mid(n),)) for n in range(len(categories))]
    opening, attribute = SAYS[programme]
    head, *members = MAPPERS[programme].write(records).decode().split(opening)
    said = [
        opening if word is None else f'{opening[:-1]} {attribute}="{word}">' for word in categories
    ]
    pieces = [start + member for start, member in zip(said, members, strict=True)]
    return records, (head + "".join(pieces)).encode()


def covered(world: World, programme: str) -> list[bool]:
    """Of each member in the order of its MID, whether a question for the MID finds it."""
    with world.house.database.read() as tx:
        found = recognised.find(tx, [mid(n) for n in range(4)], now=START)
    return [bool([m for m in found[mid(n)] if m.roll.programme == programme]) for n in range(4)]


def test_of_taiwan_only_the_security_grade_is_recognised(whole_world: World):
    sender = Sender(whole_world, "tw-aeo")
    records, document = told("tw-aeo", "AEOS", "AEOG", None, "AEOG")

    receipt = sender.send(sender.next(records, document=document))

    assert receipt.held == 4, "those outside are kept"
    assert covered(whole_world, "tw-aeo") == [True, False, True, False]
    assert len(roll(whole_world, "tw-aeo")) == 4


def test_of_mexico_section_l_carriers_and_brokers_are_recognised(small_world: World):
    sender = Sender(small_world)
    records, document = told("mx-neec", None, "transportista", "agente", "otro")

    sender.send(sender.next(records, document=document))

    assert covered(small_world, "mx-neec") == [True, True, True, False]


def test_a_member_outside_is_answered_like_one_nobody_knows(whole_world: World):
    sender = Sender(whole_world, "tw-aeo")
    records, document = told("tw-aeo", "AEOG")
    sender.send(sender.next(records, document=document))

    with whole_world.house.database.read() as tx, pytest.raises(BadRequest) as refused:
        recognised.get(tx, "tw-aeo", records[0].ref, now=START)
    assert refused.value.code == "MRX-5017"


def test_what_the_programme_itself_does_not_say_has_no_category(small_world: World):
    """Mexico's end: members of C-TPAT come in Mexico's document, and are of no part of NEEC."""
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()

    with small_world.partners["mx-neec"].database.read() as tx:
        [one] = tx.execute(select(foreign_members)).all()
    assert (one.category, one.covered) == (None, True)


def test_a_change_of_coverage_counts_for_the_whole_roll_at_once(whole_world: World):
    sender = Sender(whole_world, "tw-aeo")
    records, document = told("tw-aeo", "AEOS", "AEOG", "AEOS", "AEOG")
    sender.send(sender.next(records, document=document))

    changed = {}
    for coverage in (["AEOG"], ["AEOS", "AEOG"], [], None):
        with whole_world.house.database.write() as tx:
            agreements.change(tx, "tw-aeo", coverage=coverage)
            changed[str(coverage)] = foreign_roll.cover_anew(tx, "tw-aeo", now=START)
        inside = covered(whole_world, "tw-aeo")
        words = ["AEOS", "AEOG"] if coverage is None else coverage
        assert inside == [word in words for word in ("AEOS", "AEOG", "AEOS", "AEOG")]
        balance(whole_world, "tw-aeo")

    assert list(changed.values()) == [4, 2, 4, 4]


def test_a_newer_record_may_move_a_member_out_and_in(whole_world: World):
    sender = Sender(whole_world, "tw-aeo")
    records, document = told("tw-aeo", "AEOS")
    sender.send(sender.next(records, document=document))

    for version, grade, inside in ((2, b"AEOG", False), (3, b"AEOS", True)):
        newer = document.replace(b'"AEOS"', b'"' + grade + b'"').replace(
            b"<VersionNumber>1<", f"<VersionNumber>{version}<".encode()
        )
        sender.send(sender.next(records, document=newer))
        assert covered(whole_world, "tw-aeo")[0] == inside


def test_the_agreements_begin_with_what_is_known_of_their_coverage(whole_world: World):
    with whole_world.house.database.read() as tx:
        found = {one.agreement.partner: one.coverage for one in agreements.every(tx)}

    assert found == {
        "tw-aeo": {"AEOS"},
        "mx-neec": {"L", "transportista", "agente"},
        "ca-pip": None,
        "il-aeo": None,
        "kr-aeo": None,
    }
    with whole_world.partners["tw-aeo"].database.read() as tx:
        assert agreements.get(tx, "us-ctpat").coverage is None
