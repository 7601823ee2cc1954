"""kill -9 of the gateway and of a sandbox at random moments: the same end as calm weather.

Real processes and real HTTP. Pushes, consents and revocations go on beside them through the
library, as any other process would. Longer by `MRX_KILLS=n` (a third of them in each place but the
first, where a gateway is one process over a file), another course by `MRX_SEED=n`.
"""

import io
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select, update

from gateway import home
from gateway.cli import connecting
from gateway.intake import push_consents, push_members
from gateway.settings import Settings
from mappers import MAPPERS
from outbox import batch, ledger, revocations
from outbox.house import House
from partners import foreign_roll
from schemas import exchange
from schemas.consent import ConsentEvent, Event
from schemas.tables import batch_files, disclosures, lanes
from schemas.tables import ledger as ledger_rows
from signing.open import open_sealed
from tests.journeys.places import EVERYWHERE, Gateway, Place
from tests.journeys.processes import Server, free_port, mrx
from tests.world import member

pytestmark = [pytest.mark.slow, pytest.mark.processes]

KILLS = int(os.environ.get("MRX_KILLS", "12"))
SEED = int(os.environ.get("MRX_SEED", "4"))
PARTNER = "mx-neec"
URL = "MRX_DATABASE_URL"


class Source:
    """CBP's side: keeps what is true, and tells the gateway."""

    def __init__(self, house: House, dice: random.Random) -> None:
        self.house, self.dice = house, dice
        self.people: dict[str, dict[str, object]] = {}
        self.consented: set[str] = set()
        self.never: set[str] = set()  # names never consented for
        self.revoked: list[int] = []
        self.turn = 0

    def act(self) -> None:
        self.turn += 1
        accounts = [str(20_000_000 + self.turn * 10 + n) for n in range(6)]
        people = [member(a, name=f"Invented {a} ({self.turn})") for a in accounts]
        if self.people:
            worse = self.dice.choice(sorted(self.people))
            people.append({**self.people[worse], "status": "SUSPENDED"})
        self._push(people)
        self._consent(accounts[:5], Event.GRANTED)
        self.never.add(accounts[5])
        if self.dice.random() < 0.5:
            self.revoked += self._consent([self.dice.choice(sorted(self.consented))], Event.REVOKED)

    def _push(self, people: list[dict[str, object]]) -> None:
        body, now = b"\n".join(map(orjson.dumps, people)), datetime.now(UTC)
        order = push_members.Push(
            open=lambda: io.BytesIO(body),
            format="ndjson",
            mode="delta",
            as_of=now,
            now=now,
            by="test",
        )
        assert push_members.push(self.house, order).rejected == 0
        self.people |= {str(one["account"]): one for one in people}

    def _consent(self, accounts: list[str], event: Event) -> list[int]:
        now = datetime.now(UTC)
        given = event is Event.GRANTED
        events = [
            ConsentEvent(
                account=account,
                programme=PARTNER,
                event=event,
                at=now,
                officer_title="President" if given else None,
                text="neec-2014" if given else None,
            )
            for account in accounts
        ]
        with self.house.database.write() as tx:
            push_consents.consents.heard(tx, now)
            _, numbers = push_consents.record(tx, self.house, events, now=now, by="test")
        self.consented = self.consented | set(accounts) if given else self.consented - set(accounts)
        return numbers


@pytest.fixture
def pair(tmp_path: Path, place: Place) -> Iterator[tuple[Gateway, Server]]:
    """The gateway in its place, and Mexico's sandbox on the same kind of database."""
    ours = place.gateway(tmp_path / "us", "us-ctpat")
    certificate = tmp_path / "us.pem"
    house = ours.open()
    certificate.write_text(house.key.certificate.pem)
    port = free_port()
    words = ["sandbox", PARTNER, "--port", str(port), "--trust", str(certificate)]
    theirs = Server(tmp_path / "mx", words, port, env=place.data())
    theirs.start()
    theirs.wait()
    end = theirs_open(theirs)
    connecting.connect(
        house,
        PARTNER,
        push_url=theirs.url,
        certificate=end.key.certificate,
        by="test",
        now=datetime.now(UTC),
    )
    for each in (house, end):
        each.database.close()
    ours.start()
    ours.wait()
    yield ours, theirs
    ours.stop()
    assert theirs.stop() == 0


def theirs_open(theirs: Server) -> House:
    return home.open_home(Settings(home=theirs.home, database_url=theirs.env.get(URL)))


@EVERYWHERE
def test_killed_at_random_moments_it_ends_as_in_calm_weather(pair: tuple[Gateway, Server]):
    ours, theirs = pair
    dice = random.Random(SEED)
    house = ours.open()
    with house.database.write() as tx:
        tx.execute(update(lanes).values(batch_max=3))  # many batches, many moments
    source = Source(house, dice)
    victims = [*ours.processes, theirs]
    for n in range(KILLS if ours.env == {} else KILLS // 3):
        for _ in range(3):
            source.act()
        time.sleep(dice.random() * 0.6)
        # Everyone has a turn, however few there are.
        victim = victims[n] if n < len(victims) else dice.choice(victims)
        victim.kill()
        source.act()
        victim.start()
        ours.wait()
        theirs.wait()

    done = mrx(ours.home, "deliver", "--until-idle", "--timeout", "120", check=False, env=ours.env)

    assert done.returncode == 0, done.stderr
    assert all(one.kills for one in victims)
    end = theirs_open(theirs)
    _same_end(source, end)
    _whole(house, source)
    for each in (house, end):
        each.database.close()


def _same_end(source: Source, end: House) -> None:
    with end.database.read() as tx:
        held = {row.name: row.status for row in foreign_roll.every(tx, "us-ctpat")}
        assert ledger.verify(tx).broken_at is None
    assert held == {
        str(source.people[account]["name"]): source.people[account]["status"]
        for account in source.consented
    }


def _whole(house: House, source: Source) -> None:
    with house.database.read() as tx:
        assert ledger.verify(tx).broken_at is None
        sent = batch.every(tx)
        for kind in ("routine", "urgent"):
            lane = [one for one in sent if one.lane == kind]
            assert [one.number for one in lane] == list(range(1, len(lane) + 1))
            assert [one.previous_digest for one in lane[1:]] == [one.digest for one in lane[:-1]]
            assert {one.state for one in lane} == {"settled"}
        for number in source.revoked:
            assert revocations.get(tx, number).answer in {
                "never told",
                "removed before sending",
                "deletion confirmed",
            }
        entered = {
            (notice[1], notice[2])
            for entry in tx.scalars(
                select(ledger_rows.c.entry).where(ledger_rows.c.kind == "disclosed")
            )
            for notice in orjson.loads(entry)["announced"]
        }
        files = tx.scalars(select(batch_files.c.file)).all()
        refs = dict(tx.execute(select(disclosures.c.ref, disclosures.c.account)).all())
    never = {str(source.people[account]["name"]) for account in source.never}
    for file in files:
        content = open_sealed(bytes(file), [house.key.certificate], datetime.now(UTC)).content
        opened = exchange.read_batch(content)
        records = () if opened.document is None else MAPPERS[PARTNER].read(opened.document)
        for record in records:
            assert record.name not in never
            assert (record.ref, record.version) in entered, "no disclosure without ledger entry"
            assert record.ref in refs
