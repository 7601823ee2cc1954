"""A gateway that loses its database and comes back from a backup, on a file or on a server."""

import io
import shutil
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import orjson
from sqlalchemy import select, update

from gateway import home
from gateway.backup import making, restoring
from gateway.backup.restoring import Done
from gateway.intake import push_consents, push_members
from gateway.settings import Settings
from outbox import restored
from outbox.delivery import Delivery
from outbox.house import House
from partners import agreements, foreign_roll
from schemas import exchange
from schemas.consent import ConsentEvent, Event
from schemas.postgresql import PostgreSQL
from schemas.tables import lanes, pending
from signing.open import open_sealed
from tests import servers
from tests.outbox.two_ends import MEXICO
from tests.world import Wire, World, written

TEXT = "mx-neec-profile-1"
Ask = Callable[[], int]
"""Asks whoever is to be asked after a restore; how many answered."""


def back_up(world: World, to: Path, **more: object) -> Path:
    made = making.make(world.house, to, with_keys=False, by="test", now=world.clock(), **more)
    return made.file


def empty(world: World) -> Settings:
    """What is left after the loss: a home folder with its keys, and nowhere any data."""
    house = world.house
    house.database.close()
    folder = house.folder.with_name(f"{house.folder.name}-anew-{world.clock().timestamp()}")
    (folder / "keys").mkdir(parents=True, mode=0o700)
    for file in (house.folder / "keys").iterdir():
        shutil.copy(file, folder / "keys")
    return Settings(home=folder, database_url=_anew(house))


def _anew(house: House) -> str | None:
    if not isinstance(house.database, PostgreSQL):
        return None
    return written(servers.create(house.database.url.set(database="postgres")))


def restore(world: World, file: Path, **more: object) -> Done:
    """Our gateway is lost, and starts again from the backup."""
    left = empty(world)
    done = restoring.restore(left, file, by="test", now=world.clock(), **more)
    world.house = home.open_home(left)
    return done


def drop(world: World) -> None:
    """Throw away the database that a restore was given."""
    database = world.house.database
    database.close()
    if isinstance(database, PostgreSQL):
        with suppress(Exception):
            servers.drop(database.url.set(database="postgres"), database.url)


def told(world: World) -> dict[tuple[str, str, int, int], set[str]]:
    """By lane, epoch, number and issue: the digests of all that ever came to Mexico."""
    found: dict[tuple[str, str, int, int], set[str]] = {}
    for _, file in world.wire.journal:
        opened = open_sealed(file, [world.house.key.certificate], world.clock.now)
        header = exchange.read_batch(opened.content).header
        place = (header.lane.value, header.epoch, header.number, header.issue)
        found.setdefault(place, set()).add(opened.digest)
    return found


@dataclass
class Source:
    """CBP's systems: they know all that was ever consented, and say it again when asked."""

    world: World
    log: list[ConsentEvent] = field(default_factory=list)

    def say(self, event: Event, *accounts: str) -> None:
        now = self.world.clock()
        some = [
            ConsentEvent(
                account=account,
                programme=MEXICO,
                event=event,
                at=now,
                officer_title="Vice President" if event is Event.GRANTED else None,
                text="neec-2014" if event is Event.GRANTED else None,
            )
            for account in accounts
        ]
        self.log += some
        self.push(some)

    def push(self, events: Sequence[ConsentEvent], *, since: datetime | None = None) -> str | None:
        """By the very path of `mrx push consents`; what it is told about it."""
        lines = b"".join(_line(event) for event in events)
        order = push_consents.Push(
            source=io.BytesIO(lines),
            format="ndjson",
            as_of=self.world.clock(),
            now=self.world.clock(),
            by="test",
            since=since,
        )
        report = push_consents.push(self.world.house, order)
        assert report.rejected == 0, report.rejections
        return report.note

    def say_all_again(self) -> None:
        """All of it, since the moment that the restored gateway names."""
        self.push(self.log, since=owed(self.world))


def owed(world: World) -> datetime:
    """Since when the restored gateway wants to hear everything."""
    with world.house.database.read() as tx:
        since = restored.standing(tx).consents_owed_since
    assert since is not None
    return since


def _line(event: ConsentEvent) -> bytes:
    told: dict[str, object] = {
        "account": event.account,
        "programme": event.programme,
        "event": event.event.value,
        "at": event.at.isoformat(),
    }
    if event.officer_title is not None:
        told |= {"officer": {"title": event.officer_title}, "text_version": event.text}
    return orjson.dumps(told) + b"\n"


@dataclass
class Abroad:
    """Mexico's own side: its members, told to us over a wire that obeys."""

    world: World

    def __post_init__(self) -> None:
        with self.end.database.write() as tx:
            agreements.change(tx, "us-ctpat", push_url="us-ctpat")

    @property
    def end(self) -> House:
        return self.world.partners[MEXICO]

    def push(self, *members: dict[str, object]) -> None:
        body, now = b"\n".join(map(orjson.dumps, members)), self.world.clock()
        order = push_members.Push(
            open=lambda: io.BytesIO(body),
            format="ndjson",
            mode="delta",
            as_of=now,
            now=now,
            by="test",
        )
        assert push_members.push(self.end, order).rejected == 0

    def consent(self, event: Event, *accounts: str) -> None:
        now = self.world.clock()
        given = event is Event.GRANTED
        events = [
            ConsentEvent(
                account=account,
                programme="us-ctpat",
                event=event,
                at=now,
                officer_title="Directora" if given else None,
                text=TEXT if given else None,
            )
            for account in accounts
        ]
        with self.end.database.write() as tx:
            push_consents.consents.heard(tx, now)
            push_consents.record(tx, self.end, events, now=now, by="test")

    def deliver(self) -> None:
        wire = Wire(ends={"us-ctpat": self.world.house}, clock=self.world.clock)
        delivery = Delivery(
            house=self.end, transport=wire, worker="abroad:0:0", clock=self.world.clock
        )
        for _ in range(30):
            with self.end.database.write() as tx:
                tx.execute(update(lanes).values(look_at=self.world.clock.now, failures=0, trips=0))
            if not delivery.work():
                return

    def held(self) -> dict[str, str]:
        """What our roll says of Mexico's members."""
        with self.world.house.database.read() as tx:
            return {row.name: row.status for row in foreign_roll.every(tx, MEXICO)}


def queued(house: House) -> int:
    with house.database.read() as tx:
        return len(tx.execute(select(pending)).all())


def parts(file: Path) -> dict[str, bytes]:
    """What is in a backup."""
    with zipfile.ZipFile(file) as opened:
        return {name: opened.read(name) for name in opened.namelist()}
