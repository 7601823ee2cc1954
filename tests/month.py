"""A gateway with a month behind it, for the console: something of everything a person may meet.

    mx-neec   well; its roll grew too much at once and waits for a person
    ca-pip    paused by an operator; what has changed since is waiting
    tw-aeo    well; wants another certificate
    il-aeo    has not answered since yesterday: a batch unknown, a withdrawal on its way; its
              certificate expires in 23 days
    kr-aeo    refuses some notices
    a full list that would withdraw too much waits; so does a go-live, and a consent is taken back

Every company is invented, by the demo's own rules. Time is real: the month ends now, because pages
measure against the clock on the wall.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import orjson
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway import staging, tokens
from gateway.app import build
from gateway.demo import companies
from gateway.identity import sessions, users
from gateway.identity.roles import Role
from gateway.settings import Settings
from gateway.tokens import Scope
from outbox import lane
from outbox.house import House
from outbox.transport import Outcome
from partners import consents
from schemas import exchange
from schemas.batch import Lane
from schemas.consent import ConsentEvent
from schemas.member import Member
from schemas.programme import PROGRAMMES
from schemas.receipt import Refusal, Verdict
from schemas.tables import batch_notices, batches, lanes
from signing import keys
from signing.open import open_sealed
from signing.seal import seal
from tests import world
from tests.gateway.sender import Sender, some
from tests.world import FINE, LOST_ANSWER, NEVER_ARRIVED, Clock, Wire, World

COUNT = 240
DAYS = 30
PARTNERS = tuple(code for code in PROGRAMMES if code != world.HOME)
PLANTED = "Invented Company Planted Here"
PASSWORD = "invented-password-1"


@dataclass
class Weather(Wire):
    """A wire on which each partner has weather of its own."""

    of: dict[str, str] = field(default_factory=dict)

    def send(self, url: str, file: bytes) -> Outcome:
        self.plan = [self.of.get(url, FINE)]
        return super().send(url, file)


def lived(folder: Path, *, every: int = 7) -> World:
    """The gateway and its partners, a month later; something happened every so many days."""
    now = datetime.now(UTC)
    clock = Clock(now - timedelta(days=DAYS))
    made = _connected(folder, clock)
    members = _members()
    granted = [
        replace(one, at=min(one.at, clock.now))
        for one in companies.grants(members, companies.TEXTS, share=companies.CONSENT_SHARE)
    ]
    lines = list(companies.member_lines(members))
    _load(made, lines[: COUNT // 2])
    _hear(made, granted)
    made.deliver(hurry=True)
    _days(made, lines[COUNT // 2 :], granted, now, every)
    _waiting(made, lines)
    return made


@cache
def _members() -> tuple[Member, ...]:
    first, *others = companies.companies(COUNT)
    return (replace(first, name=PLANTED), *others)


def names() -> set[str]:
    """The names of all companies of ours that there are."""
    return {one.name for one in _members()}


def accounts() -> set[str]:
    """Their accounts."""
    return {one.account for one in _members()}


def people(house: House, *, now: datetime) -> dict[Role, str]:
    """A person of each role, signed in: what the cookie of each holds."""
    held = {}
    with house.database.write() as tx:
        for role in Role:
            user = users.create(tx, f"{role.value}.invented", {role}, by="the month", now=now)
            held[role] = sessions.begin(tx, user, now=now)
    return held


def _connected(folder: Path, clock: Clock) -> World:
    kept = folder / "keys"
    kept.mkdir()
    for code in PROGRAMMES:
        # Israel's has 23 days left when the month is over.
        made_at = clock.now + timedelta(days=DAYS + 23) - keys.LIFE
        made_at = made_at if code == "il-aeo" else clock.now
        keys.create(kept / f"{code}.key", f"mrx {code}", made_at, kind="p256")
    house, *ends = (
        world.make(folder / code, code, kept / f"{code}.key") for code in (world.HOME, *PARTNERS)
    )
    for end in ends:
        world.connect(house, end, url=end.programme, now=clock.now)
    partners = {end.programme: end for end in ends}
    wire = Weather(ends=partners, clock=clock, answer=world.honest)
    return World(house=house, partners=partners, clock=clock, wire=wire)


def _load(made: World, lines: Iterable[bytes]) -> None:
    made.push(*(orjson.loads(line) for line in lines))


def _hear(made: World, granted: list[ConsentEvent]) -> None:
    with made.house.database.write() as tx:
        consents.heard(tx, made.clock())
        made.record(tx, granted)


def _days(
    made: World, late: list[bytes], granted: list[ConsentEvent], now: datetime, every: int
) -> None:
    """Some members a day; the weather changes near the end."""
    days = range(1, DAYS - 1, every)
    a_day = len(late) // len(days)
    for turn, day in enumerate(days):
        made.clock.now = now - timedelta(days=DAYS - day, hours=2)
        made.wire.of = {"tw-aeo": NEVER_ARRIVED} if turn % 4 == 3 else {}
        made.wire.answer = _picky(made) if turn >= len(days) - 2 else world.honest
        if turn == len(days) - 2:
            _pause(made.house, "ca-pip", now=made.clock())
        _hear(made, [])
        _load(made, late[:-3][turn * a_day : (turn + 1) * a_day])
        made.deliver(rounds=3)
        made.wire.of = {}
        made.deliver()
    made.clock.now = now - timedelta(hours=26)
    israel, mexico = (
        [one.account for one in granted if one.programme == code] for code in ("il-aeo", "mx-neec")
    )
    made.wire.of = {"il-aeo": LOST_ANSWER}
    _hear(made, [])
    made.revoke(israel[0], of="il-aeo")
    made.revoke(mexico[1], of="mx-neec")
    _load(made, late[-3:])
    made.deliver(rounds=2)
    made.wire.of = {"il-aeo": NEVER_ARRIVED}
    made.clock.now = now - timedelta(seconds=30)
    _hear(made, [])
    made.deliver(rounds=2)
    made.deliver(hurry=False)  # the others go on until nothing is left to do


def _picky(made: World) -> Callable[[House, bytes, bytes], bytes]:
    """Korea does not know some of the companies; the others are honest."""

    def answer(end: House, _file: bytes, receipt: bytes) -> bytes:
        now = made.clock.now
        said = exchange.read_receipt(open_sealed(receipt, [end.key.certificate], now).content)
        if end.programme != "kr-aeo" or said.verdict is not Verdict.ALL or said.lane is Lane.URGENT:
            return receipt
        with made.house.database.read() as tx:
            refs = tx.scalars(
                select(batch_notices.c.ref)
                .select_from(batch_notices.join(batches).join(lanes))
                .where(lanes.c.partner == "kr-aeo", lanes.c.kind == said.lane)
                .where(batches.c.number == said.number)
            ).all()
        refused = tuple(Refusal(ref=ref, code="KR-17") for ref in refs[:2])
        changed = replace(said, verdict=Verdict.REFUSALS, refused=refused)
        return seal(exchange.write_receipt(changed), end.key, now)

    return answer


def _pause(house: House, partner: str, *, now: datetime) -> None:
    with house.database.write() as tx:
        lane.pause(tx, partner, by="operator.invented", reason="maintenance there", now=now)


def _waiting(made: World, lines: list[bytes]) -> None:
    """What waits for a person: a push, a roll, a certificate."""
    now = made.clock().replace(microsecond=0)
    sender = Sender(made, "mx-neec")
    sender.header = replace(sender.header, created=now - timedelta(days=3))
    sender.send(sender.next(some(120), at=now - timedelta(days=3)), now=now - timedelta(days=3))
    sender.header = replace(sender.header, created=now)
    sender.send(sender.next(some(90), at=now), now=now)
    wanted = keys.create(made.house.folder.parent / "keys" / "tw-next.key", "mrx tw next", now)
    theirs = made.partners["tw-aeo"].key
    staging.stage(made.house, seal(wanted.certificate.der, theirs, now), now=now)
    with made.house.database.write() as tx:
        secret = tokens.create(tx, "cbp", {Scope.PUSH}, by="the month", now=now)
    app = build(made.house, Settings(home=made.house.folder))
    answer = TestClient(app).post(
        "/v1/source/members",
        params={"mode": "snapshot", "as_of": now.strftime("%Y-%m-%dT%H:%M:%SZ")},
        content=b"".join(lines[: COUNT // 2]) + b'{"account": "99999999"}\n',
        headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/x-ndjson"},
    )
    assert answer.status_code == 409, answer.text  # it waits
