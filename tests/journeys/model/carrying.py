"""The hand that carries: lanes are worked, batches fetched, receipts brought, until it is calm."""

import sys
from collections.abc import Callable
from typing import Any

from gateway import inbound
from outbox import batch, handing_over, release, rest
from outbox.delivery import Delivery
from outbox.handing_over import Handed
from schemas.batch import Lane
from schemas.errors import MrxError
from schemas.identifiers import Identifier
from tests.journeys.model import believed, calm
from tests.journeys.model.drawn import SCACS, Act, Death, Meddling, News
from tests.journeys.model.ground import PARTNERS, PULLING
from tests.journeys.model.hand import Hand
from tests.journeys.model.model import ROUTINE
from tests.journeys.model.wire import BYTES_MAX, HONEST, nothing


class Carrying(Hand):
    """What the rules of deliveries do, and what calm weather is."""

    def _tell_of(self, partner: str, news: News) -> None:
        """There is something to tell this partner."""
        if news is None:
            return
        self._push(news)
        standing = self.model.consents.get((partner, news[0]))
        if standing is None or standing.text is None:
            self._consent(partner, news[0], "wide")

    def _deliver(
        self,
        partner: str,
        kind: Lane | None,
        way: str,
        door: str,
        meddling: Meddling,
        death: Death,
        *,
        hurry: bool = True,
    ) -> None:
        if hurry:
            self._hurry()
        self._meddle(way, door, meddling)

        def work() -> None:
            if not self._work(only=partner, kind=kind):
                self._work()  # another partner's turn

        self._alive_with(death, meddling, work)

    def _alive_with(
        self,
        death: Death,
        meddling: Meddling,
        work: Callable[[], Any],
    ) -> None:
        def first() -> None:
            if meddling is not None and meddling[0].startswith("write"):
                at = int(meddling[0].split()[1])
                self.ground.trap.spring(dies=death, meddles=(at, lambda: self._act(meddling[1])))
            work()

        self._alive(death, first)

    def _meddle(self, way: str, door: str, meddling: Meddling) -> None:
        where, act = meddling or ("", ())
        within = {where: lambda: self._act(act)} if where in {"leaving", "answering"} else {}
        self.wire.plan(
            way,
            door,
            leaving=within.get("leaving", nothing),
            answering=within.get("answering", nothing),
        )

    def _act(self, act: Act) -> None:
        """Somebody else, in another process, while a worker is in the middle of something."""
        self._done("meddlings")
        with self.ground.trap.alone():
            match act:
                case ("revoke", partner, account):
                    self._consent(partner, account, None)
                case ("grant", partner, account, text):
                    self._consent(partner, account, text)
                case ("push", one):
                    self._push(one)
                case ("pause", partner):
                    self._pause(partner, paused=True)
                case ("stop", partner):
                    self._agreement(partner, {"enabled": False})
                case ("end", partner):
                    self._agreement(partner, {"ended": True})
                    self._sweep()
                case ("work", late):
                    if late:  # the first worker's lease has run out
                        self.ground.clock.forward(minutes=2)
                    self._hurry()
                    self._work()
                    self._work()

    def _hurry(self) -> None:
        with self.ground.trap.alone(), self.ground.house.database.write() as tx:
            rest.hurry(tx)

    def _work(self, *, only: str | None = None, kind: Lane | None = None) -> bool:
        delivery = Delivery(
            house=self.ground.house,
            transport=self.wire,
            worker="test:0:0",
            clock=self.ground.clock,
        )
        return delivery.work(only=only, kind=kind)

    def _next(self, partner: str) -> Handed | None:
        found = handing_over.next_batch(
            self.ground.house, partner, worker="test:0:0", clock=self.ground.clock
        )
        return found if isinstance(found, Handed) else None

    def _taken_home(
        self, partner: str, one: Handed, door: str, brought: str, *, arrives: bool
    ) -> None:
        self.wire.leave(partner, one.file)
        if not arrives:
            return
        try:
            receipt = self.wire.arrive(partner, one.file, door)
        except MrxError:
            return
        if brought != "later":
            self._bring(partner, receipt)
        if brought != "at once":
            self.post.append((partner, receipt))

    def _bring(self, partner: str, receipt: bytes) -> None:
        self.outside.answered(partner, receipt)
        try:
            inbound.take_receipt(
                self.ground.house, receipt, bytes_max=BYTES_MAX, now=self.ground.clock()
            )
        except MrxError as error:
            if error.code not in {"MRX-4009", "MRX-4010"}:
                raise

    def _decide(self, partner: str, *, approve: bool, lost: bool) -> None:
        for one in self.wire.waiting(partner):
            receipt = self.wire.decide(partner, one, approve=approve)
            self.post.append((partner, receipt))
            if not lost:
                self._bring(*self.post.pop())

    def _calm(self) -> None:
        self.wire.plan()
        self.ground.clock.forward(minutes=2)
        self._feed()
        for partner, terms in self.model.terms.items():
            self._pause(partner, paused=False)
            if not terms.ended:
                self._agreement(partner, {"enabled": True, "stage": 8})
        for _ in range(30):
            if not self._calmer():
                break
        else:
            raise AssertionError("P4: it does not come to rest")
        believed.check(self.ground, self.outside)
        calm.check(self.ground, self.outside)
        self.theirs.calm()
        self._done("calms")

    def _calmer(self) -> bool:
        """One round; whether anything was done: behind a closed gate work may be due for ever."""
        self._sweep()
        before = self.outside.entries
        for partner in PARTNERS:
            self._decide(partner, approve=True, lost=False)
            self._retell(partner)
            while partner in PULLING and (one := self._next(partner)) is not None:
                self._taken_home(partner, one, HONEST, "at once", arrives=True)
        while self.post:
            self._bring(*self.post.pop(0))
        self._hurry()
        while self._work():
            pass
        return self.outside.entries > before

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self._calm()
        finally:
            self._done("batches", len(self.wire.sent))
            self._done("inbound", self.theirs.heard)
            self.ground.close()

    def _export(self, partner: str) -> None:
        with self.ground.house.database.write() as tx:
            mine = batch.every(tx, partner=partner)
            if not mine:
                return
            one = mine[-1]
            try:
                release.export(tx, self.ground.house, one.id, by="test", now=self.ground.clock())
            except MrxError:
                return
        if one.state in batch.ANSWERED:
            return
        for number, issues in self.outside.issues.items():
            if number == (one.partner, one.lane, one.epoch, one.number):
                self.outside._again(number, issues[-1])

    def _ask(self, partner: str, account: str) -> None:
        asked = Identifier("SCAC", SCACS[account])
        with self.ground.house.database.write(partner=partner) as tx:
            known = release.answer(tx, self.ground.house, partner, asked, now=self.ground.clock())
        if known is None:
            return
        may = self.model.may(partner, ROUTINE, account, self.ground.clock.now)
        assert may is not None, f"P1: {partner} is answered about {account}"
        assert (asked.scheme, asked.value) in may.identifiers, f"P2: {partner} asks by {asked}"
        assert known.status == may.status, f"P1: {partner} hears {known.status} of {account}"
        assert self.outside.lives[known.ref] == (partner, account)
        assert known.ref not in self.outside.over, f"P3: {partner} hears of {known.ref} again"
        self._done("answers")

    def _urgent(self, partner: str) -> None:
        self.ground.clock.forward(minutes=2)
        self._sweep()
        for _ in range(20):
            before = self.outside.entries
            self._hurry()
            self._work(only=partner, kind=Lane.URGENT)
            if self.outside.entries == before:
                break
        else:
            raise AssertionError(f"P3: the urgent lane to {partner} does not come to rest")
        believed.no_better(self.ground, self.outside, partner, self.wire.in_doubt(partner))
