"""The feed by which a targeting system holds its own copy of all foreign members."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from gateway import quarantine
from partners import agreements, foreign_roll
from schemas.identifiers import Identifier
from schemas.record import Record
from schemas.status import Status
from schemas.tables import foreign_rolls, inbound_batches
from tests.conftest import connected_world
from tests.gateway.api.source.targeting import (
    NOW,
    PATH,
    TODAY,
    TOMORROW,
    Targeting,
)
from tests.gateway.sender import mid, record, some


class Copy:
    """A targeting system that holds its own copy, by the feed's rules alone."""

    def __init__(self, targeting: Targeting) -> None:
        self.targeting = targeting
        self.after: str | None = None
        self.members: dict[tuple[str, str], Any] = {}
        self.programmes: dict[str, Any] = {}

    def read_on(self, *, limit: int = 3, pages: int = 1_000) -> None:
        for _ in range(pages):
            page = self.targeting.changes(self.after, limit)
            self.after = page["next"]
            self.programmes = {one["programme"]: one for one in page["programmes"]}
            for item in page["items"]:
                key = item["programme"], item["ref"]
                self.members.pop(key, None)
                if not item["gone"]:
                    self.members[key] = item
            if not page["items"]:
                return

    def lookup(self, number: Identifier) -> list[tuple[Any, ...]]:
        return sorted(
            (
                *key,
                held["name"],
                held["status"],
                held["since"],
                not held["why_not"] and self.programmes[key[0]]["in_force"],
                self.programmes[key[0]]["stale"],
                self.programmes[key[0]]["as_of"],
            )
            for key, held in self.members.items()
            if any(self._carries(one, number) for one in held["identifiers"])
        )

    def _carries(self, one: Any, number: Identifier) -> bool:
        begun = one["from"] is None or one["from"] <= str(TODAY)
        over = one["until"] is not None and one["until"] <= str(TODAY)
        return (one["scheme"], one["value"]) == (number.scheme, number.value) and begun and not over


def answered(targeting: Targeting, number: Identifier) -> list[tuple[Any, ...]]:
    """What a lookup answers, in the form of `Copy.lookup`."""
    facts = ("programme", "ref", "name", "status", "since", "usable", "stale", "as_of")
    return sorted(tuple(one[fact] for fact in facts) for one in targeting.found(number))


MEMBERS = [record(identifiers=(mid(n), mid(99))) for n in range(6)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["tell", "suspend", "withdraw", "attach", "detach", "cover", "sudden", "decide", "read"]
        ),
        st.integers(0, 5),
    ),
    max_size=12,
)


@pytest.mark.slow
@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_a_copy_by_the_feed_ends_as_a_lookup_answers(
    steps: Any, tmp_path_factory: Any, key_files: Any
):
    world = connected_world(tmp_path_factory.mktemp("world"), key_files, ("mx-neec",))
    targeting = Targeting(world)
    copy = Copy(targeting)
    targeting.tell(*MEMBERS[:3], *some(60))
    for version, (act, n) in enumerate(steps, 2):
        _take(targeting, copy, act, replace(MEMBERS[n], version=version), n)
    copy.read_on()

    for number in [*(one.identifiers[0] for one in MEMBERS), mid(99), mid(50)]:
        assert copy.lookup(number) == answered(targeting, number)


def _take(targeting: Targeting, copy: Copy, act: str, one: Record, n: int) -> None:
    house = targeting.world.house
    mine = f"{PATH}/mx-neec/{one.ref}/mids"
    match act:
        case "tell":
            targeting.tell(one)
        case "suspend":
            targeting.tell(replace(one, status=Status.SUSPENDED, identifiers=(mid(99),)))
        case "withdraw":
            targeting.tell(away=(one.ref,))
        case "attach":
            until = {"until": TOMORROW} if n % 2 else {}
            targeting.http.post(mine, json={"mid": mid(50).value, **until})
        case "detach":
            targeting.http.delete(f"{mine}/{mid(50).value}")
        case "cover":
            with house.database.write() as tx:
                coverage = agreements.get(tx, "mx-neec").coverage
                agreements.change(tx, "mx-neec", coverage=["otro"] if coverage else None)
                foreign_roll.cover_anew(tx, "mx-neec", now=NOW)
        case "sudden":
            with house.database.write() as tx:
                tx.execute(update(foreign_rolls).values(baseline=1, baseline_at=NOW))
            targeting.tell(one, *some(60))
        case "decide":
            query = inbound_batches.c.state == "quarantined"
            with house.database.read() as tx:
                rows = tx.execute(inbound_batches.select().where(query)).all()
            for row in rows[:1]:
                place = f"mx-neec.{row.kind}.{row.epoch}.{row.number}.{row.issue}"
                decided = quarantine.approve if n % 2 else quarantine.reject
                decided(house, place, by="Ana", reason="feed", now=NOW)
        case _:
            copy.read_on(pages=1)


def test_the_feed_says_each_member_once_and_goes_on_for_ever(targeting: Targeting):
    one, two = record(identifiers=(mid(1),)), record(identifiers=(mid(2),))
    targeting.tell(one, two)
    targeting.tell(replace(one, version=2, name="Empresa Inventada Nueva"))

    first = targeting.changes(limit=1)
    second = targeting.changes(first["next"])

    assert [item["ref"] for item in first["items"] + second["items"]] == [two.ref, one.ref]
    assert second["items"][0]["name"] == "Empresa Inventada Nueva"
    third = targeting.changes(second["next"])
    assert (third["items"], third["next"]) == ([], second["next"])
    targeting.tell(away=(two.ref,))
    assert targeting.changes(second["next"])["items"] == [
        {"programme": "mx-neec", "ref": two.ref, "gone": True}
    ]
