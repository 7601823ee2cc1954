"""The register of pushes that came by HTTP: what each was, how it stands, what became of it.

    running --> done
       |------> waiting      a full list over the guard; its body stays in the spool
       |           |--> running      another token approved
       |           '--> discarded
       '------> interrupted  the process died, or the gateway failed: push it again

A state changes only under the lock of the push's file in the spool, and by one guarded UPDATE.
Every chunk of a push is complete in itself, so that an interrupted one may be repeated whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, tuple_, update

from gateway import spool
from gateway.intake.reading import Format, Rejected
from outbox import ledger
from outbox.house import House
from schemas.errors import BadRequest
from schemas.tables import push_rejections, pushes, stored

REJECTIONS_KEPT_FOR = timedelta(days=7)
CALLED = "token "
"""How a token's name in the ledger begins; the register keeps its bare id."""
# Of one push. The count goes on; what lies beyond is told by no one.
REJECTIONS_MAX = 1_000_000
_SOME = 2_000


class Kind(StrEnum):
    MEMBERS = "members"
    CONSENTS = "consents"


class State(StrEnum):
    RUNNING = "running"
    DONE = "done"
    WAITING = "waiting"
    INTERRUPTED = "interrupted"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A push as it stands in the register. `report` has counts and codes, never company data."""

    id: str
    token: str
    kind: Kind
    format: Format
    mode: str
    dry_run: bool
    as_of: datetime
    bytes: int
    digest: str
    received_at: datetime
    state: State = State.RUNNING
    finished_at: datetime | None = None
    report: Mapping[str, Any] | None = None
    approved_by: str | None = None


def begin(tx: Connection, push: Pushed) -> None:
    """Enter a push that starts to run; its file in the spool is ours."""
    tx.execute(insert(pushes).values(asdict(push) | {"file": push.id}))


def settle(
    tx: Connection, push_id: str, state: State, report: Mapping[str, Any] | None, *, now: datetime
) -> None:
    """A running push is done, waits, or was interrupted."""
    finished = None if state is State.WAITING else now
    file = push_id if state is State.WAITING else None
    tx.execute(
        update(pushes)
        .where(pushes.c.id == push_id, pushes.c.state == State.RUNNING)
        .values(state=state, report=report, finished_at=finished, file=file)
    )


def resume(
    tx: Connection, push_id: str, *, by: str, now: datetime, reason: str | None = None
) -> None:
    """Let a waiting push run. `by` is what the ledger names: `token <id>`, or a user.

    Raises `BadRequest` MRX-7014 (one's own), MRX-7015 (not waiting).
    """
    row = tx.execute(select(pushes).where(pushes.c.id == push_id)).one()
    if row.state != State.WAITING:
        raise BadRequest("MRX-7015")
    if by == f"{CALLED}{row.token}":
        raise BadRequest("MRX-7014")
    mine = pushes.c.id == push_id
    approver = by.removeprefix(CALLED)
    tx.execute(update(pushes).where(mine).values(state=State.RUNNING, approved_by=approver))
    tx.execute(delete(push_rejections).where(push_rejections.c.push == push_id))
    ledger.add(tx, "push released", {"push": push_id, "by": by, "reason": reason}, now=now)


def discard(
    tx: Connection, push_id: str, *, by: str, now: datetime, reason: str | None = None
) -> None:
    """Give up a waiting push. Raises `BadRequest` MRX-7015 if it does not wait."""
    done = tx.execute(
        update(pushes)
        .where(pushes.c.id == push_id, pushes.c.state == State.WAITING)
        .values(state=State.DISCARDED, finished_at=now, file=None)
    )
    if not done.rowcount:
        raise BadRequest("MRX-7015")
    told = {"push": push_id, "by": by, "reason": reason}
    ledger.add(tx, "push discarded", told, now=now)


# -- looking ---------------------------------------------------------------------------------------


def get(tx: Connection, push_id: str, *, token: str, approves: bool) -> Pushed:
    """A push this token may see. Another's is as unknown as none: `BadRequest` MRX-7004."""
    query = select(pushes).where(pushes.c.id == push_id, _seen_by(token, approves=approves))
    row = tx.execute(query).one_or_none()
    if row is None:
        raise BadRequest("MRX-7004")
    return _pushed(row)


def any_of(tx: Connection, push_id: str) -> Pushed:
    """A push, whoever sent it: for people here. Raises `BadRequest` MRX-7004."""
    row = tx.execute(select(pushes).where(pushes.c.id == push_id)).one_or_none()
    if row is None:
        raise BadRequest("MRX-7004")
    return _pushed(row)


def every(
    tx: Connection,
    *,
    state: State | None = None,
    kind: Kind | None = None,
    after: tuple[datetime, str] | None = None,
    at_most: int,
) -> list[Pushed]:
    """All pushes, the newest first; those before the key `after`."""
    key = (pushes.c.received_at, pushes.c.id)
    query = select(pushes).order_by(*(column.desc() for column in key)).limit(at_most)
    if state is not None:
        query = query.where(pushes.c.state == state)
    if kind is not None:
        query = query.where(pushes.c.kind == kind)
    if after is not None:
        query = query.where(tuple_(*key) < after)
    return [_pushed(row) for row in tx.execute(query)]


def key(push: Pushed) -> tuple[int, str]:
    """The key of `after` for one of them, as numbers and text."""
    return stored(push.received_at), push.id


def page(
    tx: Connection, *, token: str, approves: bool, after: tuple[datetime, str] | None, limit: int
) -> list[Pushed]:
    """The pushes this token may see, the oldest first."""
    key = (pushes.c.received_at, pushes.c.id)
    query = select(pushes).where(_seen_by(token, approves=approves)).order_by(*key).limit(limit)
    if after is not None:
        query = query.where(tuple_(*key) > after)
    return [_pushed(row) for row in tx.execute(query)]


def rejections(tx: Connection, push_id: str, *, after: int, limit: int) -> Sequence[Row[Any]]:
    """Rows of n, line, account and code, in the order of the lines."""
    query = (
        select(push_rejections)
        .where(push_rejections.c.push == push_id, push_rejections.c.n > after)
        .order_by(push_rejections.c.n)
        .limit(limit)
    )
    return tx.execute(query).all()


def _seen_by(token: str, *, approves: bool) -> ColumnElement[bool]:
    """Its own; with `approve` also what waits for somebody, and what it has let in."""
    own = pushes.c.token == token
    if not approves:
        return own
    return or_(own, pushes.c.state == State.WAITING, pushes.c.approved_by == token)


def _pushed(row: Row[Any]) -> Pushed:
    fields = {name: getattr(row, name) for name in Pushed.__dataclass_fields__}
    return Pushed(**fields | {"kind": Kind(row.kind), "state": State(row.state)})


# -- rejections ------------------------------------------------------------------------------------


class Rejections:
    """Takes the rejections of one push one by one, and writes them some thousand at a time.

    It opens transactions of its own: call it with none open. `cut` says that there were too many
    to keep.
    """

    def __init__(self, house: House, push_id: str) -> None:
        self.cut = False
        self._house, self._push = house, push_id
        self._written = 0
        self._held: list[dict[str, object]] = []

    def add(self, rejected: Rejected) -> None:
        n = self._written + len(self._held) + 1
        if n > REJECTIONS_MAX:
            self.cut = True
            return
        line, account, code, _ = rejected
        self._held.append(
            {"push": self._push, "n": n, "line": line, "account": account, "code": code}
        )
        if len(self._held) == _SOME:
            self.flush()

    def flush(self) -> None:
        if self._held:
            with self._house.database.write() as tx:
                tx.execute(insert(push_rejections), self._held)
            self._written += len(self._held)
            self._held = []


# -- upkeep ----------------------------------------------------------------------------------------


def tidy(house: House, *, now: datetime) -> None:
    """Find the pushes of processes that died, and drop what nobody needs any more.

    To be called when a server starts and every now and then. What waits is left alone.
    """
    with house.database.read() as tx:
        running = set(tx.scalars(select(pushes.c.id).where(pushes.c.state == State.RUNNING)))
    for push_id in running | set(spool.every(house)):
        _bury(house, push_id, now=now)
    with house.database.read() as tx:
        old = list(tx.scalars(_forgettable(now)))
    for push_id in old:
        with house.database.write() as tx:
            tx.execute(delete(push_rejections).where(push_rejections.c.push == push_id))


def _bury(house: House, push_id: str, *, now: datetime) -> None:
    file = spool.take(house, push_id)
    if file is None and push_id in spool.every(house):
        return  # somebody is at it
    with house.database.write() as tx:
        settle(tx, push_id, State.INTERRUPTED, None, now=now)
        waits = tx.scalar(
            select(pushes.c.id).where(pushes.c.id == push_id, pushes.c.state == State.WAITING)
        )
    if file is not None and waits is None:
        file.remove()
    elif file is not None:
        file.let_go()


def _forgettable(now: datetime) -> Any:
    """Finished pushes whose rejections have been kept long enough."""
    return (
        select(pushes.c.id)
        .where(pushes.c.finished_at < now - REJECTIONS_KEPT_FOR)
        .where(pushes.c.id.in_(select(push_rejections.c.push)))
        .limit(100)
    )
