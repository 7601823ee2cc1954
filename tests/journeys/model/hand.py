"""The hand that does what the rules say: to the gateway, and in the same breath to the model."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from outbox import endings, lane, pending
from partners import agreements
from tests.journeys.model import source
from tests.journeys.model.drawn import Death
from tests.journeys.model.ground import PARTNERS, Ground
from tests.journeys.model.model import Items, Model, Terms
from tests.journeys.model.outside import Outside
from tests.journeys.model.theirs import Theirs
from tests.journeys.model.trap import Dead
from tests.journeys.model.wire import Wire


class Hand(RuleBasedStateMachine):
    """One run. `made` gives each its own ground; `counts` is what was done in all of them."""

    made: ClassVar[Callable[[], Ground]]
    counts: ClassVar[dict[str, int]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.ground = type(self).made()
        self.model = Model(terms={code: Terms() for code in PARTNERS})
        self.outside = Outside(self.model, lambda: self.ground.clock.now)
        self.wire = Wire(self.ground, self.outside)
        self.theirs = Theirs(self.ground)
        self.post: list[tuple[str, bytes]] = []  # receipts under way to us, outside an answer
        self.ground.watch(self._committed)

    def _committed(self) -> None:
        with self.ground.trap.plain.read() as tx:
            self.outside.committed(tx)

    def _done(self, what: str, times: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + times

    def _alive(self, death: Death, work: Callable[[], None]) -> bool:
        """Do it with a death set; if it dies the home is opened anew. Whether it lived."""
        self.ground.trap.spring(dies=death)
        try:
            work()
        except Dead:
            self.ground.restart()
            self._done("deaths")
            return False
        finally:
            self.wire.plan()
        self.ground.trap.spring()
        return True

    def _until_heard(self, death: Death, work: Callable[[], None]) -> None:
        """The source repeats what it got no answer to."""
        if not self._alive(death, work):
            work()

    def _push(
        self,
        one: tuple[str, Items],
        *,
        age: int = 0,
        doubted: bool = False,
        death: Death = None,
    ) -> None:
        account, items = one
        now = self.ground.clock()
        as_of = now - timedelta(minutes=age)
        self.outside.names.setdefault(account, set()).add(items.name)
        lines = [source.line(account, items, doubted=doubted)]
        # The first commit is the one that counts; whatever dies, the source says it again.
        self._until_heard(
            death,
            lambda: source.members(self.ground.house, lines, mode="delta", as_of=as_of, now=now),
        )
        if doubted:
            self.model.doubted(account, as_of)
        else:
            self.model.described(account, items, as_of)

    def _consent(
        self,
        partner: str,
        account: str,
        text: str | None,
        *,
        age: int = 0,
        death: Death = None,
    ) -> None:
        now = self.ground.clock()
        at = now - timedelta(minutes=age)
        known = account in self.model.members
        events = [source.consent(partner, account, at, text)]
        self._until_heard(
            death, lambda: source.consents(self.ground.house, events, as_of=now, now=now)
        )
        if known:
            self.model.feed(now)
            if self.model.consented(partner, account, at, text) and text is None:
                self.outside.ended(account, partner)
                self._done("revocations")

    def _feed(self) -> None:
        now = self.ground.clock()
        source.consents(self.ground.house, [], as_of=now, now=now)
        self.model.feed(now)

    def _pause(self, partner: str, *, paused: bool) -> None:
        act = lane.pause if paused else lane.resume
        with self.ground.trap.alone(), self.ground.house.database.write() as tx:
            act(tx, partner, by="test", reason="test", now=self.ground.clock())
        self.model.change(partner, paused=paused)

    def _agreement(self, partner: str, facts: dict[str, Any]) -> None:
        written = dict(facts)
        if "ended" in facts:
            written = {"ended_on": self.ground.clock.now.date() if facts["ended"] else None}
        with self.ground.trap.alone(), self.ground.house.database.write() as tx:
            agreements.change(tx, partner, **written)
        self.model.change(partner, **facts)

    def _sweep(self) -> None:
        while endings.end_due(self.ground.house, now=self.ground.clock()):
            pass

    def _retell(self, partner: str) -> None:
        with self.ground.house.database.write() as tx:
            pending.retell(tx, partner)
