"""What becomes of one transmission, and how the partner takes it.

    on the way     never arrived | busy | too large | turned away | lost answer | nonsense | older
    at the door    honest | picky (refuses some) | refusing (the whole) | later (a person decides)

Everything a partner does it does with its real receiving end; a batch that it took before is
answered by the receipt that it stored, whatever it would say now.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from gateway import arrived, inbound, inbound_batches, quarantine
from gateway.arrived import Arrived
from outbox.transport import Answered, NotNow, Outcome, Silence, TooLarge, TurnedAway
from schemas.errors import MrxError
from schemas.receipt import Refusal
from tests.journeys.model.ground import Ground
from tests.journeys.model.outside import Outside

FINE = "fine"
# What the partner never heard.
UNHEARD = {
    "never arrived": Silence("ConnectError"),
    "busy": NotNow(None),
    "too large": TooLarge(),
    "turned away": TurnedAway("HTTP 403"),
}
WAYS = (FINE, "lost answer", *UNHEARD, "nonsense", "older receipt")
HONEST = "honest"
DOORS = (HONEST, "picky", "refusing", "later")
BYTES_MAX = 32 << 20


def nothing() -> None:
    """Nobody meddles."""


@dataclass(slots=True)
class Wire:
    """Carries files to the partners. `way` and `door` are for the next transmission, then all is
    fine again; `leaving` and `answering` happen in its course.
    """

    ground: Ground
    outside: Outside
    way: str = FINE
    door: str = HONEST
    leaving: Callable[[], None] = nothing
    answering: Callable[[], None] = nothing
    arrived: list[tuple[str, bytes]] = field(default_factory=list)
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    receipts: list[tuple[str, bytes]] = field(default_factory=list)

    def plan(
        self,
        way: str = FINE,
        door: str = HONEST,
        *,
        leaving: Callable[[], None] = nothing,
        answering: Callable[[], None] = nothing,
    ) -> None:
        self.way, self.door, self.leaving, self.answering = way, door, leaving, answering

    def send(self, url: str, file: bytes) -> Outcome:
        """Push: the transport of our outbox."""
        way, door, leaving, answering = self.way, self.door, self.leaving, self.answering
        self.plan()
        self.leave(url, file)
        leaving()
        if way in UNHEARD:
            return UNHEARD[way]
        try:
            receipt = self.arrive(url, file, door)
        except MrxError as error:
            answering()
            return TurnedAway(error.code)
        answering()
        return self._answer(url, way, receipt)

    def _answer(self, partner: str, way: str, receipt: bytes) -> Outcome:
        """What of it comes home."""
        earlier = [one for code, one in self.receipts[:-1] if code == partner]
        if way == "lost answer":
            return Silence("ReadTimeout")
        if way == "nonsense" or (way == "older receipt" and not earlier):
            return Answered(b"not a receipt")
        if way == "older receipt":
            receipt = earlier[-1]
        self.outside.answered(partner, receipt)
        return Answered(receipt)

    def leave(self, partner: str, file: bytes) -> None:
        """The bytes are out of our hands."""
        self.outside.left(partner, file, self.ground.certificates)
        self.sent.append((partner, file))

    def arrive(self, partner: str, file: bytes, door: str = HONEST) -> bytes:
        """The file is at the partner's door; returns its receipt."""
        end = self.ground.ends[partner]
        with _standing_at(door):
            receipt = inbound.take(end, file, bytes_max=BYTES_MAX, now=self.ground.clock())
        self.arrived.append((partner, file))
        self.gave(partner, receipt)
        return receipt

    def gave(self, partner: str, receipt: bytes) -> None:
        """The partner has written this receipt, wherever it goes."""
        self.receipts.append((partner, receipt))
        self.outside.gave(partner, receipt)

    def waiting(self, partner: str) -> list[str]:
        """The batches that wait for a person at the partner."""
        with self.ground.ends[partner].database.read() as tx:
            found = inbound_batches.every(tx, state=inbound_batches.State.QUARANTINED)
        return [one.id for one in found]

    def in_doubt(self, partner: str) -> set[str]:
        """The refs that stand in batches which wait there."""
        places = {inbound_batches.place_of(one) for one in self.waiting(partner)}
        found: set[str] = set()
        for number, issues in self.outside.issues.items():
            if any(
                (place.kind, place.epoch, place.number) == number[1:]
                for place in places
                if number.partner == partner
            ):
                found |= {ref for issue in issues for ref in (*issue.announced, *issue.withdrawn)}
        return found

    def decide(self, partner: str, batch: str, *, approve: bool) -> bytes:
        """A person there decides; returns the receipt that is owed to us."""
        act = quarantine.approve if approve else quarantine.reject
        end = self.ground.ends[partner]
        act(end, batch, by="test", reason="looked at it", now=self.ground.clock())
        with end.database.read() as tx:
            receipt = quarantine.receipt_of(tx, batch)
        self.gave(partner, receipt)
        return receipt


@contextmanager
def _standing_at(door: str) -> Iterator[None]:
    """The receiving end takes what comes as `door` says."""
    plain = arrived.read

    def read(*words: Any, **more: Any) -> Arrived:
        found = plain(*words, **more)
        if door == "refusing":
            return replace(found, records=(), withdrawals=(), unusable="MRX-4008")
        first, rest = found.records[:1], found.records[1:]
        refused = tuple(Refusal(ref=one.ref, code="NOT-OURS") for one in first)
        return replace(found, records=rest, refused=found.refused + refused)

    if door in ("picky", "refusing"):
        with patch.object(arrived, "read", read):
            yield
    elif door == "later":
        with patch.object(inbound, "_is_sudden", lambda *_: True):
            yield
    else:
        yield
