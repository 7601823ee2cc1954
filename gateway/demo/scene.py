"""What happens on the stage, from full queues to a withdrawal that is confirmed.

    exchange   until nothing is open at any end
    revoke     one company takes its consent back; its withdrawal is confirmed
    examine    ledgers, and from the outside: who holds what, against what was consented

The gateway and the sandboxes do all the work; this only watches their databases, reading.
"""

import time
from collections import Counter
from dataclasses import dataclass

from gateway.demo import audit, table
from gateway.demo.audit import Due, Items
from gateway.demo.ends import US, Scene
from gateway.demo.show import Advance
from outbox import ledger, revocations
from outbox.revocations import Answer, Revocation
from schemas.errors import BadRequest
from schemas.member import Member

LOOK_SECONDS = 0.2
# With nothing moving anywhere for this long, nothing will.
STALL_SECONDS = 90.0
REVOKE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class TakenBack:
    """One consent taken back: whose, for which partner, and what came of it."""

    member: Member
    partner: str
    revocation: Revocation


def due(scene: Scene) -> dict[str, Due]:
    """What each partner should hold of ours."""
    return {
        code: audit.due(scene.us.members, scene.us.grants, home=US, partner=code, document=code)
        for code in scene.partners
    }


def exchange(scene: Scene) -> None:
    """Watch until nothing is open at any end. Raises `BadRequest` MRX-5052 if nothing moves."""
    totals = {code: one.consented for code, one in due(scene).items()}
    with scene.show.phase("exchange", totals) as advance:
        before: tuple[int, ...] = ()
        moved = time.monotonic()
        while True:
            scene.processes.look()
            now = _report(scene, advance)
            still_open = sum(now[: len(scene.ends)])
            if not still_open:
                return
            if now != before:
                before, moved = now, time.monotonic()
            elif time.monotonic() - moved > STALL_SECONDS:
                raise BadRequest("MRX-5052", what="nothing moves any more", open=still_open)
            time.sleep(LOOK_SECONDS)


def _report(scene: Scene, advance: Advance) -> tuple[int, ...]:
    """How much is open at each end, then how far each partner has come."""
    open_ = []
    for end in scene.ends:
        with end.house.database.read() as tx:
            open_.append(table.unsettled(tx))
    # Read last: with nothing open before, these numbers are final.
    with scene.us.house.database.read() as tx:
        lines = table.read(tx)
    for line in lines:
        if line.partner in scene.partners:
            advance(line.partner, line.done)
    return (*open_, *(line.done for line in lines))


def revoke(scene: Scene) -> TakenBack:
    """Take the consent of one held company back for one partner, and see it confirmed."""
    partner = next(iter(scene.partners))
    with scene.us.house.database.read() as tx:
        held = table.held(tx, partner)
    member = next(
        member
        for member in scene.us.members
        if member.account in held and member.identifiers and member.name.isascii()
    )
    with scene.show.phase("revoke", {"confirmed": 1}) as advance:
        scene.processes.ask(
            "consent", "revoke", member.account, partner, home=scene.us.process.home
        )
        until = time.monotonic() + REVOKE_SECONDS
        while True:
            scene.processes.look()
            with scene.us.house.database.read() as tx:
                found = revocations.of(tx, member.account)
            if found and found[-1].answer is Answer.CONFIRMED:
                advance("confirmed", 1)
                break
            if time.monotonic() > until:
                raise BadRequest("MRX-5052", what="the withdrawal is not confirmed")
            time.sleep(LOOK_SECONDS / 4)
    scene.us.grants.remove(
        next(e for e in scene.us.grants if (e.account, e.programme) == (member.account, partner))
    )
    return TakenBack(member, partner, found[-1])


def examine(scene: Scene) -> list[str]:
    """What is not as it should be, in sentences without company data; nothing, if all is well."""
    wrong: list[str] = []
    with scene.show.phase("audit", {"ends": len(scene.ends)}) as advance:
        wanted = due(scene)
        with scene.us.house.database.read() as tx:
            blocked = {line.partner: dict(line.blocked) for line in table.read(tx)}
        for n, end in enumerate(scene.ends, 1):
            with end.house.database.read() as tx:
                broken = ledger.verify(tx).broken_at
            if broken is not None:
                wrong.append(f"the ledger of {end.code} is broken at entry {broken}")
            if end is not scene.us:
                wrong += compare(f"{end.code} holds", audit.held(end.house, US), wanted[end.code])
                if blocked[end.code] != dict(wanted[end.code].blocked):
                    wrong.append(f"for {end.code} other members are blocked than cannot be said")
                theirs = audit.due(
                    end.members, end.grants, home=end.code, partner=US, document=end.code
                )
                got = audit.held(scene.us.house, end.code)
                wrong += compare(f"of {end.code} we hold", got, theirs)
            advance("ends", n)
    return wrong


def compare(what: str, held: Counter[Items], due_: Due) -> list[str]:
    """What one end holds against what it should: no sentence where they are the same."""
    missing, extra = (due_.said - held).total(), (held - due_.said).total()
    if not missing and not extra:
        return []
    return [f"{what} {held.total()} members: {missing} are missing, {extra} should not be there"]
