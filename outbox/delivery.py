"""One taking of a lane, step by step, until nothing is due.

    1 take the lane                                 (lane.take: lease and fence)
    2 in flight?  release it again, or draft its re-issue                      (claiming.claim)
      none?       set aside what cannot be told, draft the next, release it     [release: P1]
    3 send, with no transaction open
    4 settle what the answer proves, or call it unknown
      again, until nothing is due or the budget is spent; then give the lane back

A crash between any two steps leaves what the next taking finds and finishes: 2 is one
transaction, so a number is either sealed with its attempt open or not there; after it the same
bytes go again under the same number; the partner answers a repeat with the receipt it gave.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

from sqlalchemy import bindparam, select

from outbox import batch as batches_
from outbox import claiming, ledger, planning, receipts, rest, watch, withdrawals
from outbox import lane as lanes_
from outbox.batch import State
from outbox.claiming import Moved
from outbox.house import House
from outbox.issuing import Claim
from outbox.lane import RECHECK, Taken
from outbox.release import Closed, FencedOut, Idle
from outbox.transport import Answered, NotNow, Outcome, Silence, TooLarge, Transport, TurnedAway
from schemas.batch import Lane
from schemas.errors import MrxError, Refused
from schemas.tables import lanes

BUDGET = timedelta(seconds=20)
# Where lanes are more than workers, the next comes to its turn after so many transmissions.
STEPS = 20
_WORK_LEFT = select(lanes.c.id).where(
    lanes.c.id == bindparam("lane"), lanes.c.fence == bindparam("under"), lanes_.work()
)


class Step(Enum):
    """How one step of a taking ended."""

    MOVED = auto()  # something was settled or set aside: look again at once
    RESTED = auto()  # the lane has been told when to be looked at again
    DONE = auto()  # nothing is left to do
    LOST = auto()  # the lane is not ours any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Works the lanes of one gateway. Safe to share between threads."""

    house: House
    transport: Transport
    worker: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def work(
        self, *, rank_max: int = 99, only: str | None = None, kind: Lane | None = None
    ) -> bool:
        """Take one lane that is due and work it; say whether there was one. `only` and `kind`
        leave the lanes of other partners, and of the other kind, alone.
        """
        while (found := self._due(rank_max, only, kind)) is not None:
            taken = self._take(*found)
            if taken is not None:
                with watch.step("delivery", partner=taken.partner, lane=taken.kind.value):
                    self.run(taken)
                return True
            # Somebody else was quicker, and has leased it: look for another.
        return False

    def _due(self, rank_max: int, only: str | None, kind: Lane | None) -> tuple[str, Lane] | None:
        with self.house.database.read() as tx:
            return lanes_.due(tx, now=self.clock(), rank_max=rank_max, only=only, kind=kind)

    def _take(self, partner: str, kind: Lane) -> Taken | None:
        lease = self.house.terms.lease
        with self.house.database.write(partner=partner) as tx:
            return lanes_.take(
                tx, worker=self.worker, now=self.clock(), lease=lease, only=partner, kind=kind
            )

    def run(self, taken: Taken) -> None:
        """Work a lane until it is done, told to rest, lost, or the budget is spent."""
        until = time.monotonic() + BUDGET.total_seconds()
        look_at: datetime | None = (
            self.clock() + RECHECK[taken.kind]
        )  # what broke once would break at once
        try:
            for _ in range(STEPS):
                step = self.step(taken)
                if step is not Step.MOVED or time.monotonic() >= until:
                    break
            look_at = None
        finally:
            with self.house.database.write(partner=taken.partner) as tx:
                lanes_.give_back(tx, taken, look_at=look_at)

    def step(self, taken: Taken) -> Step:
        """Let at most one transmission out and see it through."""
        with watch.step("seal", partner=taken.partner, lane=taken.kind.value) as seal:
            released = claiming.claim(self.house, taken, worker=self.worker, clock=self.clock)
            seal.say(outcome=type(released).__name__.lower())
        match released:
            case Claim():
                return self._send(taken, released)
            case Closed() | Idle():
                return self._rest(taken, released)
            case FencedOut():
                return Step.LOST
            case Moved():
                return Step.MOVED

    # -- 3 and 4: send, settle ---------------------------------------------------------------------

    def _send(self, taken: Taken, claim: Claim) -> Step:
        assert claim.push_url is not None, "only lanes of partners we push to are taken"
        sent = {
            "partner": taken.partner,
            "lane": taken.kind.value,
            "batch": claim.batch.number,
            "issue": claim.batch.issue,
        }
        with watch.step("send", **sent, bytes=len(claim.file)) as send:
            outcome = self.transport.send(claim.push_url, claim.file)
            told = None if isinstance(outcome, Answered) else _said(outcome)
            send.say(outcome=told[0] if told else "answered", code=told[1] if told else None)
        with watch.step("settle", **sent):
            return self._judged(taken, claim, outcome, self.clock())

    def _judged(self, taken: Taken, claim: Claim, outcome: Outcome, now: datetime) -> Step:
        """Settle what the answer proves, or call it unknown."""
        if isinstance(outcome, Answered):
            try:
                believed = receipts.believe(self.house, taken.partner, outcome.body, now=now)
            except MrxError as reason:
                return self._unanswered(taken, claim, "no receipt", reason.code, None, now)
            return self._settle(taken, claim, believed, now)
        name, code, detail = _said(outcome)
        return self._unanswered(taken, claim, name, code, detail, now, outcome)

    def _settle(
        self, taken: Taken, claim: Claim, believed: receipts.Believed, now: datetime
    ) -> Step:
        with self.house.database.write(partner=taken.partner) as tx:
            if not claiming.ours(tx, taken):
                # The owner's retry brings the stored receipt again; we only close our attempt.
                _close(tx, claim, "fenced out", "MRX-6006", None, now)
                return Step.LOST
            try:
                batch = receipts.answered(
                    tx, believed, taken.partner, now=now, expected=claim.batch.id
                )
            except Refused as reason:
                self._unknown(tx, claim)
                _close(tx, claim, "no receipt", reason.code, None, now)
                rest.failed(tx, taken.id, now=now, dice=random.random())  # noqa: S311  # jitter
                return Step.RESTED
            receipts.settle(tx, self.house, batch, believed, now=now)
            _close(tx, claim, "receipt", None, None, now)
            if withdrawals.still_asked(tx, batch):
                # They go again under the next number, but not in a tight circle.
                rest.failed(tx, taken.id, now=now, dice=random.random())  # noqa: S311  # jitter
                return Step.RESTED
        return Step.MOVED

    def _unanswered(
        self,
        taken: Taken,
        claim: Claim,
        name: str,
        code: str,
        detail: str | None,
        now: datetime,
        outcome: Outcome | None = None,
    ) -> Step:
        with self.house.database.write(partner=taken.partner) as tx:
            _close(tx, claim, name, code, detail, now)
            if not claiming.ours(tx, taken):
                return Step.LOST
            batch = batches_.get(tx, claim.batch.id)
            if batch.state is not State.SENDING:
                # Another way brought the receipt (the partner posted it): the lane goes on.
                return Step.MOVED
            told = {"lane": batch.lane, "batch": batch.number, "issue": batch.issue, "was": name}
            ledger.add(tx, "unanswered", told, now=now, partner=taken.partner)
            asked = None
            if isinstance(outcome, NotNow):
                asked = outcome.asked
                batches_.move(tx, batch, State.SEALED)
            else:
                self._unknown(tx, claim)
            if isinstance(outcome, TooLarge):
                planning.shrink(tx, self.house, taken, batch, now=now)
            rest.failed(
                tx,
                taken.id,
                now=now,
                dice=random.random(),  # noqa: S311  # jitter
                asked=asked,
                at_once=isinstance(outcome, TurnedAway),
            )
        return Step.RESTED

    def _unknown(self, tx: Any, claim: Claim) -> None:
        batch = batches_.get(tx, claim.batch.id)
        if batch.state is State.SENDING:
            batches_.move(tx, batch, State.UNKNOWN)

    # -- the lane ----------------------------------------------------------------------------------

    def _rest(self, taken: Taken, why: Closed | Idle) -> Step:
        """Nothing may leave now. If something still waits, it is looked at again soon."""
        with self.house.database.write(partner=taken.partner) as tx:
            still = {"lane": taken.id, "under": taken.fence}
            if tx.scalar(_WORK_LEFT, still) is None:
                return Step.DONE
            if isinstance(why, Idle):
                return Step.MOVED  # it came while we looked
            lanes_.give_back(tx, taken, look_at=self.clock() + RECHECK[taken.kind])
        return Step.RESTED


def _close(
    tx: Any, claim: Claim, outcome: str, code: str | None, detail: str | None, now: datetime
) -> None:
    batches_.close_attempt(
        tx, claim.batch.id, claim.attempt, outcome=outcome, code=code, detail=detail, now=now
    )


def _said(outcome: Outcome) -> tuple[str, str, str | None]:
    match outcome:
        case NotNow():
            return "not now", "MRX-6002", None
        case TooLarge():
            return "too large", "MRX-6005", None
        case TurnedAway(detail):
            return "turned away", "MRX-6004", detail
        case Silence(detail):
            return "no answer", "MRX-6001", detail
        case Answered():
            raise AssertionError("an answer is a receipt or it is not")
