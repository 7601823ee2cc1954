"""A run over all rules of retention: chunk by chunk, each a short transaction, until nothing is due.

    (none) --begin--> running --a chunk--> running ... --the last rule--> wiping --wiped--> done

What is erased, its counts and the cursor are written in one transaction. A process that dies leaves
the run as it was after the last chunk, and whoever comes next goes on there; two at once do no
harm, the second finds the cursor moved. What is older than a rule's term was fixed when the run
began, so that it erases what was shown and nothing else. When a rule is through, the ledger has one
entry with its counts. `wiping` is for the bytes: what the database has let go of is wiped from its
files as far as it can (`schemas.database.wipe`).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, text, update

from outbox import expired, ledger
from outbox.house import House
from outbox.retention import BY_NAME, RULES
from schemas.database import Database
from schemas.errors import BadRequest
from schemas.tables import Moment, retention_runs, stored

CHUNK: Final = 500
"""So many rows are looked at in one transaction: some tens of milliseconds."""
CHUNK_BYTES: Final = 4 << 20
"""A transaction erases no more than about so much of files."""
EMPTY_SLICES: Final = 20
"""So many slices without anything due are passed over by reading alone."""
BY: Final = "the gateway"


class State(StrEnum):
    RUNNING = "running"
    WIPING = "wiping"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What a run has erased under one rule, and between which moments that was."""

    rows: int
    bytes: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. `before` says for each rule what is older goes; `rule` is the one at work."""

    id: str
    began_at: datetime
    by: str
    reason: str
    state: State
    before: Mapping[str, datetime]
    rule: str | None
    erased: Mapping[str, Erased]
    ended_at: datetime | None

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.erased.values())


_OPEN = select(retention_runs).where(text("state IN ('running', 'wiping')"))
_NEWEST = select(retention_runs).order_by(
    retention_runs.c.began_at.desc(), retention_runs.c.id.desc()
)
_ERASED = select(retention_runs.c.erased)
_BY_ID = select(retention_runs).where(retention_runs.c.id == bindparam("which"))
_MOVE = (
    update(retention_runs)
    .where(retention_runs.c.id == bindparam("which"))
    .values({name: bindparam(name) for name in ("state", "rule", "cursor", "erased")})
)
_END = (
    update(retention_runs)
    .where(retention_runs.c.id == bindparam("which"), retention_runs.c.state == State.WIPING.value)
    .values(state=State.DONE.value, ended_at=bindparam("now", type_=Moment()))
)


def before(house: House, *, now: datetime) -> dict[str, datetime]:
    """For each rule, in order, the moment before which what it is about goes."""
    terms = house.terms.retention.terms
    return {rule.name: now - terms[rule.name] for rule in RULES}


def begin(tx: Connection, house: House, *, by: str, reason: str, now: datetime) -> Run:
    """Open a run; `go_on` works it. Raises `BadRequest` MRX-7015 if one runs."""
    running = open_run(tx)
    if running is not None:
        raise BadRequest("MRX-7015", state=running.state.value)
    cutoffs = before(house, now=now)
    row = {
        "id": secrets.token_hex(6),
        "began_at": now,
        "by": by,
        "reason": reason,
        "state": State.RUNNING.value,
        "before": {name: stored(at) for name, at in cutoffs.items()},
        "rule": RULES[0].name,
        "cursor": [],
        "erased": {},
    }
    tx.execute(insert(retention_runs).values(row))
    told = {"run": row["id"], "by": by, "reason": reason}
    ledger.add(tx, "retention begun", {**told, "before": _words(cutoffs)}, now=now)
    return one(tx, str(row["id"]))


def open_run(tx: Connection) -> Run | None:
    """The run that has not ended, if there is one."""
    return _first(tx, _OPEN)


def last(tx: Connection) -> Run | None:
    """The run that began last."""
    return _first(tx, _NEWEST.limit(1))


def last_ended(tx: Connection) -> Run | None:
    """The newest that has ended."""
    return _first(tx, _NEWEST.where(retention_runs.c.state == State.DONE.value).limit(1))


def one(tx: Connection, run_id: str) -> Run:
    """A run that there is."""
    return _run(tx.execute(_BY_ID, {"which": run_id}).one())


def every(tx: Connection, *, at_most: int) -> list[Run]:
    """The newest runs."""
    return [_run(row) for row in tx.execute(_NEWEST.limit(at_most))]


def erased_ever(tx: Connection) -> dict[str, int]:
    """How many rows went under each rule, in all runs."""
    found = {rule.name: 0 for rule in RULES}
    for erased in tx.scalars(_ERASED):
        for rule, one_ in erased.items():
            found[rule] = found.get(rule, 0) + int(one_["rows"])
    return found


def go_on(house: House, *, now: datetime, chunk: int = CHUNK) -> bool:
    """Work the open run a little: one chunk, or the wiping. Say whether it goes on.

    Raises `NotReady` where the database refuses; the run stays as it is, and goes on later.
    """
    with house.database.read() as tx:
        row = tx.execute(_OPEN).one_or_none()
        if row is None:
            return False
        ahead = _ahead(tx, row, chunk) if row.state == State.RUNNING.value else []
    if row.state == State.WIPING.value:
        _wipe(house.database, row, now=now)
        return False
    with house.database.write() as tx:
        found = tx.execute(_BY_ID, {"which": row.id}).one()
        if (found.state, found.rule, found.cursor) == (row.state, row.rule, row.cursor):
            _some(tx, found, ahead, chunk, now)  # else somebody was quicker
    return True


def _ahead(tx: Connection, row: Row[Any], chunk: int) -> list[Any]:
    """The cursor from which on there is something due, or `EMPTY_SLICES` further on."""
    cursor = list(row.cursor)
    for _ in range(EMPTY_SLICES):
        found = expired.look(tx, row.rule, before=_cutoff(row, row.rule), after=cursor, most=chunk)
        if len(found) < chunk or any(one.due for one in found):
            break
        cursor = expired.place(row.rule, found[-1])
    return cursor


def _some(tx: Connection, run: Row[Any], cursor: Sequence[Any], chunk: int, now: datetime) -> None:
    """One chunk of the rule at work; if it was the last, the ledger's word and the next rule."""
    found = expired.look(tx, run.rule, before=_cutoff(run, run.rule), after=cursor, most=chunk)
    looked = _bounded(found)
    due = [one for one in looked if one.due]
    expired.erase(tx, run.rule, due, now=now)
    erased = dict(run.erased)
    if due:
        erased[run.rule] = _added(erased.get(run.rule), due)
    moved: dict[str, Any] = {"state": run.state, "rule": run.rule, "erased": erased}
    if len(found) == chunk or len(looked) < len(found):
        moved["cursor"] = expired.place(run.rule, looked[-1])
    else:
        _tell(tx, run, erased.get(run.rule), now=now)
        rules = [rule.name for rule in RULES]
        following = rules[rules.index(run.rule) + 1 :][:1]
        moved |= {"cursor": [], "rule": following[0] if following else None}
        moved["state"] = State.RUNNING.value if following else State.WIPING.value
    tx.execute(_MOVE, {"which": run.id, **moved})


def _bounded(found: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """The beginning of a slice that erases no more than `CHUNK_BYTES`, and at least one row."""
    total = 0
    for n, row in enumerate(found):
        total += row.size if row.due else 0
        if n and total > CHUNK_BYTES:
            return found[:n]
    return found


def _added(was: Mapping[str, Any] | None, due: Sequence[Row[Any]]) -> dict[str, Any]:
    moments = [stored(one.at) for one in due]
    before_ = was or {"rows": 0, "bytes": 0, "oldest": moments[0], "newest": moments[0]}
    return {
        "rows": before_["rows"] + len(due),
        "bytes": before_["bytes"] + sum(int(one.size) for one in due),
        "oldest": min(before_["oldest"], *moments),
        "newest": max(before_["newest"], *moments),
    }


def _tell(
    tx: Connection, run: Row[Any], erased: Mapping[str, Any] | None, *, now: datetime
) -> None:
    """What went under one rule, in the transaction of its last chunk. Counts and moments: nobody."""
    if erased is None:
        return
    told = {
        "run": run.id,
        "rule": run.rule,
        "table": BY_NAME[run.rule].table,
        "rows": erased["rows"],
        "bytes": erased["bytes"],
        "oldest": _word(_moment(erased["oldest"])),
        "newest": _word(_moment(erased["newest"])),
        "before": _word(_cutoff(run, run.rule)),
        "by": run.by,
    }
    ledger.add(tx, "erased", told, now=now)


def _wipe(database: Database, run: Row[Any], *, now: datetime) -> None:
    """We crash here: it is wiped again, which changes nothing."""
    if run.erased:
        database.wipe([table for name in run.erased for table in BY_NAME[name].tables])
    with database.write() as tx:
        tx.execute(_END, {"which": run.id, "now": now})


def _cutoff(run: Row[Any], rule: str) -> datetime:
    return _moment(run.before[rule])


def _words(cutoffs: Mapping[str, datetime]) -> dict[str, str]:
    return {name: _word(at) for name, at in cutoffs.items()}


def _word(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(microseconds: int) -> datetime:
    return expired.moment(microseconds)


def _first(tx: Connection, query: Select[Any]) -> Run | None:
    row = tx.execute(query).one_or_none()
    return None if row is None else _run(row)


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        began_at=row.began_at,
        by=row.by,
        reason=row.reason,
        state=State(row.state),
        before={name: _moment(at) for name, at in row.before.items()},
        rule=row.rule,
        erased={
            name: Erased(
                rows=one["rows"],
                bytes=one["bytes"],
                oldest=_moment(one["oldest"]),
                newest=_moment(one["newest"]),
            )
            for name, one in row.erased.items()
        },
        ended_at=row.ended_at,
    )
