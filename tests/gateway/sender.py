"""A partner's end, written by hand: batches of any shape, each properly signed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from gateway import inbound
from mappers import MAPPERS
from partners import foreign_news, foreign_roll
from schemas import exchange
from schemas import ref as refs
from schemas.batch import Header, Lane
from schemas.identifiers import Identifier
from schemas.receipt import Receipt
from schemas.record import Record
from schemas.status import Status
from signing.open import open_sealed
from signing.seal import seal
from tests.world import BYTES_MAX, START, World

EPOCH = "00000000000000aa"


class Sender:
    """Mexico's end (or another's). `next` writes the next batch of a lane, in order."""

    def __init__(self, world: World, programme: str = "mx-neec") -> None:
        self.world = world
        self.programme = programme
        self.key = world.partners[programme].key
        self.header = Header(
            sender=programme,
            recipient="us-ctpat",
            lane=Lane.ROUTINE,
            epoch=EPOCH,
            number=1,
            issue=1,
            replaces=None,
            previous=None,
            created=START,
            format=f"{programme}/1.0",
            agreement=f"{programme}:us-ctpat",
            texts=(f"{programme}-profile-1",),
            announcements=0,
            withdrawals=0,
        )
        self._last: dict[Lane, tuple[int, str | None]] = {}

    def batch(
        self,
        records: Sequence[Record] = (),
        withdrawals: Sequence[str] = (),
        *,
        document: bytes | None = None,
        at: datetime = START,
        **header: object,
    ) -> bytes:
        facts = {"announcements": len(records), "withdrawals": len(withdrawals), **header}
        if document is None and records:
            document = MAPPERS[self.programme].write(list(records))
        head = replace(self.header, **facts)
        content = exchange.write_batch(head, list(withdrawals), document)
        return seal(content, self.key, at)

    def next(
        self,
        records: Sequence[Record] = (),
        withdrawals: Sequence[str] = (),
        *,
        lane: Lane = Lane.ROUTINE,
        **more: object,
    ) -> bytes:
        """The next number of a lane, chained to the one before."""
        number, previous = self._last.get(lane, (0, None))
        file = self.batch(
            records, withdrawals, lane=lane, number=number + 1, previous=previous, **more
        )
        self._last[lane] = (number + 1, self.digest(file))
        return file

    def send(self, file: bytes, *, now: datetime = START) -> Receipt:
        receipt = inbound.take(self.world.house, file, bytes_max=BYTES_MAX, now=now)
        return self.opened(receipt)

    def opened(self, receipt: bytes) -> Receipt:
        """What a receipt of ours says."""
        ours = self.world.house.key.certificate
        return exchange.read_receipt(open_sealed(receipt, [ours], ours.not_before).content)

    def digest(self, file: bytes) -> str:
        return sha256(file).hexdigest()


def tell(
    tx: Connection,
    programme: str,
    records: Sequence[Record] = (),
    withdrawn: Sequence[str] = (),
    *,
    now: datetime,
) -> None:
    """Bring a roll up to what a batch would say, without the batch."""
    standing = foreign_roll.lock(tx, programme, now=now)
    news = foreign_news.weigh(tx, programme, records, withdrawn)
    ready = foreign_news.ready(tx, news, standing, coverage=None, categories={}, now=now)
    foreign_news.write(tx, ready, now=now)


def record(**facts: object) -> Record:
    plain = {
        "ref": refs.new(),
        "version": 1,
        "name": "EMPRESA INVENTADA, S.A. DE C.V.",
        "identifiers": (Identifier("MX-RFC", "ZZZ140101AA1"),),
        "status": Status.CERTIFIED,
        "member_since": START.date(),
    }
    return Record(**{**plain, **facts})


def some(count: int, **facts: object) -> list[Record]:
    """So many different members."""
    return [record(name=f"Empresa Inventada {n}", **facts) for n in range(count)]


def mid(number: int) -> Identifier:
    """One of a million invented MIDs."""
    return Identifier("MID", f"MXINV{number:07}TIJ")


def roll(world: World, programme: str = "mx-neec") -> dict[str, str]:
    """Our roll of a partner: ref and name of each live member."""
    with world.house.database.read() as tx:
        return {row.ref: row.name for row in foreign_roll.every(tx, programme)}
