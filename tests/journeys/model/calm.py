"""What must be so when the weather is calm: nobody meddles, nothing is lost, everything is tried.

A partner whose agreement has ended holds nothing. Any other holds exactly what the model allows; of
a member that cannot be said now, at most what was said before and is no better than the truth.
"""

from datetime import datetime

from sqlalchemy import select

from outbox import batch as batches_
from outbox import holdings, ledger, statement
from outbox.batch import ANSWERED
from outbox.statement import HELD, NEVER, ON_ITS_WAY
from outbox.withdrawals import ON_ITS_WAY as LEAVING
from partners import holdings as sums
from partners.holdings import Side
from schemas.tables import disclosures, pending, revocations
from tests.journeys.model import believed
from tests.journeys.model.ground import HOME, Ground
from tests.journeys.model.journal import Number
from tests.journeys.model.outside import Outside

# What may still stand in the way of a notice: nobody knows its status, its format cannot say it.
IN_THE_WAY = {"MRX-2208", "MRX-2104"}


def check(ground: Ground, outside: Outside) -> None:
    """All of it; raises AssertionError."""
    for partner in ground.ends:
        _holds(ground, partner, outside)
        _sums(ground, partner, outside)
    _at_rest(ground, outside)
    for house in (ground.house, *ground.ends.values()):
        with house.database.read() as tx:
            assert ledger.verify(tx).broken_at is None, f"P8: the ledger of {house.programme}"
    now = ground.clock()
    for account in outside.model.members:
        _statement(ground, account, outside, now)


def _holds(ground: Ground, partner: str, outside: Outside) -> None:
    model, there = outside.model, believed.held(ground, partner)
    by_account: dict[str, str] = {}
    for ref in there:
        account = outside.lives[ref][1]
        assert account not in by_account, f"{partner} knows {account} under two refs"
        by_account[account] = ref
    for account in model.members:
        ref = by_account.pop(account, None)
        holds = None if ref is None else there[ref][1]
        truth = None if model.terms[partner].ended else model.truth(partner, account)
        if truth is None:
            assert holds is None, f"P3: {partner} holds {account}, and may not"
        elif model.sayable(partner, account) is not None:
            assert holds == truth, f"P4: {partner} holds {account} as {holds}, not as {truth}"
        else:
            assert holds is None or not holds.better_than(truth), f"P3: {account} is better there"
    assert not by_account, "nobody else"


def _sums(ground: Ground, partner: str, outside: Outside) -> None:
    """Both ends count the same members, but for those who cannot be said now: what an issue said of
    them that was then replaced, nobody answered. That is no alarm either.
    """
    with ground.house.database.read() as tx:
        ours = sums.buckets(tx, partner, Side.OURS)
        assert ours == holdings.added_up(tx, partner), f"{partner}: our sums are not our own"
        counted = {(one.ref, one.leaf) for one in holdings.every(tx, partner)}
        compared = holdings.checked(tx, partner)
    with ground.ends[partner].database.read() as tx:
        theirs = sums.buckets(tx, HOME, Side.THEIRS)
        there = {(one.ref, one.leaf) for one in sums.theirs(tx, HOME) if one.leaf is not None}
    for ref, _ in counted ^ there:
        account = outside.lives[ref][1]
        said = outside.model.truth(partner, account) is not None
        in_doubt = said and outside.model.sayable(partner, account) is None
        assert in_doubt, f"{partner}: the holdings differ"
    if counted == there:
        assert ours == theirs, f"{partner}: the sums differ"
    else:
        assert compared is None or compared.agree, f"{partner}: an alarm of what is in doubt"


def _at_rest(ground: Ground, outside: Outside) -> None:
    with ground.house.database.read() as tx:
        for one in batches_.every(tx):
            ended = outside.model.terms[one.partner].ended  # nothing is announced there any more
            assert one.state in ANSWERED or ended, f"P4: {one.number} of {one.partner}: {one.state}"
        left = select(pending.c.partner, pending.c.ref, pending.c.blocked)
        for row in tx.execute(left).all():
            waits = row.blocked in IN_THE_WAY or outside.model.terms[row.partner].ended
            assert waits, f"P4: a notice for {row.partner} still waits: {row.blocked}"
            assert row.ref == "", f"P3: a withdrawal still waits at {row.partner}"
        unconfirmed = select(disclosures.c.ref).where(
            disclosures.c.withdraw_since.is_not(None), disclosures.c.gone_at.is_(None)
        )
        assert not tx.scalars(unconfirmed).all(), "P3: a deletion is not confirmed"
        assert LEAVING not in tx.scalars(select(revocations.c.answer)).all(), "P3: a revocation"


def _statement(ground: Ground, account: str, outside: Outside, now: datetime) -> None:
    """Who was told what of a member is what the ledger let out, no more and no less (P8)."""
    with ground.house.database.read() as tx:
        said = statement.statement(tx, ground.house, account, now=now)
    model = outside.model
    events = {(g.programme, g.at, g.event == "granted") for g in said.consents}
    assert events == model.events.get(account, set()), f"P8: the consents of {account}"
    assert len(said.revocations) == model.revoked.get(account, 0), f"P8: revocations of {account}"
    told: dict[tuple[Number, str], tuple[int, int | None, int | None]] = {}
    for number, issues in outside.issues.items():
        for issue in issues:
            for ref, (whose, version, consent, _) in issue.announced.items():
                if whose == account:
                    told[number, ref] = (issue.issue, version, consent)
            for ref, whose in issue.withdrawn.items():
                if whose == account:
                    told[number, ref] = (issue.issue, None, None)
    shown = {}
    epochs = {number[:2]: number.epoch for number in outside.issues}
    for partner in said.partners:
        assert (partner.stands == NEVER) <= (not partner.lives), f"P8: {partner.partner} was told"
        strange = partner.partner not in ground.ends
        holds = set() if strange else believed.held(ground, partner.partner).keys()
        for life in partner.lives:
            for one in life.tellings:
                where = (partner.partner, one.lane)
                number = Number(*where, epochs[where], one.number)
                consent = None if one.consent is None else one.consent.id
                shown[number, life.ref] = (one.issue, one.version, consent)
            assert (life.stands in {HELD, ON_ITS_WAY}) >= (life.ref in holds), (
                f"P8: {partner.partner} has {life.ref}, and we say {life.stands}"
            )
            assert (life.stands == HELD) <= (life.ref in holds), f"P4: {life.ref} is not held"
    assert shown == told, f"P8: {account}: the statement says {shown}, the ledger {told}"
