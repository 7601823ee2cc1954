"""A whole gateway is lost and comes back from a backup: real processes, the real commands.

Both ends go on for a while after the backup; then one of them loses its home folder, or its database.
In the end each holds exactly the other's consented members, and no number was used twice.
"""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from outbox import ledger, restored
from partners.holdings import Side
from schemas.consent import Event
from schemas.tables import batches, lanes, pending
from tests.journeys.places import Gateway, Place
from tests.journeys.processes import mrx
from tests.journeys.test_two_gateways import CALM_SECONDS, MX, SEED, TEXTS, US, End, connect
from tests.journeys.test_two_gateways import calm as all_settled

pytestmark = [pytest.mark.slow, pytest.mark.processes]

# On a file the same commands run in `tests/gateway/cli/test_backup.py`. MRX_FAULTS=all: both here.
PLACES = [("postgresql", "threads")]
if os.environ.get("MRX_FAULTS") == "all":
    PLACES.append(("sqlite", "threads"))


@dataclass
class Remembering(End):
    """An end whose source can say all of it again."""

    said: list[dict[str, object]] = field(default_factory=list)

    def _consent(self, accounts: list[str], event: Event) -> None:
        super()._consent(accounts, event)
        given = event is Event.GRANTED
        more = {"officer": {"title": "President"}, "text_version": TEXTS[self.programme]}
        now = _now()
        self.said += [
            {
                "account": account,
                "programme": self.other,
                "event": event.value,
                "at": now,
                **(more if given else {}),
            }
            for account in accounts
        ]

    def lose(self, place: Place) -> None:
        """Everything of it is gone but its keys, which lie elsewhere too."""
        for process in self.server.processes:
            process.kill()
        self.house.database.close()
        anew = self.server.home.with_name(f"{self.programme}-anew")
        (anew / "keys").mkdir(parents=True, mode=0o700)
        for one in (self.server.home / "keys").iterdir():
            shutil.copy(one, anew / "keys")
        shutil.rmtree(self.server.home)
        self.server = Gateway(anew, {**self.server.env, **place.data()}, self.server.port)

    def command(self, *words: str, code: int = 0) -> dict[str, object]:
        done = mrx(self.server.home, *words, "--json", check=False, env=self.server.env)
        assert done.returncode == code, done.stderr
        return orjson.loads(done.stdout)

    def says_it_all_again(self, folder: Path, since: str) -> None:
        """CBP's systems push everything anew: members first, then consents."""
        for what, facts, words in (
            ("members", list(self.people.values()), ("--mode", "snapshot")),
            ("consents", self.said, ("--since", since)),
        ):
            file = folder / f"{what}.ndjson"
            file.write_bytes(b"\n".join(map(orjson.dumps, facts)))
            self.command("push", what, str(file), *words)


def _now() -> str:
    return datetime.now(UTC).isoformat()


@pytest.fixture
def ends(tmp_path: Path, place: Place) -> Iterator[tuple[Remembering, Remembering]]:
    both = []
    for programme, other in ((US, MX), (MX, US)):
        server = place.gateway(tmp_path / programme, programme)
        dice = random.Random(f"{SEED} {programme}")
        both.append(Remembering(programme, other, server, dice))
    yield both[0], both[1]
    for end in both:
        end.server.stop()
        end.house.database.close()


@pytest.mark.parametrize("place", PLACES, indirect=True, ids=lambda p: p[0])
def test_each_holds_exactly_the_others_again(
    ends: tuple[Remembering, Remembering], place: Place, tmp_path: Path
):
    us, mx = ends
    connect(ends, "--push")
    for end in ends:
        end.act()
    all_settled(ends)
    made = us.command("backup", str(tmp_path))
    for _ in range(2):
        for end in ends:
            end.act()
    all_settled(ends)
    known, theirs = mx.holds(), us.holds()

    us.lose(place)
    done = us.command("restore", str(made["file"]))
    us.server.start()
    us.server.wait()
    us._house = us.server.open()

    standing = wait(us, lambda found: not (found.shut or found.unasked))
    assert done["restored"] is True
    assert standing.consents_owed_since is not None
    settled(us)
    assert mx.holds().keys() <= known.keys()
    us.command("restored", "show", code=3)

    us.says_it_all_again(tmp_path, standing.consents_owed_since.isoformat())
    settled(us)
    settled(mx)

    assert mx.holds() == us.should_hold() == known
    assert us.holds() == mx.should_hold() == theirs
    for one, other in ((us, mx), (mx, us)):
        assert one.sums(Side.OURS) == other.sums(Side.THEIRS)
        with one.house.database.read() as tx:
            assert ledger.verify(tx).broken_at is None
    log = mx.server.home.with_name(f"{mx.server.home.name}.log").read_text(encoding="utf-8")
    assert "MRX-4004" not in log  # the same number with other bytes
    assert us.command("restored", "show")["shut"] == []


def wait(end: End, over: Callable[[restored.Restored], bool]) -> restored.Restored:
    until = time.monotonic() + CALM_SECONDS
    while True:
        with end.house.database.read() as tx:
            found = restored.standing(tx)
        assert found is not None
        if over(found):
            return found
        assert time.monotonic() < until, found
        time.sleep(0.2)


def settled(end: End) -> None:
    """Nothing of it that may leave is on its way."""
    until = time.monotonic() + CALM_SECONDS
    open_ = batches.c.state.in_(["sealed", "sending", "unknown", "received"])
    urgent = lanes.c.kind == "urgent"
    while True:
        with end.house.database.read() as tx:
            found = restored.standing(tx)
            owed = found is not None and found.consents_owed_since is not None
            waits = select(pending.c.account).join(lanes, lanes.c.id == pending.c.lane_id)
            waits = waits.where(pending.c.blocked.is_(None))
            if owed:
                waits = waits.where(urgent, pending.c.ref != "")
            busy = (
                tx.execute(waits.limit(1)).first()
                or tx.execute(select(batches.c.id).where(open_).limit(1)).first()
            )
        if not busy:
            return
        assert time.monotonic() < until, busy
        time.sleep(0.2)
