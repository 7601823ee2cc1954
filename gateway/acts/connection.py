"""Testing the way to a partner, and keeping what was found for whoever looks next.

Nothing about a member is asked or sent, and nothing of the exchange changes; so a test is no entry
of the ledger. The register keeps the last one: when, by whom, and what each step found.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from gateway import checkup
from gateway.acts import permission
from gateway.checkup import Checkup
from gateway.identity.actor import Actor
from gateway.identity.roles import Right
from outbox.house import House
from schemas.database import upsert
from schemas.tables import connection_tests


def test(house: House, actor: Actor, partner: str, *, clock: Callable[[], datetime]) -> Checkup:
    """Walk the way to a partner, no transaction open, and keep the findings.

    It takes as long as the partner does, `checkup.LONGEST` at most. Raises `BadRequest`: MRX-7017,
    MRX-5001, MRX-5016 (the partner has no address).
    """
    permission.demand(
        house, actor, Right.RUN, act="test a connection", now=clock(), partner=partner
    )
    return walk(house, actor, partner, clock=clock)


def walk(house: House, actor: Actor, partner: str, *, clock: Callable[[], datetime]) -> Checkup:
    """The same as a part of another act, which has judged whether they may."""
    found = checkup.check(house, partner, clock=clock)
    said = {
        "at": clock(),
        "by": actor.by,
        "findings": [{**asdict(step), "result": step.result.value} for step in found.steps],
    }
    with house.database.write(partner=partner) as tx:
        into = upsert(tx, connection_tests).values(partner=partner, **said)
        tx.execute(into.on_conflict_do_update(index_elements=["partner"], set_=said))
    return found
