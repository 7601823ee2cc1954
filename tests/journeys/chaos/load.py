"""The source in a storm: pushes members and consents through the gateway's own doors, and knows
what is true.

Each producer has accounts of its own and does one thing after the other, so what it said last is
what must be so in the end. What gets no answer is said again in the same words: a push is taken
once however often it comes.
"""

import http.client
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import orjson

from tests.journeys.chaos.history import Permission
from tests.world import TEXTS, member

PATIENCE_SECONDS = 120
PAUSE_SECONDS = 0.05
# A process that is stopped keeps its callers waiting: they go elsewhere.
DOOR_SECONDS = 2


class Unheard(Exception):
    """No door took it in all that time."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The gateway's processes that serve; any of them will do."""

    ports: Sequence[int]
    token: str

    def post(self, path: str, lines: Sequence[object], dice: random.Random) -> dict[str, object]:
        """Push until it is taken. Raises `AssertionError` if a line is turned down."""
        body = b"\n".join(map(orjson.dumps, lines))
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            status, said = self._once(dice.choice(self.ports), path, body)
            if status == 200:
                assert said["counts"]["rejected"] == 0, said
                return said
            assert status in {0, 429, 503}, (status, said)
            time.sleep(0.1)
        raise Unheard(path)

    def _once(self, port: int, path: str, body: bytes) -> tuple[int, dict]:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/x-ndjson",
        }
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=DOOR_SECONDS)
        try:
            wire.request("POST", path, body=body, headers=headers)
            answer = wire.getresponse()
            return answer.status, orjson.loads(answer.read())
        except (OSError, http.client.HTTPException, orjson.JSONDecodeError):
            return 0, {}
        finally:
            wire.close()


class Producer:
    """One part of the source. `permissions` and `wanted` are its word on what may be and must be."""

    def __init__(self, doors: Doors, partners: Sequence[str], *, number: int, seed: int) -> None:
        self._doors, self._partners, self._number = doors, partners, number
        self._dice = random.Random(seed * 100 + number)
        self._people: dict[str, dict[str, object]] = {}
        self._allowed: dict[tuple[str, str], Permission] = {}
        self._over: list[Permission] = []
        self._end = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"producer-{number}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let it finish what it is saying. Raises what broke it."""
        self._end.set()
        self._thread.join(PATIENCE_SECONDS + 30)
        assert not self._thread.is_alive(), "a producer hangs"
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._end.is_set():
                self.act()
                time.sleep(PAUSE_SECONDS * self._dice.random() * 2)
        except BaseException as error:  # noqa: BLE001  # raised by stop
            self._error = error

    def act(self) -> None:
        drawn = self._dice.random()
        if drawn < 0.4 or len(self._people) < 5:
            self.join_in(3)
        elif drawn < 0.55:
            self.change(self._dice.choice(sorted(self._people)))
        elif drawn < 0.65:
            pair = (self._dice.choice(self._partners), self._dice.choice(sorted(self._people)))
            if pair not in self._allowed:
                self.grant([pair])
        elif self._allowed:
            self.revoke(self._dice.choice(sorted(self._allowed)))

    def join_in(self, count: int) -> None:
        """New members; the last of them without any consent."""
        first = 20_000_000 + self._number * 1_000_000 + len(self._people)
        accounts = [str(first + n) for n in range(count)]
        self.push([member(one, name=f"Invented Company {one} (0)") for one in accounts])
        told = accounts[:-1] if count > 1 else accounts
        self.grant([(partner, one) for one in told for partner in self._partners])

    def change(self, account: str) -> None:
        """A new name, and a status that is worse or better."""
        before = self._people[account]
        turn = int(str(before["name"]).rstrip(")").rpartition("(")[2]) + 1
        status = self._dice.choice(["VALIDATED", "SUSPENDED", "VALIDATED"])
        name = f"Invented Company {account} ({turn})"
        self.push([{**before, "name": name, "status": status}])

    def push(self, people: Sequence[dict[str, object]]) -> None:
        self._doors.post("/v1/source/members", people, self._dice)
        self._people |= {str(one["account"]): one for one in people}

    def grant(self, pairs: Sequence[tuple[str, str]]) -> None:
        since = datetime.now(UTC)
        lines = [
            {
                "account": account,
                "programme": partner,
                "event": "granted",
                "at": since.isoformat(),
                "officer": {"title": "Vice President"},
                "text_version": TEXTS.get(partner, "2014-08"),
            }
            for partner, account in pairs
        ]
        # Allowed from here on, also if no answer comes.
        for partner, account in pairs:
            one = Permission(partner=partner, account=account, since=since)
            self._allowed[partner, account] = one
        self._doors.post("/v1/source/consents", lines, self._dice)

    def revoke(self, pair: tuple[str, str]) -> None:
        partner, account = pair
        at = datetime.now(UTC).isoformat()
        line = {"account": account, "programme": partner, "event": "revoked", "at": at}
        self._doors.post("/v1/source/consents", [line], self._dice)
        self._over.append(replace(self._allowed.pop(pair), until=datetime.now(UTC)))

    @property
    def permissions(self) -> list[Permission]:
        return [*self._over, *self._allowed.values()]

    def wanted(self, partner: str) -> dict[str, str]:
        """Name -> status of whom this partner must hold in the end."""
        return {
            str(self._people[account]["name"]): str(self._people[account]["status"])
            for code, account in self._allowed
            if code == partner
        }
