"""The machine: whatever may happen to a gateway, in any order, while model and outside look on.

the source    pushes, grants, revokes, sends full lists, is late, doubts
people        pause, resume, end and begin agreements, replay, export, rotate the key
the wire      eight ways to go, four doors to come to; files that come twice, or late
partners      fetch, decide later, tell us of their own
fate          a death at any commit, a restart, time; somebody else who acts in between
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from outbox import rest
from outbox.handing_over import Handed
from schemas.batch import Lane
from schemas.errors import MrxError
from tests.journeys.model import believed, source
from tests.journeys.model.carrying import Carrying
from tests.journeys.model.drawn import (
    Death,
    Meddling,
    News,
    accounts,
    ages,
    deaths,
    described,
    meddlings,
    news,
    partners,
    pushed,
    texts,
)
from tests.journeys.model.ground import PARTNERS, PULLING
from tests.journeys.model.model import Items
from tests.journeys.model.wire import DOORS, FINE, HONEST, WAYS

# On the way most go well: what a partner does at its door is seen only then.
ways = st.sampled_from((FINE, FINE, FINE, *WAYS))
RESTLESS = 12  # steps, before it may be calm


class Machine(Carrying):
    """The rules, and what is so after each."""

    restless = 0

    @initialize(some=st.lists(described(), min_size=2, max_size=3, unique_by=lambda one: one[0]))
    def begin(self, some: list[tuple[str, Items]]) -> None:
        """Some members, who have consented everywhere."""
        for one in some:
            self._push(one)
            for partner in PARTNERS:
                self._consent(partner, one[0], "wide")

    @rule(one=described(), age=ages, doubted=st.sampled_from([False, False, True]), death=deaths)
    def push(self, one: tuple[str, Items], age: int, doubted: bool, death: Death) -> None:
        """The source describes a member; sometimes as of a while ago, sometimes in words unheard."""
        self._push(one, age=age, doubted=doubted, death=death)

    @rule(missing=st.sets(accounts, max_size=2), death=deaths)
    def full_list(self, missing: set[str], death: Death) -> None:
        """A full list, without some."""
        now = self.ground.clock()
        lines = [
            source.line(account, member.items)
            for account, member in self.model.members.items()
            if account not in missing
        ]
        self._until_heard(
            death,
            lambda: source.members(self.ground.house, lines, mode="snapshot", as_of=now, now=now),
        )
        for account, member in list(self.model.members.items()):
            if account not in missing:
                self.model.described(account, member.items, now)
            elif member.present:
                self.model.left_out(account, now)
                self.outside.ended(account)

    @rule(partner=partners, account=accounts)
    def revoke(self, partner: str, account: str) -> None:
        """A consent is taken back."""
        self._consent(partner, account, None)

    @rule(partner=partners, account=accounts, text=texts, age=ages, death=deaths)
    def consent(
        self,
        partner: str,
        account: str,
        text: str | None,
        age: int,
        death: Death,
    ) -> None:
        """A consent is given, or taken back (None); the event may be older than others known."""
        self._consent(partner, account, text, age=age, death=death)

    @rule(
        partner=partners,
        facts=st.sampled_from(
            [
                {"enabled": True, "stage": 8, "ended": False},
                {"enabled": True, "stage": 9},
                {"enabled": False},
                {"stage": 7},
                {"ended": True},
                {"ended": False},
            ]
        ),
        swept=st.booleans(),
    )
    def agreement(self, partner: str, facts: dict[str, Any], swept: bool) -> None:
        """The agreement is another; `swept`: the upkeep comes by before anything else."""
        self._agreement(partner, facts)
        if swept:
            self._sweep()

    @rule(partner=partners, word=st.sampled_from(["resume", "pause", "replay", "pause"]))
    def operator(self, partner: str, word: str) -> None:
        """A person pauses a lane, or lets it go on, or has told again what was refused."""
        if word == "replay":
            self._retell(partner)
        else:
            self._pause(partner, paused=word == "pause")

    @rule(partner=partners)
    def export(self, partner: str) -> None:
        """A person takes the newest batch of a partner home: only what might leave (P1)."""
        self._export(partner)

    @rule(partner=pushed, news=news, way=ways, door=st.sampled_from(DOORS))
    def deliver(self, partner: str, news: News, way: str, door: str) -> None:
        """A worker takes a lane: of this partner, or any that is due. Its first transmission goes
        this way and comes to this door.
        """
        self._tell_of(partner, news)
        self._deliver(partner, None, way, door, None, None)

    @rule(
        partner=st.sampled_from(PULLING),
        arrives=st.booleans(),
        door=st.one_of(st.just(HONEST), st.sampled_from(DOORS)),
        brought=st.sampled_from(["at once", "twice", "later"]),
        meddling=st.one_of(st.none(), meddlings),
        death=deaths,
    )
    def fetch(
        self,
        partner: str,
        arrives: bool,
        door: str,
        brought: str,
        meddling: Meddling,
        death: Death,
    ) -> None:
        """A partner comes for its next batch, and brings the receipt, or does not."""
        handed: list[Handed] = []

        def work() -> None:
            found = self._next(partner)
            if found is not None:
                handed.append(found)

        if meddling is not None and meddling[0] != "write 2":
            meddling = None  # later writes come after the claim: the bytes are let out by then
        self._alive_with(death, meddling, work)
        for one in handed:
            self._taken_home(partner, one, door, brought, arrives=arrives)

    @rule(which=st.integers(0, 5), death=deaths)
    @precondition(lambda self: self.post)
    def receipt_comes(self, which: int, death: Death) -> None:
        """A receipt that was under way is here."""
        partner, receipt = self.post.pop(which % len(self.post))
        self._until_heard(death, lambda: self._bring(partner, receipt))

    @rule(partner=partners, approve=st.booleans(), lost=st.booleans())
    def they_decide(self, partner: str, approve: bool, lost: bool) -> None:
        """A person over there looks at what waits; the receipt may take its time."""
        self._decide(partner, approve=approve, lost=lost)

    @rule(which=st.integers(0, 30), door=st.sampled_from(DOORS))
    @precondition(lambda self: self.wire.sent)
    def comes_again(self, which: int, door: str) -> None:
        """The network brings a file that left before, once more or for the first time."""
        partner, file = self.wire.sent[-1 - which % len(self.wire.sent)]
        try:
            receipt = self.wire.arrive(partner, file, door)
        except MrxError as error:
            if error.code not in {"MRX-4003", "MRX-4005", "MRX-4011"}:
                raise
            return
        if door == "picky":
            self.post.append((partner, receipt))

    @rule(partner=pushed, news=news, kind=st.sampled_from([None, *Lane]), meddling=meddlings)
    def deliver_while_somebody_acts(
        self, partner: str, news: News, kind: Lane | None, meddling: Meddling
    ) -> None:
        """The same, and somebody else is in the middle of it."""
        self._tell_of(partner, news)
        self._deliver(partner, kind, FINE, HONEST, meddling, None)

    @rule(
        partner=pushed,
        news=news,
        kind=st.sampled_from([None, *Lane]),
        way=st.sampled_from(WAYS),
        death=st.tuples(st.integers(1, 6), st.booleans()),
        meddling=st.one_of(st.none(), meddlings),
        later=st.booleans(),
    )
    def deliver_and_die(
        self,
        partner: str,
        news: News,
        kind: Lane | None,
        way: str,
        death: Death,
        meddling: Meddling,
        later: bool,
    ) -> None:
        """The same, and the process dies of it. Whoever comes `later` finds the lease run out."""
        self._tell_of(partner, news)
        self._deliver(partner, kind, way, HONEST, meddling, death)
        if later:
            self.ground.clock.forward(minutes=2)

    @rule(
        who=st.integers(0, 2),
        status=st.sampled_from(["VALIDATED", "SUSPENDED"]),
        told=st.booleans(),
        way=st.sampled_from(["fine", "lost answer", "never arrived", "twice", "gap"]),
        death=deaths,
    )
    def they_tell(self, who: int, status: str, told: bool, way: str, death: Death) -> None:
        """A member of theirs is news, or may not be told any more. They push to us, and we may die
        over it; a batch of theirs that leaves out a number changes nothing.
        """
        if way == "gap":
            self.theirs.gap()
            return
        self.theirs.news(who, status, told=told)
        self._alive(death, lambda: self.theirs.tell(way))

    @rule(partner=partners, account=accounts)
    def they_ask(self, partner: str, account: str) -> None:
        """A partner asks after one member, and hears no more than it might be told (P1)."""
        self._ask(partner, account)

    @rule(
        by=st.sampled_from(
            [
                {"minutes": 2},
                {"seconds": 5},
                {"minutes": 2},
                {"minutes": 2},
                {"hours": 7},
                {"hours": 73},
            ]
        )
    )
    def time_passes(self, by: dict[str, int]) -> None:
        """Waits are over, leases run out, a day ends, the feed of consents is old."""
        self.ground.clock.forward(**by)

    @rule(what=st.sampled_from(["feed", "restart", "sweep", "rotate"]))
    def housekeeping(self, what: str) -> None:
        """The feed lives; an end in peace and a new start; upkeep; the next key signs from now on."""
        if what == "feed":
            self._feed()
        elif what == "restart":
            self.ground.restart()
        elif what == "sweep":
            self._sweep()
            with self.ground.house.database.write() as tx:
                rest.put_right(tx, now=self.ground.clock(), lease=self.ground.house.terms.lease)
        elif self.ground.may_rotate:
            self.ground.rotate()

    @rule(partner=pushed)
    def bad_news_travels(self, partner: str) -> None:
        """With a good wire the urgent lane tells all that is urgent, whatever holds the other (P3)."""
        self._urgent(partner)

    @rule()
    @precondition(lambda self: self.restless >= RESTLESS)
    def the_weather_is_calm(self) -> None:
        """Everything is tried until nothing is left to do; then all must be as it should."""
        self._calm()
        self.restless = 0

    @invariant()
    def nobody_is_deceived(self) -> None:
        self._committed()
        self._done("steps")
        self.restless += 1
        believed.check(self.ground, self.outside)
        self.theirs.check()
