"""A wire between gateways of tests: it calls the other end's `inbound.take`, and can lose, delay or
spoil what passes, one plan per transmission.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway import inbound
from outbox.house import House
from outbox.transport import Answered, NotNow, Outcome, Silence, TooLarge, TurnedAway
from schemas import exchange
from schemas.errors import MrxError
from schemas.receipt import Receipt
from signing.open import open_sealed
from signing.seal import seal
from tests.clock import START, Clock

BYTES_MAX = 32 << 20


def honest(_end: House, _file: bytes, receipt: bytes) -> bytes:
    """The answer a wire carries unless told otherwise: what the other end said."""
    return receipt


def answering(change: Callable[[Receipt], Receipt]) -> Callable[[House, bytes, bytes], bytes]:
    """An answer that is the honest receipt with something else written in it, properly signed."""

    def answer(end: House, _file: bytes, receipt: bytes) -> bytes:
        said = exchange.read_receipt(open_sealed(receipt, [end.key.certificate], START).content)
        return seal(exchange.write_receipt(change(said)), end.key, START)

    return answer


# One word of a plan is what happens to one transmission.
FINE, LOST_ANSWER, NEVER_ARRIVED, BUSY, TOO_LARGE, TURNED_AWAY, NONSENSE = (
    "fine",
    "lost answer",
    "never arrived",
    "busy",
    "too large",
    "turned away",
    "nonsense",
)


@dataclass
class Wire:
    """Carries files to the other ends; `plan` is eaten word by word, then all is fine.

    `journal` keeps every file that arrived, in order: (partner, file).
    """

    ends: dict[str, House]
    clock: Clock
    plan: list[str] = field(default_factory=list)
    journal: list[tuple[str, bytes]] = field(default_factory=list)
    answer: Callable[[House, bytes, bytes], bytes] = honest
    before: Callable[[], None] = lambda: None

    def send(self, url: str, file: bytes) -> Outcome:
        self.before()
        word = self.plan.pop(0) if self.plan else FINE
        if word == NEVER_ARRIVED:
            return Silence("ConnectError")
        if word == BUSY:
            return NotNow(None)
        if word == TOO_LARGE:
            return TooLarge()
        if word == TURNED_AWAY:
            return TurnedAway("HTTP 403")
        end = self.ends[url]
        self.journal.append((url, file))
        try:
            receipt = inbound.take(end, file, bytes_max=BYTES_MAX, now=self.clock())
        except MrxError as error:
            return TurnedAway(error.code)
        if word == LOST_ANSWER:
            return Silence("ReadTimeout")
        return Answered(b"not a receipt" if word == NONSENSE else self.answer(end, file, receipt))
