"""The console: every page of a gateway in long use, over HTTP, each in under 200 ms.

A million members, two hundred thousand batches, twenty partners and all that belongs to them
(`bench.long_use`); a real `mrx serve`, asked by one person who holds every role. A page that somebody sees is measured;
those that only ask "are you sure?" are made of the same parts. The row is the slowest page's.
"""

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx2
from sqlalchemy import func, select

from bench import ends, long_use
from bench.ends import Ends
from bench.ground import ENGINES, Engine, Ground
from bench.row import Row, Wrong, at_most, check, figure
from bench.rows.group import Group
from gateway import tokens
from gateway.console.page import COOKIE
from gateway.identity import sessions, users
from gateway.identity.roles import Role
from gateway.tokens import Scope
from outbox.house import House
from schemas.tables import batches, losses, members

LIMIT = 0.2
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
PARTNER = "mx-neec"
TOLD = (PARTNER, "ca-pip")  # with whom batches are really exchanged
PAGES = (
    "/",
    "/partners",
    f"/partners/{PARTNER}",
    f"/partners/{PARTNER}/agreement",
    f"/partners/{PARTNER}/certificates",
    f"/partners/{PARTNER}/connection",
    f"/partners/{PARTNER}/pause",
    f"/partners/{PARTNER}/resume",
    "/batches",
    f"/batches?partner={PARTNER}",
    "/batches?state=refused",
    "/batches/{batch}",
    "/failures",
    f"/failures/{PARTNER}/MRX-2101",
    "/replays",
    f"/replays/new?partner={PARTNER}&code=MRX-2210",
    "/revocations",
    "/told",
    "/exposure",
    "/exposure?month={month}",
    "/approvals",
    "/pushes",
    "/inbound",
    f"/inbound/{PARTNER}",
    "/certificates",
    "/ledger",
    f"/ledger?partner={PARTNER}",
    "/onboarding",
    f"/onboarding/{PARTNER}",
    f"/onboarding/{PARTNER}/conformance",
    "/system",
    "/users",
)
ASKED = {  # by POST, because of what is asked for
    "who was told, by account": {"by": "account", "text": long_use.ACCOUNT, "why": "company"},
    "who was told, by name": {"by": "name", "text": long_use.NAME, "why": "company"},
}


def run(ground: Ground) -> Iterator[Row]:
    size = ground.size.pick(
        tiny=long_use.Size(members=500, batches=200),
        quick=long_use.Size(members=5_000, batches=1_500),
        usual=long_use.Size(members=1_000_000, batches=200_000),
        full=long_use.Size(members=1_000_000, batches=200_000),
    )
    rounds = ground.size.pick(tiny=1, quick=3, usual=11, full=11)
    for engine in ENGINES if ground.size.name != "tiny" else ENGINES[:1]:
        with (
            ground.room() as folder,
            ends.standing(ground, folder, engine=engine, codes=TOLD) as both,
        ):
            long_use.begin(both)
            long_use.fill(both.house, size)
            _check(both.house, size)
            ground.say(
                f"console, {engine}: {size.members:,} members, {size.batches:,} batches stand"
            )
            yield from _rows(ground, both, engine, size, rounds)


def _check(house: House, size: long_use.Size) -> None:
    with house.database.read() as tx:
        found = tx.scalar(select(func.count()).select_from(members))
        check("members on the roll", found, size.members + long_use.FEW)
        sealed = tx.scalar(select(func.count()).select_from(batches)) or 0
        check("batches", sealed >= size.batches, True)
        lost = tx.scalar(select(func.count()).select_from(losses)) or 0
        check("times of lost benefits", lost >= size.members // long_use.LOST_OF, True)


def _rows(
    ground: Ground, both: Ends, engine: Engine, size: long_use.Size, rounds: int
) -> Iterator[Row]:
    known = _known(both.house)
    with both.house.database.read() as tx:
        batch = tx.scalar(select(func.max(batches.c.id)))
    whole = datetime.now(UTC).replace(day=1) - timedelta(days=1)  # the last whole month
    process = both.serve()
    took: dict[str, list[float]] = {}
    with httpx2.Client(base_url=process.url, headers=known, timeout=60) as client:
        for _ in range(rounds + 1):  # the first of each reads templates and opens connections
            for page in PAGES:
                path = f"/console{page}".format(batch=batch, month=f"{whole:%Y-%m}")
                took.setdefault(page, []).append(_timed(client, "GET", path))
            for name, form in ASKED.items():
                took.setdefault(name, []).append(_timed(client, "POST", "/console/told", form))
            took.setdefault("/metrics", []).append(_timed(client, "GET", "/metrics"))
    warm = {page: found[1:] for page, found in took.items()}
    slowest = sorted(warm, key=lambda page: -statistics.median(warm[page]))
    for page in slowest:
        ground.say(f"console, {engine}: {statistics.median(warm[page]) * 1_000:7.1f} ms  {page}")
    name = f"console, {size.members:,} members, {size.batches:,} batches, {DATABASES[engine]}"
    for page in slowest:
        yield at_most(
            f"{name}: {page}",
            [one / LIMIT for one in warm[page]],
            1,
            of="200 ms",
            note="a request at a time, by HTTP on loopback",
        )
    yield figure(f"{name}, the slowest page", [one * 1_000 for one in warm[slowest[0]]], "ms")


def _known(house: House) -> dict[str, str]:
    """What a request brings: the cookie of a person, and the token of who collects metrics."""
    now = datetime.now(UTC)
    with house.database.write() as tx:
        user = users.create(tx, "bench", frozenset(Role), by="bench", now=now)
        held = sessions.begin(tx, user, now=now)
        token = tokens.create(tx, "bench", [Scope.VIEWER], by="bench", now=now)
    return {
        "Cookie": f"{COOKIE}={held}",
        "Authorization": f"Bearer {token}",
        "Sec-Fetch-Site": "same-origin",
    }


def _timed(
    client: httpx2.Client, method: str, path: str, form: dict[str, str] | None = None
) -> float:
    began = time.perf_counter()
    answer = client.request(method, path, data=form)
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise Wrong(f"{method} {path} answers {answer.status_code}: {answer.text[-500:]}")
    return took


GROUP = Group("console", "every page of the console over a million members", run)
