"""Us, Mexico with its bad habits, and a proxy between the two: one fault after the other, and what
must be true when it is over.

    we --push--> proxy --> the sandbox with its habits
    we <-------receipts brought later------'

Everything is real: two gateways over HTTP on sockets, in threads of this process. Only waiting is
short: what an exchange meets says whether its deadline is worth waiting for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select
from starlette.types import ASGIApp

from gateway import other_end
from gateway.app import build
from outbox import pending as queue
from outbox import rest
from outbox.batch import UNANSWERED
from outbox.transport import HttpTransport
from partners import agreements
from schemas.tables import attempts, batches, holdings_checks, inbound_batches, pending
from tests.carriers import WallClock
from tests.conftest import connected_world
from tests.gateway.sandbox.bad_partner import BadPartner, bad_partner, served
from tests.journeys.counted import Counted
from tests.journeys.judge import MEXICO, Judge
from tests.proxy import Fault, Proxy, proxied
from tests.world import Server, World, member, settings

STAYS = "10000001"
PATIENT, HASTY = timedelta(seconds=20), timedelta(seconds=0.06)
ANSWER_BYTES_MAX = 1 << 20
SLOW_SECONDS = 0.1

_LAST = (
    select(attempts.c.outcome, batches.c.state, batches.c.digest)
    .join(batches, batches.c.id == attempts.c.batch_id)
    .order_by(attempts.c.ended_at.desc())
    .limit(1)
)


@dataclass
class Weather:
    """`said` is what the partner should hold by now: name -> status."""

    world: World
    partner: BadPartner
    proxy: Proxy
    door: Counted
    judge: Judge
    said: dict[str, str] = field(default_factory=dict)
    turn: int = 0  # how much news there was
    _more: int = 0

    # -- news --------------------------------------------------------------------------------------

    def news(self) -> str:
        """One thing to tell, of each kind in turn: a new member, another name, a worse status, a
        consent taken back; of whom. The first two go by the routine lane, the others by the urgent one.
        """
        turn, self.turn = self.turn, self.turn + 1
        account = str(20_000_001 + turn // 4)
        name, renamed = f"Invented Company {account}", f"Invented Company {account} Renamed"
        match turn % 4:
            case 0:
                self.world.push(member(account))
                self.world.grant(account)
                self.said[name] = "VALIDATED"
            case 1:
                self.world.push(member(account, name=renamed))
                del self.said[name]
                self.said[renamed] = "VALIDATED"
            case 2:
                self.world.push(member(account, name=renamed, status="SUSPENDED"))
                self.said[renamed] = "SUSPENDED"
            case _:
                self.world.revoke(account, of=MEXICO)
                del self.said[renamed]
        return account

    def is_due(self) -> bool:
        """Whether anything waits that could leave, or has left and was not answered."""
        with self.world.house.database.read() as tx:
            waits = select(pending.c.account).where(pending.c.blocked.is_(None)).limit(1)
            flies = select(batches.c.id).where(UNANSWERED).limit(1)
            return tx.scalar(waits) is not None or tx.scalar(flies) is not None

    # -- one exchange ------------------------------------------------------------------------------

    def meet(
        self, wire: Fault | None = None, habit: str = "honest", *, hasty: bool = False
    ) -> Row[Any]:
        """One transmission through this fault to a partner of this habit; how the book has it: the
        `outcome` of the attempt, and the `state` and `digest` of its batch.
        """
        if not self.is_due():
            self.news()
        self.proxy.patient = habit != "silent"
        self._transport(HASTY if hasty else PATIENT)
        self.partner.will(habit)
        if wire is not None:
            self.proxy.will(wire)
        before = len(self.proxy.heard)
        for _ in range(50):  # a deadline so short may pass before a word was sent
            with self.world.house.database.write() as tx:
                rest.hurry(tx)
            assert self.world.delivery().work(), "nothing is due"
            self.settle_down()
            if len(self.proxy.heard) > before:
                break
        assert not self.proxy.plan
        while self.partner.plan.left:  # it never got that far, or found no ground for its habit
            self.partner.plan.next()
        with self.world.house.database.read() as tx:
            return tx.execute(_LAST).one()

    def settle_down(self) -> None:
        """Until nobody works on anything: not the proxy, not the partner, not its errands."""
        for one in (self.proxy, self.door, self.proxy):
            one.quiet()

    def deliver(self) -> None:
        """Without faults, until nothing is left that could be told."""
        self._transport(PATIENT)
        for _ in range(10):
            if not self.is_due():
                return
            with self.world.house.database.write() as tx:
                rest.hurry(tx)
            self.world.delivery().work()
            self.settle_down()
        raise AssertionError(self.world.states()[-3:])

    def _transport(self, deadline: timedelta) -> None:
        self.world.wire._deadline = deadline  # type: ignore[attr-defined]

    # -- how it stands -----------------------------------------------------------------------------

    def theirs(self) -> set[str]:
        """The digests of what they have of the batches that nobody has answered, as their own
        book says.
        """
        with self.world.house.database.read() as tx:
            flying = set(tx.scalars(select(batches.c.digest).where(UNANSWERED)))
        with self.partner.house.database.read() as tx:
            mine = inbound_batches.c.digest.in_(flying)
            return set(tx.scalars(select(inbound_batches.c.digest).where(mine)))

    def bring_late(self, count: int) -> None:
        """What was held back on its way, the oldest of it, reaches them now."""
        self.proxy.bring_late(count)
        self.settle_down()

    def blocked(self) -> set[str]:
        """The codes of what waits for a person."""
        with self.world.house.database.read() as tx:
            return set(tx.scalars(select(pending.c.blocked).where(pending.c.blocked.is_not(None))))

    def retell(self) -> None:
        """What `mrx partner resume` does."""
        with self.world.house.database.write() as tx:
            queue.retell(tx, MEXICO)
        self.deliver()

    def agree(self) -> bool:
        """Whether they hold what their receipts said."""
        return self.judge.agree()

    def noticed(self) -> bool:
        """Whether the next receipt, about a member they cannot have lost, shows a difference."""
        self._more += 1
        account = str(30_000_000 + self._more)
        self.world.push(member(account))
        self.world.grant(account)
        self.said[f"Invented Company {account}"] = "VALIDATED"
        self.deliver()
        with self.world.house.database.read() as tx:
            return not tx.execute(select(holdings_checks.c.agree)).scalar_one()

    def reconcile(self) -> None:
        other_end.of(self.world.house, MEXICO, by="test").reconcile(dry_run=False)
        self.deliver()

    # -- the end -----------------------------------------------------------------------------------

    def is_calm(self) -> None:
        """What is true whenever nothing is left to do, whatever it met on its way."""
        self.judge.is_calm(self.said)

    def ends(self) -> None:
        """Both books are whole, and nothing is there twice."""
        self.judge.ends()


@contextmanager
def weather(
    folder: Path, key_files: dict[str, Path], *, server: Server | None = None
) -> Iterator[Weather]:
    """A world in calm weather, with one member told."""
    world = connected_world(folder, key_files, (MEXICO,), server=server)
    world.clock = world.wire.clock = WallClock()
    wire = HttpTransport(deadline=PATIENT, answer_bytes_max=ANSWER_BYTES_MAX)
    world.wire = wire  # type: ignore[assignment]
    door: list[Counted] = []

    def around(app: ASGIApp) -> ASGIApp:
        app._manners = replace(app._manners, slow_seconds=SLOW_SECONDS, later_seconds=0)  # type: ignore[attr-defined]
        door.append(Counted(app))
        return door[0]

    with (
        served(build(world.house, settings(world.house))) as back,
        bad_partner(world.partners[MEXICO], answer_to=back, around=around) as partner,
        proxied(partner.url) as proxy,
    ):
        with world.house.database.write() as tx:
            agreements.change(tx, MEXICO, push_url=proxy.url)
        made = Weather(world, partner, proxy, door[0], Judge(world, partner, proxy))
        world.push(member(STAYS))
        world.grant(STAYS)
        made.said[f"Invented Company {STAYS}"] = "VALIDATED"
        made.deliver()
        made.is_calm()
        yield made
        wire.close()
    world.house.database.close()
