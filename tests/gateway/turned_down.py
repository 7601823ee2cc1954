"""A world in which a partner turned something down, for the tests of failures and replays."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import select

from outbox.house import House
from schemas import exchange
from schemas.receipt import Refusal, Verdict
from schemas.tables import batch_notices, pending
from signing.open import content_of
from signing.seal import seal
from tests.world import World, honest, member

ACCOUNTS = [str(10000001 + n) for n in range(7)]


def refused(world: World, accounts: Sequence[str], *, code: str = "NO-MATCH") -> None:
    """Tell these members to Mexico, which refuses each of them."""
    world.push(*map(member, accounts))
    world.grant(*accounts, to=["mx-neec"])
    world.wire.answer = refusing(world, accounts, code=code)
    world.deliver()
    world.wire.answer = honest
    world.wire.journal.clear()
    assert waiting(world) == dict.fromkeys(accounts, "MRX-2210")


def refusing(
    world: World, accounts: Sequence[str], *, code: str = "NO-MATCH"
) -> Callable[[House, bytes, bytes], bytes]:
    """How Mexico answers if it refuses each of these members."""

    def refuse(end: House, _file: bytes, receipt: bytes) -> bytes:
        with world.house.database.read() as tx:
            refs = tx.scalars(
                select(batch_notices.c.ref).where(batch_notices.c.account.in_(accounts))
            ).all()
        some = tuple(Refusal(ref=ref, code=code) for ref in sorted(refs))
        said = exchange.read_receipt(content_of(receipt))
        changed = replace(said, verdict=Verdict.REFUSALS, refused=some)
        return seal(exchange.write_receipt(changed), end.key, world.clock.now)

    return refuse


def waiting(world: World) -> dict[str, str | None]:
    """What stands in the way of each announcement that waits for Mexico."""
    with world.house.database.read() as tx:
        rows = tx.execute(
            select(pending.c.account, pending.c.blocked).where(pending.c.ref == "")
        ).all()
    return {row.account: row.blocked for row in rows}
