"""The lookup of recognised foreign members: 3,000 identifiers a call, a million members.

    ours     `partners.recognised.find`, in a transaction as a request has it
    floor    the bare indexed query for the same values, by the plain driver: identifiers joined to
             members, all rows fetched, nothing made of them
    by HTTP  POST /v1/source/recognised/lookup of a real `mrx serve`: token, JSON both ways and
             reading every identifier included

Each call asks for other identifiers, so that no page is warm by luck; one in ten is unknown.
"""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import httpx2
import psycopg
import pysqlite3
from sqlalchemy import make_url

from bench import ends, filling, home
from bench.ground import ENGINES, Engine, Ground
from bench.row import Row, at_most, check, figure
from bench.rows.group import Group
from bench.stopwatch import Stopwatch
from gateway import tokens
from gateway.home import DATABASE
from gateway.tokens import Scope
from outbox.house import House
from partners import recognised
from schemas.identifiers import Identifier
from schemas.postgresql import PostgreSQL

LIMIT = 3
ASKED = 3_000
TARGET = "50,000/s"
PROGRAMME = "mx-neec"
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_QUERY = (
    "SELECT m.programme, m.ref, m.name, m.status, m.member_since, m.quarantined, i.scheme, i.value,"
    " i.source, i.from_on, i.until_on FROM foreign_identifiers i JOIN foreign_members m"
    " ON m.programme = i.programme AND m.ref = i.ref WHERE i.scheme = {0} AND i.value IN ({1})"
)


def run(ground: Ground) -> Iterator[Row]:
    size = ground.size.pick(tiny=5_000, quick=20_000, usual=1_000_000, full=1_000_000)
    calls = ground.size.pick(tiny=2, quick=7, usual=50, full=50)
    for engine in ENGINES if ground.size.name != "tiny" else ENGINES[:1]:
        with (
            ground.room() as folder,
            ends.standing(ground, folder, engine=engine, codes=()) as ours,
        ):
            filling.recognised(ours.house, PROGRAMME, size)
            ground.say(f"recognised, {engine}: {size:,} members stand")
            yield from _rows(ours, engine, size, calls)


def _rows(ours: ends.Ends, engine: Engine, size: int, calls: int) -> Iterator[Row]:
    dice = random.Random(size)
    ratios, speeds = [], []
    with ExitStack() as stack:
        bare = _bare(ours.house, stack)
        for _ in range(calls):
            values, known = _asked(dice, size)
            asked = [Identifier("MID", value) for value in values]
            with Stopwatch() as least:
                rows = bare(values)
            with Stopwatch() as took, ours.house.database.read() as tx:
                found = recognised.find(tx, asked, now=datetime.now(UTC))
            check("rows of the bare query", len(rows), known)
            check("identifiers that were found", sum(map(bool, found.values())), known)
            ratios.append(took.wall / least.wall)
            speeds.append(ASKED / took.wall)
    name = f"recognised lookup, {ASKED:,} a call of {size:,}, {DATABASES[engine]}"
    yield at_most(name, ratios, LIMIT, of="the bare indexed query", note="wall clock, in process")
    yield figure(f"{name}, speed", speeds, "identifiers/s", target=TARGET)
    served = list(_by_http(ours, dice, size, calls))
    yield figure(f"{name}, by HTTP", served, "identifiers/s", note="one client, one call at a time")


def _asked(dice: random.Random, size: int) -> tuple[list[str], int]:
    """Different MIDs, and how many of them the roll has."""
    unknown = ASKED // 10
    numbers = dice.sample(range(size), min(ASKED - unknown, size // 2))
    values = [filling.mid(n) for n in numbers] + [f"CNNOBODY{n}SHA" for n in range(unknown)]
    dice.shuffle(values)
    return values, len(numbers)


def _bare(house: House, stack: ExitStack) -> Any:
    """The query by the database's own driver: a list of values in, a list of rows out."""
    raw: Any
    if isinstance(house.database, PostgreSQL):
        url = make_url(home.environment(house)["MRX_DATABASE_URL"]).set(drivername="postgresql")
        raw = psycopg.connect(url.render_as_string(hide_password=False))
        mark, cursor = "%s", raw.cursor()
    else:
        raw = pysqlite3.connect(house.folder / DATABASE)
        mark, cursor = "?", raw.cursor()
    stack.callback(raw.close)

    def ask(values: list[str]) -> list[Any]:
        query = _QUERY.format(mark, ", ".join([mark] * len(values)))
        cursor.execute(query, ["MID", *values])
        return list(cursor.fetchall())

    return ask


def _by_http(ours: ends.Ends, dice: random.Random, size: int, calls: int) -> Iterator[float]:
    with ours.house.database.write() as tx:
        token = tokens.create(tx, "bench", {Scope.LOOKUP}, by="bench", now=datetime.now(UTC))
    served = ours.serve()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=served.url, trust_env=False, timeout=60, headers=headers) as client:
        for _ in range(calls):
            values, known = _asked(dice, size)
            body = {"identifiers": [{"scheme": "MID", "value": value} for value in values]}
            began = time.perf_counter()
            answer = client.post("/v1/source/recognised/lookup", json=body)
            took = time.perf_counter() - began
            check("the answer's status", answer.status_code, httpx2.codes.OK)
            check(
                "identifiers that were answered",
                sum(bool(one["members"]) for one in answer.json()["answers"]),
                known,
            )
            yield ASKED / took


GROUP = Group("recognised", "3,000 identifiers a call among a million foreign members", run)
