"""Calm weather: from a push to a receipt, and back out again."""

from outbox import batch, ledger, revocations
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
