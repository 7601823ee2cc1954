"""Calm weather: from a push to a receipt, and back out again."""

from outbox import batch, ledger, revocations
from partners import foreign_roll
from tests.carriers import CARRIED
from tests.world import World, member


@CARRIED
def test_a_consented_member_is_held_and_an_unconsented_one_is_told_to_nobody(whole_world: World):
    whole_world.push(member("10000001"), member("10000002"))
    whole_world.grant("10000001")

    whole_world.deliver()

    for partner in whole_world.partners:
        assert whole_world.held(partner) == {"Invented Company 10000001": "VALIDATED"}
    assert not any(b"10000002" in file for _, file in whole_world.wire.journal)


def test_the_account_number_never_leaves(small_world: World):
    small_world.push(member("10000001", name="Invented Carrier"))
    small_world.grant("10000001")

    small_world.deliver()

    assert small_world.held("mx-neec") == {"Invented Carrier": "VALIDATED"}
    assert not any(b"10000001" in file for _, file in small_world.wire.journal)


@CARRIED
def test_a_revocation_is_confirmed_by_the_partners_receipt(small_world: World):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()

    number = small_world.revoke("10000001", of="mx-neec")
    with small_world.house.database.read() as tx:
        assert revocations.get(tx, number).answer == "withdrawal on its way"
    small_world.deliver()

    assert small_world.held("mx-neec") == {}
    with small_world.house.database.read() as tx:
        done = revocations.get(tx, number)
        assert done.answer == "deletion confirmed"
        assert [fate for _, fate, _, _ in done.lives] == ["erased"]
        assert ledger.verify(tx).broken_at is None
        assert [b.state for b in batch.every(tx)] == ["settled", "settled"]


def test_one_member_is_known_to_every_partner_by_another_ref(whole_world: World):
    whole_world.push(member("10000001"), member("10000002"))
    whole_world.grant("10000001", "10000002")
    whole_world.deliver()
    first = refs(whole_world)
    whole_world.push(member("10000001", status="SUSPENDED"), member("10000002", name="Renamed"))
    whole_world.deliver()

    assert {partner: len(known) for partner, known in first.items()} == dict.fromkeys(first, 2)
    assert len(set().union(*first.values())) == 2 * len(whole_world.partners)
    assert refs(whole_world) == first, "news of a member is news of the same ref"
    for partner, file in whole_world.wire.journal:
        others = set().union(*(known for one, known in first.items() if one != partner))
        assert not any(ref.encode() in file for ref in others), "told to another than its own"


def refs(world: World) -> dict[str, frozenset[str]]:
    """By which refs each partner's own roll knows our members."""
    known = {}
    for partner, end in world.partners.items():
        with end.database.read() as tx:
            rows = foreign_roll.every(tx, world.house.programme)
            known[partner] = frozenset(row.ref for row in rows)
    return known
