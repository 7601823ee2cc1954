"""A standstill: both lanes of a partner leased at once, so that nothing moves while ends compare."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, update

from outbox import lane as lanes_
from outbox.house import House
from outbox.lane import Taken
from schemas.batch import Lane
from schemas.errors import BadRequest
from schemas.tables import lanes


@dataclass(frozen=True, slots=True)
class Standstill:
    """Both lanes of a partner, ours until the leases run out."""

    partner: str
    lanes: tuple[Taken, ...]
    clock: Callable[[], datetime]

    @contextmanager
    def write(self, house: House) -> Iterator[Connection]:
        """A write transaction for this partner in which both lanes still are ours, or `BadRequest`
        MRX-5021.
        """
        with house.database.write(partner=self.partner) as tx:
            for taken in self.lanes:
                held = tx.execute(
                    update(lanes)
                    .where(lanes.c.id == taken.id, lanes.c.fence == taken.fence)
                    .values(leased_until=self.clock() + house.terms.lease)
                )
                if held.rowcount != 1:
                    raise BadRequest("MRX-5021")
            yield tx

    def renew(self, house: House) -> None:
        """Keep both lanes a lease longer: a partner may take its time with each answer."""
        with self.write(house):
            pass


@contextmanager
def held(
    house: House, partner: str, *, worker: str, clock: Callable[[], datetime]
) -> Iterator[Standstill]:
    """Lease both lanes, so that no delivery moves them; given back at the end, come what may."""
    taken = []
    with house.database.write(partner=partner) as tx:
        for kind in (Lane.ROUTINE, Lane.URGENT):  # in the order of their ids
            one = lanes_.take_one(
                tx, partner, kind, worker=worker, now=clock(), lease=house.terms.lease
            )
            if one is None:
                raise BadRequest("MRX-5021")  # and the transaction takes the first one back
            taken.append(one)
    try:
        yield Standstill(partner, tuple(taken), clock)
    finally:
        with house.database.write(partner=partner) as tx:
            for one in taken:
                lanes_.give_back(tx, one)
