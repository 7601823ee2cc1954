"""Whatever order a partner's batches come in, whatever is repeated and whenever a person decides
what waits: the roll ends the same, and its books balance at every step.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway import inbound_batches, quarantine
from gateway.inbound_batches import State
from partners import agreements, foreign_roll, holdings
from partners import quarantine as quarantines
from partners.holdings import Side
from schemas.batch import Lane
from schemas.identifiers import Identifier
from schemas.record import Record
from schemas.ref import ALPHABET, check_character
from schemas.status import Status
from schemas.tables import foreign_members
from tests.conftest import connected_world
from tests.gateway.books import balance
from tests.gateway.sender import Sender, mid, record
from tests.world import START

REFS = tuple(
    body + check_character(body)
    for body in (f"{n:011}" for n in range(8))
    if set(body) <= set(ALPHABET)
)
NUMBERS = (mid(1), mid(2), mid(3), Identifier("MX-RFC", "ZZZ140101AA1"))
RECORDS = st.builds(
    lambda ref, version, numbers, status: record(
        ref=ref,
        version=version,
        name=f"Empresa Inventada {version}",
        identifiers=tuple(sorted(numbers)),
        status=status,
    ),
    st.sampled_from(REFS),
    st.integers(1, 4),
    st.sets(st.sampled_from(NUMBERS), max_size=3),
    st.sampled_from([Status.CERTIFIED, Status.SUSPENDED]),
)


BATCHES = st.lists(
    st.tuples(
        st.lists(RECORDS, max_size=4, unique_by=lambda one: one.ref),
        st.lists(st.sampled_from(REFS), max_size=2, unique=True),
    ),
    max_size=4,
)


def _honest(both: Any) -> Any:
    """One version of one ref is one record, as a partner that keeps the rules has it; and nobody
    announces and withdraws a ref in one batch.
    """
    said: dict[tuple[str, int], Record] = {}
    return [
        [
            (
                [said.setdefault((one.ref, one.version), one) for one in records],
                [ref for ref in away if ref not in {one.ref for one in records}],
            )
            for records, away in batches
        ]
        for batches in both
    ]


LIFE = st.tuples(BATCHES, BATCHES).map(_honest)


@pytest.mark.slow
@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(life=LIFE, data=st.data())
def test_every_interleaving_ends_the_same(
    life: Any, data: Any, tmp_path_factory: Any, key_files: dict[str, Path], monkeypatch: Any
):
    monkeypatch.setattr(quarantines, "MEMBERS_MIN", 0)  # so that two members are sudden
    straight = _sender(tmp_path_factory, key_files, percent=100_000)
    for lane, batches in zip((Lane.ROUTINE, Lane.URGENT), life, strict=True):
        for records, away in batches:
            straight.send(straight.next(records, away, lane=lane))
    expected = balance(straight.world)

    shuffled = _sender(tmp_path_factory, key_files, percent=20)
    left = {
        lane: [shuffled.next(records, away, lane=lane) for records, away in batches]
        for lane, batches in zip((Lane.ROUTINE, Lane.URGENT), life, strict=True)
    }
    sent: list[bytes] = []
    while any(left.values()) or _waiting(shuffled):
        acts = [lane for lane, files in left.items() if files]
        if sent:
            acts.append("again")
        if _waiting(shuffled):
            acts.append("approve")
        act = data.draw(st.sampled_from(acts))
        if act == "again":
            shuffled.send(data.draw(st.sampled_from(sent)))
        elif act == "approve":
            one = data.draw(st.sampled_from(_waiting(shuffled)))
            quarantine.approve(shuffled.world.house, one, by="Ana", reason="order", now=START)
        else:
            sent.append(left[act].pop(0))
            shuffled.send(sent[-1])
        balance(shuffled.world)

    assert balance(shuffled.world) == expected


def test_the_sums_kept_are_the_sums_added_up_anew(small_world: Any):
    sender = Sender(small_world)
    members = [record(name=f"Empresa Inventada {n}") for n in range(40)]
    sender.send(sender.next(members))
    sender.send(sender.next([replace(one, version=3) for one in members[:20]]))
    sender.send(sender.next(withdrawals=[one.ref for one in members[10:15]]))

    with small_world.house.database.write() as tx:
        kept = holdings.buckets(tx, "mx-neec", Side.THEIRS)
        rows = tx.execute(
            select(foreign_members.c.ref, foreign_members.c.leaf).where(
                foreign_members.c.gone_at.is_(None)
            )
        )
        holdings.replace(tx, "mx-neec", Side.THEIRS, [(row.ref, row.leaf) for row in rows])
        assert holdings.buckets(tx, "mx-neec", Side.THEIRS) == kept
        assert foreign_roll.size(tx, "mx-neec") == sum(bucket.count for bucket in kept) == 35


def _sender(factory: Any, key_files: dict[str, Path], *, percent: int) -> Sender:
    world = connected_world(factory.mktemp("world"), key_files, ("mx-neec",))
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", quarantine_percent=percent)
        # The day began with three members, so that growth is measured, too.
        foreign_roll.lock(tx, "mx-neec", now=START)
        tx.exec_driver_sql("UPDATE foreign_rolls SET baseline = 3")
    return Sender(world)


def _waiting(sender: Sender) -> list[str]:
    with sender.world.house.database.read() as tx:
        return [one.id for one in inbound_batches.every(tx, state=State.QUARANTINED)]
