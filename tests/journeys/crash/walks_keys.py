"""Walks through a change of our key, through the making of a home, and through a migration."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from gateway import home, own_keys, upkeep
from gateway.acts import approvals
from gateway.acts import keys as acts
from gateway.identity import shared_secret
from gateway.identity.actor import ALL, Actor
from gateway.views.approvals import State
from gateway.views.approvals import every as approvals_
from outbox.house import House
from schemas import migration
from schemas.errors import BadRequest
from schemas.postgresql import PostgreSQL
from schemas.sqlite import SQLiteFile
from schemas.tables import agreements, lanes
from schemas.tables import home as home_
from signing import keys
from tests import servers
from tests.journeys.crash import after
from tests.journeys.crash.trap import Trap
from tests.journeys.crash.walk import MEXICO, US, Here, Place, Walk
from tests.world import Clock, Server, Wire

EMIL, ANNA = Actor("emil", ALL), Actor("anna", ALL)
OLD = "0004"
"""The schema of a release before this one."""


def _ours(here: Here) -> list[own_keys.OwnKey]:
    with here.house.database.read() as tx:
        return own_keys.every(tx)


def _stage(here: Here) -> None:
    acts.stage(here.house, EMIL, now=here.clock())


def _seen(here: Here) -> None:
    """Mexico fetches the certificate of the next key."""
    for one in _ours(here):
        if one.state == "next":
            own_keys.note_seen(here.house, MEXICO, one, now=here.clock())


def _ask(here: Here) -> None:
    with suppress(BadRequest):  # asked for already, or done
        acts.activate(here.house, EMIL, reason="it is time", now=here.clock())


def _retire(here: Here) -> None:
    with suppress(BadRequest):  # there is none any more
        acts.retire(here.house, EMIL, reason="made in error", now=here.clock())


def _decide(here: Here) -> None:
    """A second person says yes to the next key, and no to what is void."""
    with here.house.database.read() as tx:
        waiting = [one for one in approvals_(tx) if one.state is State.WAITING]
    for one in waiting:
        gone = {key.certificate.fingerprint for key in _ours(here) if key.state == "retired"}
        approvals.decide(
            here.house,
            ANNA,
            one.id,
            approve=one.subject not in gone,
            reason="looked at",
            now=here.clock(),
        )


class Keys(Walk):
    """The register follows a change that was cut short; a next key is retired, another activated."""

    steps = (lambda _: None, _stage, _seen, _ask, _retire, _stage, _seen, _ask, _decide)

    def begin(self, made: Here) -> None:
        own_keys.stage(made.house, made.house.folder, by="test", now=made.clock())
        keys.activate(made.house.folder / own_keys.KEY, made.house.folder / own_keys.NEXT)

    def state(self, here: Here) -> dict[str, Any]:
        after.whole(here)
        folder = here.house.folder
        signing = own_keys.load(folder, here.house.keeping).certificate
        ours = _ours(here)
        for one in ours:  # the old ones were kept, each with its certificate
            assert (
                keys.load(folder / one.file).certificate.fingerprint == one.certificate.fingerprint
            )
        with here.house.database.read() as tx:
            asked = sorted((one.act, one.state.value) for one in approvals_(tx))
        return {
            "keys": [one.state for one in ours],
            "signs": [
                one.state for one in ours if one.certificate.fingerprint == signing.fingerprint
            ],
            "waits": [one for one in asked if one[1] == "waiting"],
            "files": len(list((folder / "keys").iterdir())),
        }


class Homes(Walk):
    """A home that is made, or brought to this program's schema, by `init`."""

    def walk(self, place: Place, note: Callable[[int], None], trap: Trap) -> Here:  # noqa: ARG002  # it sends nothing
        note(0)
        return _alone(home.init(place.settings, US))

    def go_on(self, place: Place, begun: int) -> Here:  # noqa: ARG002  # it is one step
        house = home.init(place.settings, US)
        house.database.close()
        house = home.open_home(place.settings)
        upkeep.tidy(house, now=datetime.now(UTC) + timedelta(hours=1))
        return _alone(house)

    def state(self, here: Here) -> dict[str, Any]:
        after.tidy(here.house)
        with here.house.database.read() as tx:
            return {
                "schema": migration.current(tx),
                "home": tx.scalars(select(home_.c.programme)).all(),
                "agreements": sorted(tx.scalars(select(agreements.c.partner))),
                "lanes": sorted(map(tuple, tx.execute(select(lanes.c.partner, lanes.c.kind)))),
                "keys": [one.state for one in own_keys.every(tx)],
                "files": sorted(file.name for file in (here.house.folder / "keys").iterdir()),
            }


def _alone(house: House) -> Here:
    clock = Clock(datetime.now(UTC))
    return Here(house=house, partners={}, clock=clock, wire=Wire(ends={}, clock=clock))


class Init(Homes):
    """A home is made where nothing is."""

    def prepare(
        self,
        folder: Path,
        key_files: Mapping[str, Path],  # noqa: ARG002  # it makes its own
        server: Server | None,
    ) -> Place:
        folder.mkdir(parents=True)
        url = None if server is None else servers.create(server._url)
        return Place(folder, url, datetime.now(UTC))


class Migration(Homes):
    """A home of an earlier release is brought to this program's schema."""

    def prepare(self, folder: Path, key_files: Mapping[str, Path], server: Server | None) -> Place:
        place = Init().prepare(folder, key_files, server)
        ours = folder / US
        (ours / own_keys.KEY).parent.mkdir(parents=True)
        now = datetime.now(UTC) - timedelta(days=1)
        keys.create(ours / own_keys.KEY, f"mrx {US}", now, kind="p256")
        shared_secret.make(ours)
        database = SQLiteFile(ours / home.DATABASE) if place.url is None else PostgreSQL(place.url)
        with database.migrate() as tx:
            migration.upgrade(tx, OLD)
            tx.execute(insert(home_).values(id=1, programme=US, created_at=now))
        database.close()
        return place
