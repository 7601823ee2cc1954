"""Two ends that compare: what each counts, and the questions one asks the other, over real HTTP."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import delete, select, update

from gateway.app import build
from gateway.settings import Settings
from mappers import MAPPERS
from outbox import asking, holdings, our_loss, reconcile
from outbox.call import Reply
from outbox.house import House
from partners import holdings as sums
from partners.holdings import Side
from schemas import exchange
from schemas.holdings import Bucket, bucket_of, leaf
from schemas.tables import (
    disclosures,
    foreign_identifiers,
    foreign_members,
    foreign_rolls,
    inbound_batches,
    inbound_lanes,
)
from schemas.tables import holdings as holdings_
from signing.open import open_sealed
from tests.gateway.api.doors import signature
from tests.world import World

MEXICO = "mx-neec"
MANY = [str(n) for n in range(10000001, 10000021)]


@dataclass
class Line:
    """Signed requests of one end to the other; `asked` keeps their paths."""

    asker: House
    client: TestClient
    asked: list[str] = field(default_factory=list)

    def get(self, path: str, query: str = "") -> bytes:
        self.asked.append(path)
        url = path + (f"?{query}" if query else "")
        signed = signature(self.asker.key, "GET", url, to=self.client.app.state.programme)
        return _expected(self.client.get(url, headers=signed))

    def post(self, path: str, body: bytes) -> bytes:
        self.asked.append(path)
        to = self.client.app.state.programme
        signed = signature(self.asker.key, "POST", path, to=to, content=body)
        headers = {**signed, "Content-Type": "application/json"}
        return _expected(self.client.post(path, content=body, headers=headers))


def line(asker: House, asked: House) -> Line:
    app = build(asked, Settings(home=asked.folder))
    app.state.programme = asked.programme
    return Line(asker, TestClient(app))


def mend(world: World, *, dry_run: bool = False, ask: Line | None = None) -> reconcile.Report:
    """Our end reconciles with Mexico."""
    ask = ask or line(world.house, world.partners[MEXICO])
    return reconcile.reconcile(
        world.house,
        MEXICO,
        ask.get,
        worker="test:1:0",
        by="test",
        clock=world.clock,
        dry_run=dry_run,
    )


def ask_again(world: World, *, dry_run: bool = False) -> our_loss.Report:
    """Mexico asks us to tell it again."""
    mexico = world.partners[MEXICO]
    ask = line(mexico, world.house)
    return our_loss.ask_again(mexico, "us-ctpat", ask.get, ask.post, dry_run=dry_run)


def agree(world: World) -> bool:
    """Whether our sums are Mexico's, and those of our disclosures added up from scratch."""
    with world.house.database.read() as tx:
        ours = sums.buckets(tx, MEXICO, Side.OURS)
        assert ours == holdings.added_up(tx, MEXICO) == from_scratch(world), "our own drift"
    with world.partners[MEXICO].database.read() as tx:
        theirs = sums.buckets(tx, "us-ctpat", Side.THEIRS)
    return ours == theirs


def from_scratch(world: World) -> list[Bucket]:
    """What Mexico holds, says each disclosure: added up here, by hand."""
    found = [Bucket() for _ in range(256)]
    with world.house.database.read() as tx:
        for row in tx.execute(select(disclosures).where(disclosures.c.partner == MEXICO)):
            if row.gone_at is None and row.held_version is not None:
                part = leaf(row.ref, row.held_version, row.held_digest)
                found[bucket_of(row.ref)] = found[bucket_of(row.ref)].changed(add=[part])
    return found


def verdict(world: World) -> bool | None:
    """What the last comparison found; None before the first."""
    with world.house.database.read() as tx:
        check = holdings.checked(tx, MEXICO)
    return None if check is None else check.agree


def refs_on_the_wire(world: World) -> list[str]:
    """Every reference that went over the wire since the journal was last cleared, in order."""
    found: list[str] = []
    for _, file in world.wire.journal:
        content = open_sealed(file, [world.house.key.certificate], world.clock.now).content
        read = exchange.read_batch(content)
        found += read.withdrawals
        if read.document is not None:
            found += [ref for ref, _ in MAPPERS[MEXICO].told(read.document)]
    return found


def ref_of(world: World, account: str) -> str:
    """The live reference of a member."""
    with world.house.database.read() as tx:
        return tx.scalars(
            select(disclosures.c.ref).where(
                disclosures.c.account == account, disclosures.c.withdraw_since.is_(None)
            )
        ).one()


def forget(end: House, *some: str, buried: bool = False) -> None:
    """An end's database forgets these refs; it says so at once, because its sums are kept."""
    with end.database.write() as tx:
        rows = tx.execute(select(foreign_members).where(foreign_members.c.ref.in_(some))).all()
        live = [(row.ref, row.leaf) for row in rows if row.gone_at is None]
        assert len(rows) == len(some)
        tx.execute(delete(foreign_identifiers).where(foreign_identifiers.c.ref.in_(some)))
        tx.execute(delete(foreign_members).where(foreign_members.c.ref.in_(some)))
        tx.execute(update(foreign_rolls).values(size=foreign_rolls.c.size - len(live)))
        if not buried:
            sums.change(tx, "us-ctpat", Side.THEIRS, take=live)


def forget_all(end: House) -> None:
    """The whole database is lost and made anew: nothing of what we ever sent is there."""
    with end.database.write() as tx:
        for table in (
            foreign_identifiers,
            foreign_members,
            foreign_rolls,
            holdings_,
            inbound_batches,
            inbound_lanes,
        ):
            tx.execute(delete(table))


def _expected(response: Response) -> bytes:
    reply = Reply(response.status_code, dict(response.headers), response.content)
    return asking.expected(reply, 200).body


def by_the_wall_clock(world: World) -> World:
    world.clock.now = datetime.now(UTC)
    return world
