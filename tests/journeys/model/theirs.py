"""A partner that tells us of its own members: the same promises the other way round."""

from dataclasses import dataclass, field, replace
from datetime import date

from gateway import inbound
from outbox import rest
from outbox.delivery import Delivery
from outbox.transport import Answered, Outcome, Silence
from partners import foreign_roll
from schemas import exchange
from schemas.errors import Refused
from signing.open import content_of
from signing.seal import seal
from tests.journeys.model import source
from tests.journeys.model.ground import HOME, TELLING, Ground
from tests.journeys.model.model import Items
from tests.journeys.model.wire import BYTES_MAX

TEXT = "mx-neec-profile-1"


@dataclass(slots=True)
class Theirs:
    """Mexico's own members: `wanted` is name -> status of those we may be told of. `told` are the
    batches that were taken here, `heard` how many before it was calm.
    """

    ground: Ground
    wanted: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    told: list[bytes] = field(default_factory=list)
    way: str = "fine"
    heard: int = 0

    def news(self, who: int, status: str, *, told: bool) -> None:
        """One of their members has this status, and its consent is this."""
        end, now = self.ground.ends[TELLING], self.ground.clock()
        account = f"9000000{who}"
        name = f"Empresa Inventada {'ABC'[who]}"
        items = Items(name=name, identifiers=frozenset(), status=status, since=date(2015, 6, 1))
        source.members(end, [source.line(account, items)], mode="delta", as_of=now, now=now)
        event = source.consent(HOME, account, now, TEXT if told else None)
        source.consents(end, [event], as_of=now, now=now)
        self.known.add(name)
        self.wanted.pop(name, None)
        if told:
            self.wanted[name] = status

    def send(self, _url: str, file: bytes) -> Outcome:
        """Their transport: our own receiving end."""
        way, self.way = self.way, "fine"
        if way == "never arrived":
            return Silence("ConnectError")
        receipt = self._take(file)
        self.told.append(file)
        if way == "twice":
            assert content_of(self._take(file)) == content_of(receipt), "P4: another receipt"
        return Silence("ReadTimeout") if way == "lost answer" else Answered(receipt)

    def tell(self, way: str) -> None:
        """They work their lanes once."""
        self.way = way
        end, before = self.ground.ends[TELLING], len(self.told)
        with end.database.write() as tx:
            rest.hurry(tx)
        Delivery(house=end, transport=self, worker="test:1:0", clock=self.ground.clock).work()
        self.heard += len(self.told) - before

    def gap(self) -> None:
        """Their last batch again, two numbers on."""
        if not self.told:
            return
        read = exchange.read_batch(content_of(self.told[-1]))
        number = read.header.number + 2
        end = self.ground.ends[TELLING]
        header = replace(
            read.header, number=number, issue=1, replaces=None, announcements=0, withdrawals=0
        )
        file = seal(exchange.write_batch(header, [], None), end.key, self.ground.clock())
        before = self._held()
        try:
            self._take(file)
        except Refused as reason:
            if reason.code not in {"MRX-4003", "MRX-4005"}:
                raise
        else:
            raise AssertionError("P5: a batch was taken that leaves out a number")
        assert self._held() == before

    def check(self) -> None:
        """Nobody is on their roll here of whom they never spoke."""
        assert self._held().keys() <= self.known

    def calm(self) -> None:
        """After calm we hold what they say of those who consent."""
        self.ground.clock.forward(minutes=2)
        end = self.ground.ends[TELLING]
        now = self.ground.clock()
        source.consents(end, [], as_of=now, now=now)
        for _ in range(20):
            with end.database.write() as tx:
                rest.hurry(tx)
            working = Delivery(
                house=end, transport=self, worker="test:1:0", clock=self.ground.clock
            )
            if not working.work():
                break
        assert self._held() == self.wanted, f"we hold {self._held()}, they mean {self.wanted}"

    def _take(self, file: bytes) -> bytes:
        return inbound.take(self.ground.house, file, bytes_max=BYTES_MAX, now=self.ground.clock())

    def _held(self) -> dict[str, str]:
        with self.ground.house.database.read() as tx:
            return {row.name: row.status for row in foreign_roll.every(tx, TELLING)}
