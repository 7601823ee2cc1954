"""The walk of pushes that come by HTTP, and the one of upkeep."""

import secrets
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, select, update

from gateway import pushes, spool, taking
from gateway.intake.reading import Rejected
from gateway.pushes import Kind, Pushed, Rejections, State
from gateway.tokens import Scope
from outbox import endings
from partners import agreements
from schemas.tables import lanes, members, pending, push_rejections, standing_consents
from tests.gateway.api.doors import token
from tests.journeys.crash import after
from tests.journeys.crash.walk import MEXICO, Here, Walk, deliver, restarted
from tests.journeys.crash.walks_lanes import OnLanes
from tests.world import member

ALL = [str(n) for n in range(10000001, 10000025)]
FEW, CONSENTED = ALL[:8], ALL[:20]


def _put(here: Here, kind: Kind, lines: Sequence[object], minute: int, mode: str = "delta") -> None:
    """A push comes by HTTP, as of a minute that does not change when it is said again."""
    body = b"\n".join(map(orjson.dumps, lines))
    file = spool.create(here.house, secrets.token_hex(8))
    file.write(body)
    with here.house.database.read() as tx:
        pusher, _ = _tokens(tx)
    pushed = Pushed(
        id=file.id,
        token=pusher,
        kind=kind,
        format="ndjson",
        mode=mode,
        dry_run=False,
        as_of=here.base + timedelta(minutes=minute),
        bytes=len(body),
        digest=sha256(body).hexdigest(),
        received_at=here.clock(),
    )
    taking.take(here.house, pushed, file, now=here.clock())


def _tokens(tx: Connection) -> list[str]:
    return list(tx.exec_driver_sql("SELECT id FROM tokens ORDER BY name").scalars())


def _members(here: Here) -> None:
    _put(here, Kind.MEMBERS, [*map(member, ALL), {"account": "no member"}], 1)


def _consents(here: Here) -> None:
    given = {"programme": MEXICO, "event": "granted", "officer": {"title": "President"}}
    facts = given | {"text_version": "neec-2014", "at": here.base.isoformat()}
    _put(here, Kind.CONSENTS, [{"account": one, **facts} for one in CONSENTED], 2)


def _again(here: Here) -> None:
    _put(here, Kind.MEMBERS, list(map(member, ALL)), 3)


def _list(here: Here, minute: int) -> list[Pushed]:
    """The full list of this minute, as often as it was pushed; the newest first."""
    with here.house.database.read() as tx:
        found = pushes.every(tx, at_most=100)
    as_of = here.base + timedelta(minutes=minute)
    return [one for one in found if one.mode == "snapshot" and one.as_of == as_of]


def _give_up(here: Here) -> None:
    """A full list that leaves out too many waits, and is given up."""
    if not _list(here, 4):
        _put(here, Kind.MEMBERS, list(map(member, FEW)), 4, "snapshot")
    for one in _list(here, 4):
        if one.state is State.WAITING:
            taking.discard(here.house, one, by="the test", now=here.clock())


def _let_in(here: Here) -> None:
    """Another one waits, and a second token lets it in; interrupted, it is pushed again."""
    if any(one.state is State.DONE for one in _list(here, 5)):
        return
    if not any(one.state is State.WAITING for one in _list(here, 5)):
        _put(here, Kind.MEMBERS, list(map(member, FEW)), 5, "snapshot")
    with here.house.database.read() as tx:
        _, other = _tokens(tx)
    for one in _list(here, 5):
        if one.state is State.WAITING:
            taking.approve(here.house, one, by=f"token {other}", now=here.clock())


class Push(Walk):
    """Members, consents, the same members again, a full list given up, and one that is let in."""

    steps = (_members, _consents, _again, _give_up, _let_in)

    def begin(self, made: Here) -> None:
        token(made.house, Scope.PUSH, name="one")
        token(made.house, Scope.APPROVE, name="two")

    def state(self, here: Here) -> dict[str, Any]:
        after.whole(here)
        assert list(spool.every(here.house)) == []
        with here.house.database.read() as tx:
            states = {one.state for one in pushes.every(tx, at_most=100)}
            assert states <= {State.DONE, State.INTERRUPTED, State.DISCARDED}
            roll = tx.execute(select(members.c.account, members.c.status, members.c.present))
            queue = select(pending.c.partner, pending.c.account, pending.c.ref)
            given = select(standing_consents.c.account, standing_consents.c.event)
            return {
                "roll": sorted(map(tuple, roll)),
                "queue": sorted(map(tuple, tx.execute(queue))),
                "consents": sorted(map(tuple, tx.execute(given))),
            }


def _end(here: Here) -> None:
    while endings.end_due(here.house, now=here.clock()):
        pass


class Upkeep(OnLanes):
    """A push that died, rejections that are old, a dead lease, an agreement that has ended."""

    closed = True
    steps = (lambda here: restarted(here.house), _end)

    def begin(self, made: Here) -> None:
        made.push(member("10000001"), member("10000002"))
        made.grant("10000001", "10000002")
        deliver(made)
        pusher = token(made.house, Scope.PUSH).split("_")[1]
        _entered(made, pusher, "0" * 16, datetime.now(UTC))
        old = datetime.now(UTC) - timedelta(days=8)
        rejections = Rejections(made.house, _entered(made, pusher, "1" * 16, old))
        rejections.add(Rejected(1, None, "MRX-1101", "an invented reason"))
        rejections.flush()
        with made.house.database.write() as tx:
            pushes.settle(tx, "1" * 16, State.DONE, {}, now=old)
            tx.execute(
                update(lanes).values(
                    leased_by=f"{socket.gethostname()}:1:0", leased_until=datetime.now(UTC)
                )
            )
            agreements.change(tx, MEXICO, ended_on=datetime.now(UTC).date() - timedelta(days=1))

    def state(self, here: Here) -> dict[str, Any]:
        with here.house.database.read() as tx:
            assert tx.execute(select(push_rejections)).all() == []
            states = {one.id: one.state.value for one in pushes.every(tx, at_most=9)}
        assert list(spool.every(here.house)) == []
        return {**super().state(here), "pushes": states}


def _entered(made: Here, pusher: str, name: str, at: datetime) -> str:
    """A push that runs, and whose process is gone."""
    spool.create(made.house, name).let_go()
    pushed = Pushed(
        id=name,
        token=pusher,
        kind=Kind.MEMBERS,
        format="ndjson",
        mode="delta",
        dry_run=False,
        as_of=at,
        bytes=0,
        digest="0" * 64,
        received_at=at,
    )
    with made.house.database.write() as tx:
        pushes.begin(tx, pushed)
    return name
