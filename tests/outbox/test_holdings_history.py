"""After any history a partner's sums are its own, and what our books add up to."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outbox import holdings, rest
from partners import foreign_roll
from partners import holdings as sums
from partners.holdings import Side
from tests.conftest import connected_world
from tests.outbox.two_ends import MEXICO, agree, verdict
from tests.world import BUSY, LOST_ANSWER, NEVER_ARRIVED, NONSENSE, member

ACCOUNTS = ["10000001", "10000002", "10000003"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.sampled_from(ACCOUNTS), st.integers(0, 9)),
        st.tuples(
            st.just("status"),
            st.sampled_from(ACCOUNTS),
            st.sampled_from(["VALIDATED", "CERTIFIED", "SUSPENDED", "A NEW WORD"]),
        ),
        st.tuples(st.just("revoke"), st.sampled_from(ACCOUNTS), st.none()),
        st.tuples(st.just("grant"), st.sampled_from(ACCOUNTS), st.none()),
        st.tuples(st.just("deliver"), st.integers(1, 3), st.none()),
    ),
    max_size=12,
)
FAULTS = st.lists(
    st.sampled_from(["fine", LOST_ANSWER, NEVER_ARRIVED, BUSY, NONSENSE, "too large"]), max_size=8
)


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, plan=FAULTS)
def test_after_any_history_both_ends_count_the_same(
    tmp_path_factory: pytest.TempPathFactory, key_files: dict, steps: list, plan: list
):
    world = connected_world(tmp_path_factory.mktemp("history"), key_files, (MEXICO,))
    world.push(*map(member, ACCOUNTS))
    world.grant(*ACCOUNTS)
    world.wire.plan = list(plan)
    doing: dict[str, Callable[..., object]] = {
        "change": lambda a, n: world.push(member(a, name=f"Invented Company take {n}")),
        "status": lambda a, s: world.push(member(a, status=s)),
        "revoke": lambda a, _: world.revoke(a, of=MEXICO),
        "grant": lambda a, _: world.grant(a),
        "deliver": lambda n, _: world.deliver(rounds=n),
    }
    for what, one, other in steps:
        world.clock.forward(seconds=1)
        doing[what](one, other)
        with world.house.database.read() as tx:
            assert sums.buckets(tx, MEXICO, Side.OURS) == holdings.added_up(tx, MEXICO)
    world.wire.plan = []
    # Every word that nobody knew is followed by one that is known, so that nothing is in doubt.
    world.clock.forward(seconds=1)
    world.push(*(member(a, name="Invented Company at last") for a in ACCOUNTS))
    world.deliver()
    with world.house.database.write() as tx:
        rest.hurry(tx)
    world.clock.now += timedelta(minutes=20)
    world.deliver()

    assert agree(world)
    assert verdict(world) is not False
    with world.partners[MEXICO].database.read() as tx:
        live = [row.ref for row in foreign_roll.every(tx, "us-ctpat")]
    with world.house.database.read() as tx:
        assert [one.ref for one in holdings.every(tx, MEXICO)] == sorted(live)
    world.house.database.close()
    world.partners[MEXICO].database.close()
