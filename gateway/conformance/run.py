"""One run against one partner's end: what is sent, what came back, what must be held by now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpcore2

from gateway.conformance.judgement import Failed, Skipped, named
from gateway.conformance.lane import Lane, Pair, Sent
from gateway.conformance.roll import Roll
from outbox import call
from outbox.call import Broken, Reply
from outbox.transport import MEDIA_TYPE
from schemas import exchange
from schemas import ref as refs
from schemas.batch import Lane as Kind
from schemas.errors import MrxError
from schemas.identifiers import Identifier
from schemas.receipt import Level, Receipt, Verdict
from schemas.record import Record
from schemas.status import Status
from signing.certificate import Certificate
from signing.keys import SigningKey
from signing.open import Opened, open_sealed

PATH = "/v1/partner/batches"
ANSWER_BYTES_MAX = 4 << 20
# What may stand in no answer: it begins the name of every member of a run.
NAME = "Invented Conformance Company"


@dataclass(slots=True, kw_only=True)
class Run:
    """`told` is a file of the refs that the partner may know: a run that is broken off leaves it
    for the next one to withdraw.
    """

    url: str
    pair: Pair
    stranger: SigningKey
    trusted: Sequence[Certificate]
    told: Path
    limit: timedelta
    bytes_max: int
    roll: Roll = field(default_factory=Roll)
    connections: httpcore2.ConnectionPool = field(default_factory=call.pool)
    refusals: list[Reply] = field(default_factory=list)
    members: int = 0

    # -- over the wire -----------------------------------------------------------------------------

    def post(self, file: bytes, *, limit: timedelta | None = None) -> Reply:
        """Send one file; raises `Failed` where no whole answer comes in time."""
        try:
            reply = call.call(
                self.connections,
                "POST",
                self.url.rstrip("/") + PATH,
                headers={"Content-Type": MEDIA_TYPE},
                content=file,
                limit=limit or self.limit,
                bytes_max=ANSWER_BYTES_MAX,
            )
        except Broken as silence:
            raise Failed(f"no whole answer came ({silence})") from silence
        if reply.status >= 400:
            self.refusals.append(reply)
        return reply

    def send(self, sent: Sent) -> Reply:
        """Send a batch; what it announces may be known from here on."""
        with self.told.open("a", encoding="ascii") as file:
            file.writelines(f"{record.ref}\n" for record in sent.records)
        return self.post(sent.file)

    def opened(self, reply: Reply) -> Opened:
        """The signed content of an answer that must be a receipt."""
        if reply.status != 200:
            raise Failed(f"a receipt was expected; it answered {named(reply)}")
        try:
            return open_sealed(
                reply.body, self.trusted, datetime.now(UTC), bytes_max=ANSWER_BYTES_MAX
            )
        except MrxError as reason:
            raise Failed(f"its receipt is not believed: {reason}") from reason

    def receipt(self, reply: Reply, sent: Sent) -> Receipt:
        """The receipt, if it verifies and answers exactly this issue of this batch."""
        try:
            receipt = exchange.read_receipt(self.opened(reply).content)
        except MrxError as reason:
            raise Failed(f"its receipt cannot be read: {reason}") from reason
        header = sent.header
        expected = {
            "from": (receipt.sender, header.recipient),
            "to": (receipt.recipient, header.sender),
            "lane": (receipt.lane, header.lane),
            "epoch": (receipt.epoch, header.epoch),
            "number": (receipt.number, header.number),
            "issue": (receipt.issue, header.issue),
            "digest": (receipt.digest, sent.digest),
        }
        for part, (said, meant) in expected.items():
            if said != meant:
                raise Failed(f"its receipt names another {part} than that of the batch")
        return receipt

    # -- what most checks do -----------------------------------------------------------------------

    def lane(self, kind: Kind = Kind.ROUTINE) -> Lane:
        return Lane(self.pair, kind)

    def apply(
        self, lane: Lane, records: Sequence[Record] = (), withdrawals: Sequence[str] = ()
    ) -> tuple[Sent, Receipt]:
        """Send the next batch of a lane, and demand that all of it is applied."""
        sent = lane.batch(records, withdrawals)
        return sent, self.applied(lane, sent)

    def applied(self, lane: Lane, sent: Sent) -> Receipt:
        receipt = self.receipt(self.send(sent), sent)
        self.judged(receipt)
        if receipt.verdict is not Verdict.ALL:
            raise Failed(f"all of the batch can be applied; its verdict is {receipt.verdict}")
        lane.close(sent)
        self.roll.announce(sent.records)
        self.roll.withdraw(sent.withdrawals)
        return receipt

    def judged(self, receipt: Receipt) -> None:
        """Only what is applied at once can be judged at once."""
        if receipt.level is Level.RECEIVED:
            raise Skipped("it answers `received` and applies later; let it apply at once, for this")

    def holds(self, receipt: Receipt, why: str) -> None:
        """Demand that the receipt counts what must be held; `why` names the rule."""
        if receipt.held is None:
            raise Skipped("its receipts do not say how many members it holds")
        expected = self.roll.expected()
        if expected is None:
            self.roll.others = receipt.held - len(self.roll.live)
        elif receipt.held != expected:
            raise Failed(f"{why}: it must hold {expected} members, and says {receipt.held}")
        if self.roll.others is not None and self.roll.others < 0:
            raise Failed(f"{why}: it must hold at least {len(self.roll.live)} members")

    def member(self, **facts: object) -> Record:
        """An invented member, under a new ref unless told otherwise."""
        self.members += 1
        plain: dict[str, object] = {
            "ref": refs.new(),
            "version": 1,
            "name": f"{NAME} {self.members}",
            "identifiers": (Identifier("SCAC", f"QZ{_letters(self.members)}"),),
            "status": Status.VALIDATED,
            "member_since": date(2014, 4, 7),
        }
        return Record(**{**plain, **facts})  # type: ignore[arg-type]  # a check knows its fields


def _letters(number: int) -> str:
    """Two letters that are no other member's, and no reserved end of a carrier code."""
    first, last = divmod(number, 20)
    return "ABCDEFGHIJKLMNOPQRSTVWY"[first % 20] + "ABCDEFGHIJKLMNOPQRST"[last]
