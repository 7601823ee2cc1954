"""A revocation while a million announcements are pending and being delivered, and while none is.

A consent is taken back by HTTP at a real `mrx serve`; what is measured is the time from that
revocation's own moment, before its commit, to the moment at which the partner's signed receipt of
the deletion was settled; both stand in the register of revocations. The partner is a real
`mrx sandbox` on the same cores. Members that are revoked were delivered before, one by one lot;
the backlog is put into the queue in bulk (`bench.filling`), delivered while we revoke, and must
outlast the last revocation.
"""

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2
from sqlalchemy import func, select

from bench import ends, filling, home, members
from bench.ends import Ends
from bench.ground import ENGINES, Engine, Ground
from bench.row import Row, Wrong, at_most, check, figure
from bench.rows.group import Group
from gateway import tokens
from gateway.demo import companies
from gateway.tokens import Scope
from outbox.revocations import Answer
from schemas.tables import foreign_members, pending, revocations

LIMIT = 2
TARGET = "p99 under 250 ms"
PARTNER = "mx-neec"
PAUSE_SECONDS = 0.05
WAIT_SECONDS = 120.0
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def run(ground: Ground) -> Iterator[Row]:
    backlog = ground.size.pick(tiny=2_000, quick=30_000, usual=1_000_000, full=1_000_000)
    revoked = ground.size.pick(tiny=5, quick=50, usual=300, full=300)
    for engine in ENGINES if ground.size.name != "tiny" else ENGINES[:1]:
        with (
            ground.room() as folder,
            ends.standing(ground, folder, engine=engine, codes=(PARTNER,)) as both,
        ):
            yield from _rows(ground, both, engine, backlog, revoked)


def _rows(ground: Ground, both: Ends, engine: Engine, backlog: int, revoked: int) -> Iterator[Row]:
    with both.house.database.write() as tx:
        now = datetime.now(UTC)
        token = tokens.create(tx, "bench", {Scope.REVOKE}, by="bench", now=now)
    held = 2 * revoked + 2
    home.push(both.house, companies.member_lines(members.members(held)), expect=held)
    home.push_grants(
        both.house, companies.consent_lines(members.grants(held, (PARTNER,))), expect=held
    )
    home.push(
        both.house, companies.member_lines(members.members(backlog, start=held)), expect=backlog
    )
    filling.consented(both.house, PARTNER, held, held + backlog)
    served = both.serve()
    _until(both, left=0)
    with httpx2.Client(
        base_url=served.url,
        trust_env=False,
        timeout=60,
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        _revoke(both, client, range(2))  # the first opens connections
        calm = _revoke(both, client, range(2, revoked + 2))
        ground.say(f"revocation, {engine}: {_p99(calm):.0f} ms p99 with nothing else to do")
        filling.queued(both.house, PARTNER, held, held + backlog)
        busy = _revoke(both, client, range(revoked + 2, held))
        left = _left(both)
    ground.say(f"revocation, {engine}: {_p99(busy):.0f} ms p99, {left:,} still pending after it")
    if not left and ground.size.name != "tiny":
        raise Wrong(f"the backlog did not outlast the revocations: {left} of {backlog}")
    name = f"revocation to confirmed withdrawal, {backlog:,} pending, {DATABASES[engine]}"
    note = f"{revoked} revocations each; {left:,} announcements were still pending at the end"
    yield at_most(
        f"{name}, p99", [_p99(busy) / _p99(calm)], LIMIT, of="with nothing pending", note=note
    )
    yield figure(f"{name}, p99 in itself", [_p99(busy)], "ms", target=TARGET)
    yield figure(f"{name}, median", [statistics.median(busy)], "ms")
    yield figure(f"{name}, p99 with nothing pending", [_p99(calm)], "ms")


def _revoke(both: Ends, client: httpx2.Client, some: range) -> list[float]:
    """Take these members' consents back, one after the other; milliseconds to confirmation."""
    numbers = []
    for n in some:
        answer = client.post(f"/v1/source/members/{members.account(n)}/consents/{PARTNER}/revoke")
        check("the status of a revocation", answer.status_code, httpx2.codes.CREATED)
        check("what it says", answer.json()["answer"], Answer.ON_ITS_WAY.value)
        numbers.append(int(answer.json()["id"]))
        time.sleep(PAUSE_SECONDS)
    query = select(revocations.c.at, revocations.c.confirmed_at).where(
        revocations.c.id.between(numbers[0], numbers[-1]), revocations.c.confirmed_at.is_not(None)
    )
    until = time.monotonic() + WAIT_SECONDS
    while True:
        with both.house.database.read() as tx:
            found = tx.execute(query).all()
        if len(found) == len(numbers):
            break
        if time.monotonic() > until:
            raise Wrong(f"{len(numbers) - len(found)} withdrawals were not confirmed")
        time.sleep(PAUSE_SECONDS)
    names = [members.member(n).name for n in some]
    with both.partners[PARTNER].database.read() as tx:
        still = foreign_members.c.name.in_(names)
        query_held = select(func.count()).select_from(foreign_members).where(still)
        check("revoked members that the partner holds", tx.scalar(query_held), 0)
    return [(row.confirmed_at - row.at).total_seconds() * 1_000 for row in found]


def _p99(some: list[float]) -> float:
    return sorted(some)[int(len(some) * 0.99) - (len(some) % 100 == 0)]


def _left(both: Ends) -> int:
    with both.house.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(pending)) or 0


def _until(both: Ends, *, left: int) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while _left(both) > left:
        if time.monotonic() > until:
            raise Wrong("what is to be revoked was never delivered")
        time.sleep(PAUSE_SECONDS)


GROUP = Group("revocation", "from taking back to confirmed, behind a backlog and without one", run)
