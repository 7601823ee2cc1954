"""Intake: `mrx push members` as a process of its own, beside the database's own bulk rate.

    first     every line is a new member
    again     the same file: nothing is news
    changed   one line in ten has another name

    floor     the rows that the first push left behind, in the order of the file, into empty tables
              of the same shape with the same indexes: driver executemany in one transaction on
              SQLite, COPY on PostgreSQL

The wall's clock; ours is the process from its start to its end, starting Python and reading,
checking and committing in thousands included. The start alone, a push of nothing, is its own row.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pysqlite3
from sqlalchemy import Table, func, make_url, select

from bench import home, members
from bench.ground import ENGINES, Engine, Ground
from bench.row import Row, at_least, at_most, check, figure
from bench.rows.group import Group
from bench.stopwatch import Stopwatch
from gateway.demo import companies
from gateway.demo.processes import environment
from gateway.home import DATABASE
from outbox.house import House
from schemas.database import Database
from schemas.postgresql import PostgreSQL
from schemas.tables import member_identifiers
from schemas.tables import members as roll

SHARE = 0.5
RESIDENT_MB = 300
# What the process may still gain in the second half of its work.
FLAT = 1.1
LOOK_SECONDS = 0.02
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
Rows = list[tuple[Any, ...]]
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "cache_size=-16384", "temp_store=MEMORY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """One push: seconds, of them on a processor, megabytes at its half, at its end and at its
    highest, and its report. The highest is the process's own word (VmHWM): `ru_maxrss` would count
    what this process held when it forked.
    """

    took: float
    cpu: float
    half_mb: float
    end_mb: float
    most_mb: float
    report: dict[str, Any]


def run(ground: Ground) -> Iterator[Row]:
    count = ground.size.pick(tiny=3_000, quick=40_000, usual=1_000_000, full=1_000_000)
    runs = ground.size.pick(tiny=1, quick=1, usual=1, full=3)
    with ground.room() as folder:
        first, changed, empty = (
            folder / f"{name}.ndjson" for name in ("first", "changed", "empty")
        )
        _write(first, count, turned=0)
        _write(changed, count, turned=count // 10)
        empty.touch()
        for engine in ENGINES if ground.size.name != "tiny" else ENGINES[:1]:
            yield from _rows(ground, engine, count, runs, (first, changed, empty))


def _rows(
    ground: Ground, engine: Engine, count: int, runs: int, files: tuple[Path, Path, Path]
) -> Iterator[Row]:
    firsts: list[Pushed] = []
    again: list[Pushed] = []
    tenth: list[Pushed] = []
    starts: list[Pushed] = []
    floors: list[float] = []
    for turn in range(runs):
        with ground.room() as folder, home.made(ground, folder, "us-ctpat", engine=engine) as house:
            one, two, three, none = _pushes(house, count, files)
            least = _floor(ground, engine, house)
        ground.say(
            f"intake, {engine}, {turn + 1} of {runs}: first {one.took:.1f} s, again {two.took:.1f} "
            f"s, a tenth changed {three.took:.1f} s, start {none.took:.1f} s, floor {least:.1f} s"
        )
        for kept, pushed in ((firsts, one), (again, two), (tenth, three), (starts, none)):
            kept.append(pushed)
        floors.append(least)
    name = f"intake, {count:,} lines, {DATABASES[engine]}"
    rates = [least / pushed.took for least, pushed in zip(floors, firsts, strict=True)]
    yield at_least(
        f"{name}, first load",
        rates,
        SHARE,
        of="the database's bulk rate",
        note=f"whole process, wall clock, of which starting it {starts[-1].took:.1f} s; processor "
        f"time {firsts[-1].cpu:.1f} s, starting {starts[-1].cpu:.1f} s",
    )
    yield figure(f"{name}, bulk rate of the database", [count / s for s in floors], "lines/s")
    for what, some in (("first load", firsts), ("no news", again), ("a tenth is news", tenth)):
        yield figure(f"{name}, {what}, speed", [count / one.took for one in some], "lines/s")
    every = firsts + again + tenth
    yield at_most(
        f"{name}, resident memory",
        [max(one.most_mb for one in every) / RESIDENT_MB],
        1,
        of=f"{RESIDENT_MB} MB",
        note=f"highest of all pushes: {max(one.most_mb for one in every):.0f} MB",
    )
    yield at_most(
        f"{name}, resident memory, end against half",
        [max(one.end_mb / one.half_mb for one in every)],
        FLAT,
        of="the memory at half of the lines",
    )


def _pushes(house: House, count: int, files: tuple[Path, Path, Path]) -> tuple[Pushed, ...]:
    """The three pushes and a push of nothing, each judged by its report and by the roll."""
    first, changed, empty = files
    pushed = []
    for file, accepted, unchanged in (
        (first, count, 0),
        (first, 0, count),
        (changed, count // 10, count - count // 10),
        (empty, 0, 0),
    ):
        one = _push(house, file, count)
        told = {name: one.report[name] for name in ("accepted", "unchanged", "rejected", "ignored")}
        wanted = {"accepted": accepted, "unchanged": unchanged, "rejected": 0, "ignored": 0}
        check(f"a push of {file.name}", told, wanted)
        pushed.append(one)
    with house.database.read() as tx:
        check("members on the roll", tx.scalar(select(func.count()).select_from(roll)), count)
        wanted_name = members.member(0, turn=1).name
        found = tx.scalar(select(roll.c.name).where(roll.c.account == members.account(0)))
        check("the name of a changed member", found, wanted_name)
        numbers = sum(len(one.identifiers) for one in members.members(count))
        found = tx.scalar(select(func.count()).select_from(member_identifiers))
        check("identifiers on the roll", found, numbers)
    home.verify_ledger(house)
    return tuple(pushed)


def _push(house: House, file: Path, lines: int) -> Pushed:
    """Run the command to its end and watch how much memory it holds."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "push", "members", str(file), "--json"],
        env=environment(house.folder) | home.environment(house),
        stdout=subprocess.PIPE,
    )
    held: list[tuple[float, float]] = []
    most = 0.0
    while _running(process.pid):
        if resident := _memory_mb(process.pid, "VmRSS"):
            held.append((time.perf_counter() - began, resident))
            most = _memory_mb(process.pid, "VmHWM") or most
        time.sleep(LOOK_SECONDS if lines < 10**6 else LOOK_SECONDS * 10)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    check(f"the exit of a push of {file.name}", process.returncode, 0)
    half = next(mb for at, mb in held if at >= took / 2 or (at, mb) == held[-1])
    return Pushed(
        took=took,
        half_mb=half,
        end_mb=held[-1][1],
        most_mb=most,
        cpu=used.ru_utime + used.ru_stime,
        report=orjson.loads(said),
    )


def _running(pid: int) -> bool:
    """Whether a child has not ended; one that has is left to be waited for."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def _memory_mb(pid: int, what: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _write(file: Path, count: int, *, turned: int) -> None:
    """The members as a source pushes them; the first so many have another name."""
    with file.open("wb") as sink:
        sink.writelines(companies.member_lines(members.members(turned, turn=1)))
        sink.writelines(companies.member_lines(members.members(count - turned, start=turned)))


def _floor(ground: Ground, engine: Engine, house: House) -> float:
    """Seconds of writing the same rows in the database's own way, into an empty home."""
    rows = {table: _raw(house.database, table) for table in (roll, member_identifiers)}
    with ground.room() as folder, home.made(ground, folder, "us-ctpat", engine=engine) as bare:
        if isinstance(bare.database, PostgreSQL):
            took = _copied(bare, rows)
        else:
            took = _executed(bare, rows)
        with bare.database.read() as tx:
            for table, some in rows.items():
                found = tx.scalar(select(func.count()).select_from(table))
                check(f"rows of {table.name} the floor inserted", found, len(some))
    return took


def _raw(database: Database, table: Table) -> Rows:
    """The rows as the database keeps them, in the order in which they came."""
    with database.read() as tx:
        query = f"SELECT {_names(table)} FROM {table.name} ORDER BY account"
        return [tuple(row) for row in tx.exec_driver_sql(query)]


def _names(table: Table) -> str:
    return ", ".join(column.name for column in table.columns)


def _executed(bare: House, rows: Mapping[Table, Rows]) -> float:
    raw: Any = pysqlite3.connect(bare.folder / DATABASE, isolation_level=None)
    for pragma in _PRAGMAS:
        raw.execute(f"PRAGMA {pragma}")
    with Stopwatch() as took:
        raw.execute("BEGIN IMMEDIATE")
        for table, some in rows.items():
            marks = ", ".join("?" for _ in table.columns)
            raw.executemany(f"INSERT INTO {table.name} ({_names(table)}) VALUES ({marks})", some)
        raw.execute("COMMIT")
    raw.close()
    return took.wall


def _copied(bare: House, rows: Mapping[Table, Rows]) -> float:
    url = make_url(home.environment(bare)["MRX_DATABASE_URL"]).set(drivername="postgresql")
    with (
        psycopg.connect(url.render_as_string(hide_password=False)) as raw,
        raw.cursor() as cursor,
        Stopwatch() as took,
    ):
        for table, some in rows.items():
            with cursor.copy(f"COPY {table.name} ({_names(table)}) FROM STDIN".encode()) as copy:
                for row in some:
                    copy.write_row(row)
        raw.commit()
    return took.wall


GROUP = Group("intake", "mrx push members, beside the database's own bulk rate", run)
