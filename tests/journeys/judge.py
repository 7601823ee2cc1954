"""What is true of two gateways once nothing is left to do, whatever they met on their way."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from outbox import ledger
from partners import holdings
from partners.holdings import Side
from schemas.tables import (
    batch_files,
    batches,
    disclosures,
    inbound_batches,
    lanes,
    pending,
    revocations,
)
from tests.gateway.sandbox.bad_partner import BadPartner
from tests.message import parts
from tests.proxy import Proxy
from tests.world import World

MEXICO = "mx-neec"
PUSH = b"POST /v1/partner/batches "
# How a revocation may end: who was never told, because it was refused, need not confirm.
OVER = {"deletion confirmed", "removed before sending", "never told"}


@dataclass
class Judge:
    """Looks each time at what came since it last looked: batches in their chains, and what left."""

    world: World
    partner: BadPartner
    proxy: Proxy
    _chain: dict[int, Any] = field(default_factory=dict)
    _seen: int = 0
    _heard: int = 0

    def agree(self) -> bool:
        """Whether they hold what their receipts said."""
        with self.world.house.database.read() as tx:
            ours = holdings.held(tx, MEXICO, Side.OURS)
        with self.partner.house.database.read() as tx:
            return ours == holdings.held(tx, "us-ctpat", Side.THEIRS)

    def is_calm(self, said: dict[str, str]) -> None:
        """Whether they hold just this (name -> status), all is told, and each chain is whole."""
        assert self.world.held(MEXICO) == said
        assert self.agree()
        with self.world.house.database.read() as tx:
            assert tx.execute(select(pending)).first() is None
            untold = disclosures.c.held_version.is_distinct_from(disclosures.c.version)
            live = disclosures.c.gone_at.is_(None)
            assert tx.execute(select(disclosures.c.ref).where(live, untold)).first() is None
            assert set(tx.scalars(select(revocations.c.answer))) <= OVER
            rows = tx.execute(
                select(batches, lanes.c.kind, batch_files.c.file)
                .join(lanes, lanes.c.id == batches.c.lane_id)
                .join(
                    batch_files,
                    (batch_files.c.batch_id == batches.c.id)
                    & (batch_files.c.issue == batches.c.issue),
                )
                .where(batches.c.id > self._seen)
                .order_by(batches.c.id)
            ).all()
        files = set()
        for row in rows:
            before = self._chain.get(row.lane_id)
            assert row.number == (before.number if before else 0) + 1
            assert row.previous_digest == (before.digest if before else None)
            assert row.issue == 1
            assert row.state in ("settled", "refused")
            self._chain[row.lane_id], self._seen = row, row.id
            files.add(bytes(row.file))
        # Whatever left, left as the same bytes.
        heard = [request for request in self.proxy.heard[self._heard :] if request.startswith(PUSH)]
        assert {parts(request)[1] for request in heard} <= files
        self._heard = len(self.proxy.heard)

    def ends(self) -> None:
        """Both books are whole, and nothing is there twice."""
        for house in (self.world.house, self.partner.house):
            with house.database.read() as tx:
                assert ledger.verify(tx).broken_at is None
        with self.world.house.database.read() as tx:
            ours = {
                (row.kind, row.number, row.digest)
                for row in tx.execute(
                    select(lanes.c.kind, batches).join(lanes, lanes.c.id == batches.c.lane_id)
                )
            }
        with self.partner.house.database.read() as tx:
            query = select(
                inbound_batches.c.kind, inbound_batches.c.number, inbound_batches.c.digest
            )
            theirs = [tuple(row) for row in tx.execute(query)]
        assert sorted(theirs) == sorted(ours)
