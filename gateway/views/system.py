"""Does the gateway work? What it needs, a line each: well or wrong, and what to do.

Looked at now is what lies here: settings, home folder, key, disk, and the database. Nobody else is
asked, so that the page answers at once: the broker, workers, partners and the walk over the ledger
are told by what is kept of them, with when that was. `mrx doctor` asks all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, select

from gateway import doctor
from gateway.checkup.finding import Found, Result, Step
from gateway.checkup.reaching import Failed
from gateway.doctor import bundle, data, host
from gateway.doctor.case import Case
from gateway.settings import Settings
from gateway.views import ledger
from gateway.views.alarms.alarm import many
from gateway.views.alarms.lanes import UNWORKED
from outbox import due
from outbox.house import House
from outbox.lane import LONG_AGO
from partners import consents
from schemas import server_settings
from schemas.codes import CODES
from schemas.postgresql import PostgreSQL
from schemas.tables import connection_tests, lanes
from schemas.tables import ledger as entries

CLOCK_APART: Final = timedelta(seconds=5)
WALKED_LONG_AGO: Final = timedelta(days=7)
_NEWEST = select(entries.c.at).order_by(entries.c.position.desc()).limit(1)
_LANES = select(
    lanes.c.served_at, lanes.c.look_at, lanes.c.leased_until, lanes.c.partner, lanes.c.kind
)
_TESTS = select(connection_tests).order_by(connection_tests.c.partner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that is needed, and when this was so: now, or before; None: never."""

    name: str
    result: Result
    sentence: str
    next: str | None
    known_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """`program` says which program this is. `well`: no line is wrong; a warning alone is none."""

    at: datetime
    program: Mapping[str, str]
    lines: tuple[Line, ...]

    @property
    def well(self) -> bool:
        return all(line.result is not Result.FAILED for line in self.lines)


@dataclass(slots=True)
class _Kept:
    """What the database is asked by, and when what it says was so: now, unless a look says when."""

    case: Case
    house: House
    tx: Connection
    now: datetime
    known_at: datetime | None


def system(
    house: House, settings: Settings, environment: Mapping[str, str], *, now: datetime
) -> System:
    """Everything, within some milliseconds. Raises nothing: what goes wrong is a line."""
    case = Case(
        read_settings=lambda: settings,
        environment=environment,
        clock=lambda: now,
        found=settings,
        database=house.database,
    )
    lines = [_line(doctor.looked(name, look, case), now) for name, look in _HERE]
    lines += _of_the_database(house, case, now)
    return System(at=now, program=bundle.program(), lines=tuple(lines))


def diagnostics(
    house: House, settings: Settings, environment: Mapping[str, str], *, now: datetime
) -> bytes:
    """The same as a file for whoever helps: names of settings, and no value of any."""
    return bundle.written(diagnosed(house, settings, environment, now=now))


def diagnosed(
    house: House, settings: Settings, environment: Mapping[str, str], *, now: datetime
) -> dict[str, Any]:
    """The content of that file."""
    found = system(house, settings, environment, now=now)
    steps = [
        Step(step=one.name, result=one.result, sentence=one.sentence, next=one.next)
        for one in found.lines
    ]
    return bundle.facts(settings, environment, steps, now=now)


_HERE: Final = (
    ("settings", host.settings),
    ("environment", host.environment),
    ("privacy", host.privacy),
    ("disk", host.disk),
    ("key", host.key),
    ("certificate", host.certificate),
    ("schema", data.schema),
)


def _of_the_database(house: House, case: Case, now: datetime) -> list[Line]:
    """The lines that are read from what is kept, in one view of it."""
    found: list[Line] = []

    def ask(_case: Case) -> Found:
        with house.database.read() as tx:
            for name, look in _KEPT:
                kept = _Kept(case, house, tx, now, known_at=now)
                step = doctor.looked(name, partial(_asked, look, kept), case)
                found.append(_line(step, kept.known_at))
        return Found(f"{house.database.version} answers")

    return [_line(doctor.looked("database", ask, case), now), *found]


def _asked(look: Callable[[_Kept], Found], kept: _Kept, _case: Case) -> Found:
    return look(kept)


def _line(step: Step, known_at: datetime | None) -> Line:
    return Line(
        name=step.step,
        result=step.result,
        sentence=step.sentence,
        next=step.next,
        known_at=known_at,
    )


# -- what is kept ----------------------------------------------------------------------------------


def _clock(kept: _Kept) -> Found:
    newest = kept.tx.scalar(_NEWEST)
    if newest is not None and newest - kept.now > CLOCK_APART:
        raise Failed(
            "this host's clock is behind what the ledger says", "have the hosts keep time by NTP"
        )
    if not isinstance(kept.house.database, PostgreSQL):
        return Found("not behind what the ledger says")
    apart = abs(server_settings.clock(kept.tx) - kept.now)
    said = f"{apart.total_seconds():,.1f} s between this host and the database server"
    if apart > CLOCK_APART:
        raise Failed(said, "have both hosts keep time by NTP")
    return Found(said)


def _feeds(kept: _Kept) -> Found:
    """A feed that is stale stops announcements: for a gateway that runs, no mere warning (P9)."""
    kept.known_at = consents.as_of(kept.tx)
    found = data.feeds(kept.case)
    if found.result is not Result.OK:
        raise Failed(found.sentence, found.next or CODES["MRX-2207"].repair)
    return found


def _ledger(kept: _Kept) -> Found:
    found = ledger.standing(kept.tx)
    kept.known_at = found.verified_at
    said = f"{many(found.head.size, 'entry', 'entries')}"
    walk = "walk it on the page Ledger, which keeps what it found; `mrx ledger verify` only says it"
    if found.broken_at is not None:
        raise Failed(
            f"{said}; broken at entry {found.broken_at:,} (MRX-9006)", CODES["MRX-9006"].repair
        )
    if found.verified_at is None:
        return Found(f"{said}; nobody has walked it yet", walk, Result.WARNING)
    said = f"{said}; whole up to entry {found.verified_to:,}"
    if kept.now - found.verified_at > WALKED_LONG_AGO:
        return Found(said, walk, Result.WARNING)
    return Found(said)


def _engine(kept: _Kept) -> Found:
    if kept.case.settings.engine == "threads":
        return Found("lanes are worked by threads of `mrx serve`; there is no broker")
    kept.known_at = _last_taken(kept.tx)
    return Found(
        "lanes are worked by `mrx worker`; the broker is not asked here, and lanes go on without it",
        "to ask it: `mrx doctor`",
        Result.SKIPPED,
    )


def _workers(kept: _Kept) -> Found:
    """Whoever works lanes is seen by the lanes' rows: who has one, and when one was last taken."""
    rows = kept.tx.execute(_LANES).all()
    kept.known_at = _last_taken(kept.tx)
    leased = sum(row.leased_until > kept.now for row in rows)
    waiting = {(one.partner, one.kind) for one in due.every(kept.tx, now=kept.now)}
    long_ago = kept.now - UNWORKED
    alone = [
        row
        for row in rows
        if (row.partner, row.kind) in waiting and max(row.look_at, row.served_at) < long_ago
    ]
    said = f"{many(leased, 'lane')} in work, due: {len(waiting)}"
    if alone and not leased and (kept.known_at is None or kept.known_at < long_ago):
        raise Failed(f"{said}; nobody works them", "see whether `mrx serve` or `mrx worker` runs")
    return Found(said)


def _partners(kept: _Kept) -> Found:
    """By the last test of each one's address; nobody is asked now."""
    rows = kept.tx.execute(_TESTS).all()
    kept.known_at = min((row.at for row in rows), default=None)
    failed = [
        row.partner for row in rows if any(one["result"] == Result.FAILED for one in row.findings)
    ]
    said = f"addresses tested: {len(rows)}"
    if failed:
        return Found(
            f"{said}; something failed with {', '.join(failed)}",
            "test again: `mrx partner test`, or the partner's page Connection",
            Result.WARNING,
        )
    return Found(said)


def _last_taken(tx: Connection) -> datetime | None:
    """When a lane was last taken by anybody."""
    latest = max((row.served_at for row in tx.execute(_LANES)), default=LONG_AGO)
    return None if latest == LONG_AGO else latest


_KEPT: Final = (
    ("feeds", _feeds),
    ("clock", _clock),
    ("ledger", _ledger),
    ("engine", _engine),
    ("workers", _workers),
    ("partners", _partners),
)
