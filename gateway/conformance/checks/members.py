"""What becomes of members: held, changed, withdrawn, refused."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.conformance.judgement import Failed, Skipped, refused
from gateway.conformance.run import NAME, Run
from schemas import ref as refs
from schemas.batch import Lane as Kind
from schemas.receipt import Fate, Receipt, Verdict
from schemas.status import Status

AT_ONCE = 1_000
FOREIGN = ("<Ñandú & Co.>", "Zażółć", "한국", "台灣", "ישראל")
GONE = (Fate.ERASED, Fate.RETAINED)


def announcements(run: Run) -> None:
    """Every status, and names in the letters of other countries."""
    several = [run.member(status=status) for status in Status]
    named = [run.member(name=f"{NAME} {name}") for name in FOREIGN]
    sayable = [one for one in named if run.pair.mapper.unsayable(one) is None]
    _, said = run.apply(run.lane(), [*several, *sayable])
    run.holds(said, "all announced members are held")


def older_version(run: Run) -> None:
    """The lanes may overtake each other: what is older changes nothing, and is no fault."""
    newer = run.member(version=2)
    lane = run.lane()
    run.apply(lane, [newer])
    _, said = run.apply(lane, [replace(newer, version=1, status=Status.CERTIFIED)])
    run.holds(said, "an older version adds nobody")


def withdrawal(run: Run) -> None:
    known = run.member()
    run.apply(run.lane(), [known])
    _, said = run.apply(run.lane(Kind.URGENT), withdrawals=[known.ref])
    _confirmed(said, [known.ref], GONE)
    run.holds(said, "a withdrawn member is not held any more")


def not_held(run: Run) -> None:
    """Its announcement may be on its way yet: the ref is buried all the same."""
    never = refs.new()
    _, said = run.apply(run.lane(Kind.URGENT), withdrawals=[never])
    _confirmed(said, [never], (Fate.NOT_HELD,))


def tombstone(run: Run) -> None:
    """Withdrawn, then announced again by the slower lane: ignored, whenever it arrives."""
    known = run.member()
    routine = run.lane()
    run.apply(routine, [known])
    run.apply(run.lane(Kind.URGENT), withdrawals=[known.ref])
    _, said = run.apply(routine, [replace(known, version=9)])
    run.holds(said, "an announcement of a withdrawn member is ignored")


def bad_record(run: Run) -> None:
    """Three records, the one in the middle with a status word that nobody knows."""
    good, bad, fine = run.member(), run.member(status=Status.SUSPENDED), run.member()
    lane = run.lane()
    word = run.pair.mapper.STATUS_WORDS[Status.SUSPENDED].encode()
    sent = lane.batch([good, bad, fine], spoil=(word, b"NOBODY-KNOWS-THIS"))
    receipt = run.receipt(run.send(sent), sent)
    run.judged(receipt)
    if receipt.verdict is not Verdict.REFUSALS or [one.ref for one in receipt.refused] != [bad.ref]:
        raise Failed("one of three records is bad: that one must be refused, and no other")
    run.roll.announce([good, fine])
    run.holds(receipt, "the good records of the batch are held")


def miscounted(run: Run) -> str:
    """A header that counts other notices than there are: something was lost on the way."""
    lane = run.lane()
    sent = lane.batch([run.member()], announcements=2)
    reply = run.send(sent)
    if reply.status == 200:
        receipt = run.receipt(reply, sent)
        run.judged(receipt)
        if receipt.verdict is not Verdict.REFUSED:
            raise Failed("a batch that counts wrong must be refused as a whole")
        run.holds(receipt, "nothing of it is applied")
        return "it refuses it by a receipt"
    return refused(reply, "a batch that counts wrong")


def cleaned(run: Run) -> str:
    """Withdraw whomever the partner may have heard of, in this run or one broken off before."""
    told = sorted(set(run.told.read_text("ascii").split())) if run.told.exists() else []
    lane = run.lane(Kind.URGENT)
    for start in range(0, len(told), AT_ONCE):
        some = told[start : start + AT_ONCE]
        sent, said = run.apply(lane, withdrawals=some)
        _confirmed(said, sent.withdrawals, tuple(Fate))
        if run.roll.certain:  # else some of them may have been counted among the others
            run.holds(said, "all that was told is withdrawn")
    run.told.unlink(missing_ok=True)
    return f"{len(told)} members were withdrawn"


def holdings(run: Run) -> None:
    """Count and digest after every kind of change, over what is held by then."""
    lane = run.lane()
    stays, changes = run.member(), run.member()
    run.apply(lane, [stays, changes])
    _, said = run.apply(lane, [replace(changes, version=2, status=Status.SUSPENDED)])
    if said.holdings is None:
        raise Skipped("its receipts carry no holdings digest: drift would not be seen at once")
    expected = run.roll.holdings()
    _, last = run.apply(run.lane(Kind.URGENT), withdrawals=[stays.ref, changes.ref])
    if not run.roll.certain:
        raise Skipped("an earlier answer is in doubt, and what it holds with it")
    if expected is None:
        raise Failed(
            f"it says that it holds {run.roll.others} other members of ours, and its digest cannot "
            "be checked; let it begin empty"
        )
    if (said.held, said.holdings) != (expected.count, expected.digest):
        raise Failed("its holdings digest is not that of what it was told")
    empty = run.roll.holdings()
    assert empty is not None, "it was known before"
    if last.holdings != empty.digest:
        raise Failed("its holdings digest did not follow a withdrawal")


def _confirmed(receipt: Receipt, asked: Sequence[str], fates: Sequence[Fate]) -> None:
    """Demand that the receipt says of each withdrawal, and of no other, what became of it."""
    if sorted(one.ref for one in receipt.withdrawals) != sorted(asked):
        raise Failed("its receipt must say what became of each withdrawal, and of no other")
    if any(one.fate not in fates for one in receipt.withdrawals):
        raise Failed(f"the withdrawal must be answered with {' or '.join(fates)}")
