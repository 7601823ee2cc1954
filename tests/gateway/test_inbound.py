"""What a partner's batch may and may not do to us: numbers, chains, repeats, forgeries."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from gateway import inbound
from mappers import MAPPERS
from outbox import ledger
from schemas import exchange
from schemas import ref as refs
from schemas.batch import Lane
from schemas.errors import BadDocument, MrxError, NotTrusted, Refused
from schemas.receipt import Verdict
from schemas.status import Status
from schemas.tables import inbound_batches
from signing.seal import seal
from tests.conftest import BOTH
from tests.gateway.books import balance
from tests.gateway.sender import Sender, record, roll
from tests.world import BYTES_MAX, START


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


def code(sender: Sender, file: bytes, *, noted: int = 0) -> str:
    """The code with which it is refused; nothing is kept of it. So many entries of the ledger note
    that it contradicts what we have.
    """
    before, batches = kept(sender)
    with pytest.raises(MrxError) as refused:
        sender.send(file)
    assert kept(sender) == (before + noted, batches)
    return refused.value.code


def kept(sender: Sender) -> tuple[int, int]:
    """How many entries the ledger has, which is whole, and how many batches were taken."""
    with sender.world.house.database.read() as tx:
        verified = ledger.verify(tx)
        assert verified.broken_at is None
        return verified.head.size, tx.scalar(select(func.count(inbound_batches.c.number))) or 0


def test_their_members_come_in_and_the_receipt_names_the_bytes(sender: Sender):
    one = record()
    file = sender.batch([one])

    receipt = sender.send(file)

    assert roll(sender.world) == {one.ref: one.name}
    assert receipt.digest == sender.digest(file)
    assert (receipt.verdict, receipt.held) == (Verdict.ALL, 1)


def test_the_same_file_again_gets_the_same_receipt_byte_for_byte(sender: Sender):
    file = sender.batch([record()])
    house = sender.world.house

    first = inbound.take(house, file, bytes_max=BYTES_MAX, now=START)
    again = inbound.take(house, file, bytes_max=BYTES_MAX, now=sender.world.clock())

    assert first == again
    assert len(roll(sender.world)) == 1


def test_the_same_number_with_other_bytes_is_refused(sender: Sender):
    sender.send(sender.batch([record()]))

    assert code(sender, sender.batch([record()]), noted=1) == "MRX-4004"


def test_a_refusal_for_other_bytes_says_if_the_content_is_the_same(sender: Sender):
    """Sealed once more, the same content has another digest; nobody has told two stories."""
    one = record()
    sender.send(sender.batch([one]))

    with pytest.raises(Refused) as twin:
        sender.send(sender.batch([one], at=START + timedelta(seconds=1)))
    with pytest.raises(Refused) as fork:
        sender.send(sender.batch([record()]))

    assert (twin.value.code, fork.value.code) == ("MRX-4004", "MRX-4004")
    assert ("content" in twin.value.facts, "content" in fork.value.facts) == (True, False)


def test_every_applied_receipt_says_what_we_now_hold(sender: Sender):
    """The digest is computed again from the rows with hashlib alone."""
    one, two = record(), record()
    receipts = [
        sender.send(sender.next([one, two])),
        sender.send(sender.next([replace(one, version=4, status=Status.SUSPENDED)])),
        sender.send(sender.next(withdrawals=[two.ref, refs.new()])),
        sender.send(sender.next([record()], announcements=2)),
    ]

    assert [receipt.held for receipt in receipts] == [2, 2, 1, 1]
    assert len({receipt.holdings for receipt in receipts}) == 3
    assert receipts[-1].holdings == balance(sender.world)["digest"]


def test_a_gap_is_refused_and_named(sender: Sender):
    first = sender.batch([record()])
    sender.send(first)
    third = sender.batch([record()], number=3, previous=sender.digest(first))

    assert code(sender, third) == "MRX-4003"


def test_a_first_batch_that_is_not_number_one_is_a_gap(sender: Sender):
    assert code(sender, sender.batch([record()], number=2, previous="0" * 64)) == "MRX-4003"


def test_a_chain_that_forks_is_refused(sender: Sender):
    sender.send(sender.batch([record()]))

    fork = sender.batch([record()], number=2, previous="0" * 64)

    assert code(sender, fork, noted=1) == "MRX-4005"


def test_a_higher_issue_replaces_and_deletes_nothing_by_leaving_it_out(sender: Sender):
    kept, left_out = record(), record(name="EMPRESA OMITIDA")
    first = sender.batch([kept, left_out])
    sender.send(first)

    second = sender.batch(
        [replace(kept, version=2, name="OTRO NOMBRE")], issue=2, replaces=sender.digest(first)
    )
    sender.send(second)

    assert roll(sender.world) == {kept.ref: "OTRO NOMBRE", left_out.ref: "EMPRESA OMITIDA"}
    third = sender.batch([record()], number=2, previous=sender.digest(second))
    assert sender.send(third).verdict is Verdict.ALL


def test_an_issue_that_replaces_something_else_is_refused(sender: Sender):
    sender.send(sender.batch([record()]))

    assert code(sender, sender.batch([record()], issue=2, replaces="0" * 64)) == "MRX-4011"


def test_an_issue_never_seen_may_come_first(sender: Sender):
    """Issue 1 was lost on the way; issue 2 is the first we hear of number 1."""
    assert sender.send(sender.batch([record()], issue=2, replaces="0" * 64)).issue == 2


def test_an_issue_that_names_none_it_replaces_is_refused_wherever_it_stands(sender: Sender):
    """Also where the issue before it was lost, and nobody could compare."""
    assert code(sender, sender.batch([record()], issue=2)) == "MRX-4011"

    first = sender.batch([record()])
    sender.send(first)

    assert code(sender, sender.batch([record()], issue=3)) == "MRX-4011"
    after = sender.batch([record()], number=2, issue=2, previous=sender.digest(first))
    assert code(sender, after) == "MRX-4011"


def test_an_older_issue_that_arrives_late_applies_nothing(sender: Sender):
    one = record()
    first = sender.batch([one])
    second = sender.batch(
        [replace(one, version=2, name="SEGUNDA")], issue=2, replaces=sender.digest(first)
    )
    sender.send(second)

    receipt = sender.send(first)

    assert receipt.issue == 2, "the newest receipt says how the number stands"
    assert roll(sender.world) == {one.ref: "SEGUNDA"}


def test_an_older_version_is_ignored(sender: Sender):
    one = record(version=5, name="NUEVA")
    first = sender.batch([one])
    sender.send(first)

    receipt = sender.send(
        sender.batch(
            [replace(one, version=4, name="VIEJA")], number=2, previous=sender.digest(first)
        )
    )

    assert receipt.verdict is Verdict.ALL
    assert roll(sender.world) == {one.ref: "NUEVA"}


def test_a_withdrawn_ref_never_lives_again(sender: Sender):
    one = record()
    first = sender.batch([one])
    sender.send(first)
    second = sender.batch(withdrawals=[one.ref], number=2, previous=sender.digest(first))
    assert [e.fate for e in sender.send(second).withdrawals] == ["erased"]

    sender.send(sender.batch([replace(one, version=9)], number=3, previous=sender.digest(second)))

    assert roll(sender.world) == {}


def test_a_withdrawal_may_overtake_the_announcement(sender: Sender):
    one = record()
    urgent = sender.batch(withdrawals=[one.ref], lane=Lane.URGENT)
    assert [e.fate for e in sender.send(urgent).withdrawals] == ["not-held"]

    sender.send(sender.batch([one]))

    assert roll(sender.world) == {}


def test_one_bad_record_is_refused_by_its_ref_and_the_rest_is_taken(sender: Sender):
    good, bad = record(), record(name="MALA")
    content = exchange.write_batch(
        replace(sender.header, announcements=2),
        [],
        _spoil(MAPPERS["mx-neec"].write([good, bad])),
    )

    receipt = sender.send(seal(content, sender.key, START))

    assert receipt.verdict is Verdict.REFUSALS
    assert [(r.ref, r.code) for r in receipt.refused] == [(bad.ref, "MRX-2307")]
    assert roll(sender.world) == {good.ref: good.name}


def _spoil(document: bytes) -> bytes:
    """An RFC whose embedded date does not exist, in the last record only."""
    head, mark, tail = document.rpartition(b"ZZZ140101AA1")
    assert mark
    return head + b"ZZZ130229A10" + tail


def test_counts_that_do_not_add_up_are_refused_as_a_whole_and_the_number_is_closed(
    sender: Sender,
):
    file = sender.batch([record()], announcements=2)

    receipt = sender.send(file)

    assert (receipt.verdict, receipt.code) == (Verdict.REFUSED, "MRX-4007")
    assert roll(sender.world) == {}
    after = sender.batch([record()], number=2, previous=sender.digest(file))
    assert sender.send(after).verdict is Verdict.ALL


def test_the_wrong_format_is_refused_as_a_whole(sender: Sender):
    receipt = sender.send(sender.batch([record()], format="ca-pip/1.0"))

    assert (receipt.verdict, receipt.code) == (Verdict.REFUSED, "MRX-4008")


def test_a_batch_for_somebody_else_is_refused(sender: Sender):
    assert code(sender, sender.batch([record()], recipient="ca-pip")) == "MRX-4001"


def test_a_batch_in_somebody_elses_name_is_refused(sender: Sender):
    assert code(sender, sender.batch([record()], sender="ca-pip")) == "MRX-4002"


def test_a_new_epoch_begins_at_one_and_closes_the_old_one(sender: Sender):
    first = sender.batch([record()])
    sender.send(first)
    sender.send(sender.batch([record()], epoch="00000000000000bb"))

    old = sender.batch([record()], number=2, previous=sender.digest(first))
    assert code(sender, old) == "MRX-4006"
    assert sender.send(first).number == 1, "what was receipted stays receipted"


def test_a_stranger_is_not_believed(sender: Sender, key_files):
    from signing import keys

    stranger = keys.load(key_files["kr-aeo"])
    content = exchange.write_batch(sender.header, [], None)

    with pytest.raises(NotTrusted) as refused:
        sender.send(seal(content, stranger, START))
    assert refused.value.code == "MRX-3004"


def test_what_is_signed_but_no_batch_is_refused(sender: Sender):
    with pytest.raises(BadDocument):
        sender.send(seal(b"<hello/>", sender.key, START))
    with pytest.raises((BadDocument, Refused)):
        sender.send(seal(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", sender.key, START))


def test_a_signed_batch_that_cannot_be_used_is_answered_and_its_number_closed(sender: Sender):
    """Otherwise its sender would bring it again for ever."""
    one = refs.new()
    file = sender.batch(withdrawals=[one, one])

    receipt = sender.send(file)

    assert (receipt.verdict, receipt.code) == (Verdict.REFUSED, "MRX-2308")
    after = sender.batch([record()], number=2, previous=sender.digest(file))
    assert sender.send(after).verdict is Verdict.ALL
