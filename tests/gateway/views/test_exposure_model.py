"""Exposure against a model that is small and obviously right: it lives through everything that
happened, entry by entry of the ledger, and looks every time who could have a benefit just then.

The model knows three things of a life: whether the member is to have no benefit, what it was told
in which order, and what of that was confirmed. Beside it stands a partner that gets one list a month.
"""

import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.views import exposure as view
from partners import agreements, consents
from schemas.calendar import Calendar
from schemas.status import BAD
from schemas.tables import ledger
from tests.conftest import connected_world
from tests.world import LOST_ANSWER, NEVER_ARRIVED, World, member

ACCOUNTS = ("10000001", "10000002")
BAD_WORDS = {status.value for status in BAD}
MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06")

account = st.sampled_from(ACCOUNTS)
act = st.one_of(
    st.tuples(st.just("push"), account, st.sampled_from(["VALIDATED", "SUSPENDED", "REMOVED"])),
    st.tuples(st.just("push"), account, st.just("VALIDATED")),
    st.tuples(st.just("absent"), account, st.just("")),
    st.tuples(st.just("revoke"), account, st.just("")),
    st.tuples(st.just("grant"), account, st.just("")),
    st.tuples(st.just("deliver"), st.just(""), st.sampled_from(["", LOST_ANSWER, NEVER_ARRIVED])),
    st.tuples(st.just("deliver"), st.just(""), st.just("")),
    st.tuples(st.just("wait"), st.just(""), st.sampled_from(["7 minutes", "9 hours", "11 days"])),
)
DELIVERED, HOURS, DAYS = ("deliver", "", ""), ("wait", "", "9 hours"), ("wait", "", "11 days")
GOOD = ("push", ACCOUNTS[0], "VALIDATED")
LATER = [HOURS, DELIVERED, DAYS]


def lost(*how: str) -> list[tuple[str, str, str]]:
    """One member loses its standing, and the partner's receipts have said all there is to say."""
    return [HOURS, (how[0], ACCOUNTS[0], "".join(how[1:])), DELIVERED, HOURS]


# What a story of chance tells too seldom: good again, back, granted again, after the confirmation.
GOOD_AGAIN = [*lost("push", "SUSPENDED"), GOOD, *LATER]
BACK_AGAIN = [*lost("absent"), GOOD, *LATER]
GRANTED_AGAIN = [*lost("revoke"), ("grant", ACCOUNTS[0], ""), *LATER]
ENDED_NEXT_MONTH = [
    *(DAYS, ("push", ACCOUNTS[0], "SUSPENDED"), ("deliver", "", NEVER_ARRIVED)),
    *(DAYS, DAYS, GOOD, DAYS),
]


@dataclass
class Life:
    account: str
    tellings: list[bool] = field(default_factory=list)  # in order: did it say a good status?
    confirmed: int = -1  # the newest telling that a receipt confirmed
    grounds: set[str] = field(default_factory=set)
    gone: bool = False

    @property
    def lost(self) -> bool:
        return bool(self.grounds)

    @property
    def may_have(self) -> bool:
        """Whether the partner may hold the member in good standing."""
        return not self.gone and any(self.tellings[max(self.confirmed, 0) :])


@dataclass
class Model:
    zone: Calendar
    now: datetime
    status: dict[str, str] = field(default_factory=dict)
    lives: dict[str, Life] = field(default_factory=dict)
    flying: dict[tuple[str, int], list[tuple[str, int]]] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)  # refs on this month's list
    ours: Counter[tuple[str, str]] = field(default_factory=Counter)  # (month, account)
    theirs: Counter[str] = field(default_factory=Counter)
    open: dict[str, int] = field(default_factory=dict)  # at the end of each month, or by now

    def until(self, moment: datetime) -> None:
        """Time goes by: who could have a benefit meanwhile?"""
        while self.now < moment:
            next_list = self.zone.month_of(self.now)[1]
            step = min(moment, next_list)
            month = f"{self.now.astimezone(ZoneInfo(self.zone.zone)):%Y-%m}"
            for ref, life in self.lives.items():
                if life.lost and life.may_have:
                    self.ours[month, life.account] += (step - self.now) // _MICROSECOND
                if life.lost and ref in self.listed:
                    self.theirs[month] += (step - self.now) // _MICROSECOND
            self.now = step
            self.open[month] = len(self.exposed())
            if step == next_list:
                on_it = [ref for ref, life in self.lives.items() if not (life.lost or life.gone)]
                self.listed = set(on_it)

    def exposed(self) -> list[str]:
        """Whose benefits can be had just now, and should not: an account for each life."""
        return [life.account for life in self.lives.values() if life.lost and life.may_have]

    def ground(self, account: str, why: str, *, holds: bool) -> None:
        for life in self.lives.values():
            if life.account == account and (not life.gone or not holds):
                (life.grounds.add if holds else life.grounds.discard)(why)

    def say(self, account: str, status: str) -> None:
        self.status[account] = status
        self.ground(account, "status", holds=status in BAD_WORDS)

    def disclosed(self, entry: dict[str, Any]) -> None:
        said = []
        for whose, ref, *_ in entry["announced"]:
            bad = self.status[whose] in BAD_WORDS
            if ref not in self.lives:  # told anew: what was lost before is no loss any more
                old = {one for one, life in self.lives.items() if life.account == whose}
                self.listed -= {one for one in old if self.lives[one].lost}
            life = self.lives.setdefault(ref, Life(whose, grounds={"status"} if bad else set()))
            life.tellings.append(not bad)
            said.append((ref, len(life.tellings) - 1))
        self.flying[entry["lane"], entry["batch"]] = said

    def receipt(self, entry: dict[str, Any]) -> None:
        if entry["level"] != "applied" or entry["verdict"] == "refused":
            return
        refused = {ref for ref, _ in entry["refused"]}
        for ref, telling in self.flying.get((entry["lane"], entry["batch"]), []):
            if ref not in refused:
                self.lives[ref].confirmed = max(self.lives[ref].confirmed, telling)
        for ref, _ in entry["withdrawn"]:
            self.lives[ref].gone = True


_MICROSECOND = timedelta(microseconds=1)


@dataclass
class Lived:
    """A world in which things happen, and the model that lives through the same."""

    world: World
    model: Model
    position: int = 0

    def act(self, what: str, whose: str, word: str) -> None:
        world, model = self.world, self.model
        if what == "wait":
            amount, unit = word.split()
            world.clock.forward(**{unit: int(amount)})
        elif what == "deliver":
            self.deliver(word)
        elif what == "push":
            world.push(member(whose, status=word))
            model.until(world.clock.now)
            model.say(whose, word)
        elif what == "absent":
            rest = [member(one, status=word) for one, word in model.status.items() if one != whose]
            world.push(*rest, mode="snapshot", approve=True)
            model.until(world.clock.now)
            model.ground(whose, "absent", holds=True)
        elif what == "revoke":
            world.revoke(whose, of="mx-neec")
            model.until(world.clock.now)
            model.ground(whose, "revoked", holds=True)
        else:
            world.grant(whose)
        self.read()

    def deliver(self, word: str) -> None:
        world = self.world
        world.clock()
        with world.house.database.write() as tx:
            consents.heard(tx, world.clock.now)
        world.wire.plan = [word] if word else []
        world.deliver(2 if word else 50)
        world.wire.plan = []

    def read(self) -> None:
        """Live through what the ledger has since."""
        query = select(ledger).where(ledger.c.position > self.position)
        with self.world.house.database.read() as tx:
            rows = tx.execute(query.order_by(ledger.c.position)).all()
        for row in rows:
            self.position = row.position
            if row.kind in ("disclosed", "receipt"):
                self.model.until(row.at)
                entry = orjson.loads(row.entry)
                (self.model.disclosed if row.kind == "disclosed" else self.model.receipt)(entry)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lived")


@pytest.mark.slow
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    acts=st.lists(act, min_size=3, max_size=14),
    zone=st.sampled_from(["UTC", "America/Mexico_City", "Asia/Seoul"]),
    narrow=st.booleans(),
)
@example(acts=GOOD_AGAIN, zone="UTC", narrow=True)
@example(acts=BACK_AGAIN, zone="UTC", narrow=False)
@example(acts=GRANTED_AGAIN, zone="Asia/Seoul", narrow=False)
@example(acts=ENDED_NEXT_MONTH, zone="America/Mexico_City", narrow=False)
def test_the_report_says_what_living_through_it_says(
    folder: Path,
    key_files: dict[str, Path],
    acts: list[tuple[str, str, str]],
    zone: str,
    narrow: bool,  # they recognise no suspended member: who turns bad is deleted, not told as bad
):
    world = connected_world(folder / secrets.token_hex(4), key_files, ("mx-neec",))
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", time_zone=zone)
        if narrow:
            agreements.change(tx, "mx-neec", statuses=["VALIDATED"])
        calendar = agreements.get(tx, "mx-neec").calendar
    lived = Lived(world, Model(calendar, world.clock.now))
    for one in ACCOUNTS:
        lived.act("push", one, "VALIDATED")
    world.grant(*ACCOUNTS)
    lived.act("deliver", "", "")

    for what in acts:
        lived.act(*what)
    world.clock.forward(days=1)
    lived.model.until(world.clock.now)

    with world.house.database.read() as tx:
        months = {month: view.exposure(tx, month, now=world.clock.now) for month in MONTHS}
    ours: Counter[tuple[str, str]] = Counter()
    for month, found in months.items():
        for one in found.longest:
            ours[month, one.account] += one.lasted // _MICROSECOND
    assert ours == +lived.model.ours
    mexico = {
        month: partner
        for month, found in months.items()
        for partner in found.partners
        if partner.partner == "mx-neec"
    }
    theirs = {month: one.monthly_minutes for month, one in mexico.items()}
    expected = {month: -(-lived.model.theirs[month] // 60_000_000) for month in MONTHS}
    assert theirs == expected
    still = {month: one.open for month, one in mexico.items()}
    assert still == {month: lived.model.open.get(month, 0) for month in MONTHS}
    lasting = {
        one.account for found in months.values() for one in found.longest if one.until is None
    }
    assert lasting == set(lived.model.exposed())
    world.house.database.close()
