"""What the gateway believes, held against what it was answered (P4), and what partners hold, held
against what was said and asked of them (P3). Looked at after every step.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from outbox import batch as batches_
from outbox.batch import Batch, State
from outbox.revocations import Answer
from partners import foreign_roll
from schemas.receipt import Level, Receipt, Verdict
from schemas.tables import batch_notices, disclosures, revocations
from tests.journeys.model.ground import HOME, Ground
from tests.journeys.model.journal import Number
from tests.journeys.model.model import Items
from tests.journeys.model.outside import Outside

CLOSED = {State.SETTLED: True, State.REFUSED: False}  # by a receipt that takes it, or does not


def check(ground: Ground, outside: Outside) -> None:
    """All of it; raises AssertionError."""
    with ground.house.database.read() as tx:
        every = batches_.every(tx)
        for one in every:
            _answered(one, outside)
        numbers = {one.id: _number(one) for one in every}
        lives = tx.execute(select(disclosures)).all()
        asked = tx.execute(
            select(batch_notices.c.batch_id, batch_notices.c.ref).where(
                batch_notices.c.kind == "withdrawal"
            )
        ).all()
        for life in lives:
            _told(life, outside)
            asking = {numbers[row.batch_id] for row in asked if row.ref == life.ref}
            _gone(life, asking, outside)
            _forgotten(life, outside)
        _revocations(tx, lives, outside)
    for partner in ground.ends:
        _held(ground, partner, outside)


def no_better(ground: Ground, outside: Outside, partner: str, in_doubt: set[str]) -> None:
    """Nobody stands better at a partner than in truth, but for refs of which it has not decided."""
    for ref, (_, items) in held(ground, partner).items():
        if ref in in_doubt:
            continue
        account = outside.lives[ref][1]
        truth = outside.model.truth(partner, account)
        if outside.model.terms[partner].ended:
            truth = None
        assert truth is not None, f"P3: {partner} still holds {account}"
        assert not items.better_than(truth), f"P3: {partner} holds {account} as {items}"


def held(ground: Ground, partner: str) -> dict[str, tuple[int, Items]]:
    """What a partner's own roll has of us: version and items by ref."""
    with ground.ends[partner].database.read() as tx:
        return {
            row.ref: (
                row.version,
                Items(
                    name=row.name,
                    identifiers=frozenset((s, v) for s, v in row.identifiers),
                    status=row.status,
                    since=row.member_since,
                ),
            )
            for row in foreign_roll.every(tx, HOME)
        }


def _answered(one: Batch, outside: Outside) -> None:
    """A batch is answered as its partner answered its newest issue, and unknown otherwise."""
    number = _number(one)
    receipts = _of(outside, number, one.issue, one.digest)
    assert outside.issues[number][-1].digest == one.digest, f"{number}: another digest is kept"
    if one.state in CLOSED:
        takes = CLOSED[one.state]
        assert any(
            r.level is Level.APPLIED and (r.verdict is not Verdict.REFUSED) == takes
            for r in receipts
        ), f"P4: {number} is {one.state}, and nobody said so"
    elif one.state is State.RECEIVED:
        assert receipts, f"P4: {number} is received, and nobody said so"


def _told(life: Row[Any], outside: Outside) -> None:
    """Held is what a receipt confirmed, in the version that it confirmed."""
    assert outside.lives.get(life.ref) == (life.partner, life.account), f"{life.ref} was never told"
    if life.held_version is None:
        return
    for number, issues in outside.issues.items():
        for issue in issues if number.partner == life.partner else ():
            said = issue.announced.get(life.ref)
            if said is None or said[1] != life.held_version:
                continue
            for receipt in _of(outside, number, issue.issue, issue.digest):
                if receipt.level is Level.APPLIED and life.ref not in _refused(receipt):
                    return
    raise AssertionError(f"P4: {life.ref} version {life.held_version} is held, and nobody said so")


def _gone(life: Row[Any], asking: set[Number], outside: Outside) -> None:
    """Deletion is confirmed by a receipt of a batch that asked for it."""
    if life.gone_at is None:
        return
    assert any(
        erasure.ref == life.ref and erasure.fate == life.fate
        for number in asking
        for receipt in outside.answers.get(number, ())
        for erasure in receipt.withdrawals
    ), f"P4: {life.ref} is gone, and nobody said so"


def _forgotten(life: Row[Any], outside: Outside) -> None:
    """Whoever may have heard of somebody without consent, or off the roll, is being told (P3)."""
    if life.withdraw_since is None:
        truth = outside.model.truth(life.partner, life.account)
        assert truth is not None, f"P3: {life.partner} is not asked to forget {life.account}"
        assert life.ref not in outside.over, f"P3: {life.ref} was over, and is not withdrawn"


def _revocations(tx: Connection, lives: Sequence[Row[Any]], outside: Outside) -> None:
    """A revocation's answer is what the ledger shows of the lives before it."""
    for row in tx.execute(select(revocations)).all():
        mine = [
            life
            for life in lives
            if (life.partner, life.account) == (row.partner, row.account) and life.told_at <= row.at
        ]
        open_ = [life for life in mine if life.gone_at is None]
        name = f"P3: revocation {row.id} of {row.account} at {row.partner} answers {row.answer}"
        match Answer(row.answer):
            case Answer.NEVER_TOLD:
                assert not mine, name
            case Answer.REMOVED:
                assert not open_, name
            case Answer.CONFIRMED:
                assert mine, name
                assert not open_, name
            case Answer.ON_ITS_WAY:
                assert open_, name
        assert (row.answer == Answer.ON_ITS_WAY) == (row.confirmed_at is None and bool(open_)), name


def _held(ground: Ground, partner: str, outside: Outside) -> None:
    """A partner holds what was said to it, in that very form, and nothing that it has buried."""
    said = {
        (ref, version): items
        for number, issues in outside.issues.items()
        if number.partner == partner
        for issue in issues
        for ref, (_, version, _, items) in issue.announced.items()
    }
    buried = {
        erasure.ref for receipt in outside.given.get(partner, ()) for erasure in receipt.withdrawals
    }
    for ref, (version, items) in held(ground, partner).items():
        assert said.get((ref, version)) == items, f"P2: {partner} holds {ref} as nobody said it"
        assert ref not in buried, f"P3: {partner} has forgotten {ref}, and it lives again"


def _refused(receipt: Receipt) -> set[str]:
    return {refusal.ref for refusal in receipt.refused}


def _of(outside: Outside, number: Number, issue: int, digest: str) -> list[Receipt]:
    """The receipts that came home for this very issue."""
    return [
        receipt
        for receipt in outside.answers.get(number, ())
        if (receipt.issue, receipt.digest) == (issue, digest)
    ]


def _number(one: Batch) -> Number:
    return Number(one.partner, one.lane, one.epoch, one.number)
