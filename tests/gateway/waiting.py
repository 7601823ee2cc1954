"""What of a partner's batches waits for a person."""

from datetime import timedelta

from gateway import inbound_batches
from gateway.inbound_batches import Inbound, State
from schemas.record import Record
from tests.world import START, World

TOMORROW = START + timedelta(days=1, minutes=1)
WHY = "a person's word"


def waiting(world: World) -> list[Inbound]:
    with world.house.database.read() as tx:
        return inbound_batches.every(tx, state=State.QUARANTINED)


def refs_of(records: list[Record]) -> list[str]:
    return [one.ref for one in records]
