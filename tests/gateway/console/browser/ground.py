"""The ground of the journeys: a small gateway, served, in which each act can be done many times.

mx-neec   has refused 101 of our members; we keep a roll of 400 of its members
kr-aeo    at an address where nobody answers when the connection is tested
tw-aeo    all is agreed; the exchange has not begun
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from gateway import tokens
from gateway.identity import sessions, users
from gateway.identity.actor import Actor
from gateway.identity.roles import Role
from gateway.tokens import Scope
from outbox.house import House
from partners import agreements, consents
from schemas.record import Record
from signing import keys
from tests import world
from tests.gateway import turned_down
from tests.gateway.console.browser.site import served
from tests.gateway.sender import Sender, some
from tests.world import HOME, Clock, Wire, World, member

Facts = dict[str, str]

MEXICO, KOREA, TAIWAN = PARTNERS = ("mx-neec", "kr-aeo", "tw-aeo")
NOWHERE = "https://127.0.0.1:9/mrx"
SECOND = "second.invented"
"""Another approver: who asked does not decide."""

REFUSED = [str(10000001 + n) for n in range(101)]  # one more than a page


@dataclass
class Ground:
    """`lines` are our members as the source tells them; `theirs` Mexico's, as it told us."""

    url: str
    world: World
    sender: Sender
    token: str
    lines: list[dict[str, object]]
    theirs: list[Record]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def house(self) -> House:
        return self.world.house

    def now(self) -> datetime:
        """Time is real: the console looks at the clock on the wall."""
        self.world.clock.now = max(self.world.clock.now, datetime.now(UTC))
        return self.world.clock()

    def number(self) -> int:
        """One that was not used yet."""
        return next(self._numbers)

    def actor(self, who: Role | str) -> Actor:
        with self.house.database.read() as tx:
            return users.named(tx, name_of(who)).actor

    def signed_in(self, who: Role | str) -> str:
        """Somebody signs in: what their cookie holds."""
        with self.house.database.write() as tx:
            return sessions.begin(tx, users.named(tx, name_of(who)), now=datetime.now(UTC))

    def tell(self, *, of: str) -> str:
        """The account of a new member who consented for a partner: to be told, and not told yet."""
        account = str(30000000 + self.number())
        self.now()
        self.lines.append(member(account))
        self.world.push(self.lines[-1])
        self.world.grant(account, to=[of])
        return account


def name_of(who: Role | str) -> str:
    """The name of the person of a role; any other name is itself."""
    return f"{who.value}.invented" if isinstance(who, Role) else who


@contextmanager
def laid(folder: Path) -> Iterator[Ground]:
    """The ground, served until the journeys are over."""
    made = _connected(folder, Clock(datetime.now(UTC) - timedelta(days=2)))
    with made.house.database.write() as tx:
        consents.heard(tx, made.clock())
        secret = tokens.create(tx, "cbp", {Scope.PUSH}, by="the journeys", now=made.clock())
    turned_down.refused(made, REFUSED)
    sender, theirs = Sender(made, MEXICO), some(400)
    now = made.clock().replace(microsecond=0)
    sender.header = replace(sender.header, created=now)
    sender.send(sender.next(theirs, at=now), now=now)
    with served(made) as site:
        with made.house.database.write() as tx:
            users.create(tx, SECOND, {Role.APPROVER}, by="the journeys", now=datetime.now(UTC))
            consents.heard(tx, datetime.now(UTC))
        lines = [member(account) for account in REFUSED]
        yield Ground(site.url, made, sender, secret, lines, theirs)


def _connected(folder: Path, clock: Clock) -> World:
    kept = folder / "keys"
    kept.mkdir()
    for code in (HOME, *PARTNERS):
        keys.create(kept / f"{code}.key", f"mrx {code}", clock.now, kind="p256")
    house, *ends = (
        world.make(folder / code, code, kept / f"{code}.key") for code in (HOME, *PARTNERS)
    )
    partners = {end.programme: end for end in ends}
    for code, end in partners.items():
        world.connect(house, end, url=NOWHERE if code == KOREA else code, now=clock.now)
    with house.database.write() as tx:
        agreements.change(tx, TAIWAN, enabled=False, push_url=None)
    wire = Wire(ends=partners | {NOWHERE: partners[KOREA]}, clock=clock)
    return World(house=house, partners=partners, clock=clock, wire=wire)
