"""What is kept of losses says what the ledger and the receipts say, whatever has happened."""

import secrets
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, delete, select

from gateway.views import exposure as view
from outbox import repair
from partners import agreements, consents
from schemas.tables import disclosures, losses
from tests.conftest import BOTH, connected_world
from tests.gateway.views import from_the_ledger
from tests.gateway.views.test_exposure_model import ACCOUNTS, BACK_AGAIN, MONTHS, account, act, lost
from tests.world import NEVER_ARRIVED, World, member

Acts = list[tuple[str, str, str]]
HOURS, DAYS, DELIVERED = ("wait", "", "9 hours"), ("wait", "", "11 days"), ("deliver", "", "")
reopened = st.tuples(st.just("not so"), account, st.just(""))
ended = st.sampled_from([lost("revoke"), lost("absent"), lost("push", "SUSPENDED")])
ABSENT_AND_SUSPENDED = [
    *lost("absent"),
    *lost("push", "SUSPENDED"),
    ("push", ACCOUNTS[0], "VALIDATED"),
    *(DELIVERED, DAYS, DELIVERED),
]
NOT_SO = [*lost("revoke"), DAYS, ("not so", ACCOUNTS[0], ""), HOURS, DELIVERED, DAYS, DAYS]


def happen(world: World, acts: Acts) -> None:
    """All of it, one after the other, at both partners."""
    status = dict.fromkeys(ACCOUNTS, "VALIDATED")
    world.push(*map(member, ACCOUNTS))
    world.grant(*ACCOUNTS)
    world.deliver(50)
    for what, whose, word in acts:
        if what == "wait":
            amount, unit = word.split()
            world.clock.forward(**{unit: int(amount)})
            with world.house.database.write() as tx:
                consents.heard(tx, world.clock.now)
        elif what == "deliver":
            world.wire.plan = [word] if word else []
            world.deliver(2 if word else 50)
            world.wire.plan = []
        elif what == "push":
            status[whose] = word
            world.push(member(whose, status=word))
        elif what == "absent":
            rest = [member(one, status=word) for one, word in status.items() if one != whose]
            world.push(*rest, mode="snapshot", approve=True)
        elif what == "revoke":
            world.revoke(whose, of="mx-neec")
        elif what == "grant":
            world.grant(whose)
        else:  # the partner shows that it still has what it said it deleted
            gone = select(disclosures.c.ref).where(
                disclosures.c.partner == "mx-neec",
                disclosures.c.account == whose,
                disclosures.c.gone_at.is_not(None),
            )
            with world.house.database.write() as tx:
                repair.withdraw(tx, "mx-neec", list(tx.scalars(gone)), now=world.clock.now)
    world.clock.forward(hours=1)


def agree(world: World) -> None:
    """Every month as it is reported is the month as the ledger tells it."""
    now = world.clock.now
    with world.house.database.read() as tx:
        for month in MONTHS:
            found = view.exposure(tx, month, now=now)
            partners, stretches = from_the_ledger.exposure(tx, month, now=now)
            assert found.partners == partners
            assert len(stretches) <= view.LONGEST_SHOWN, "all of them are shown"
            assert set(found.longest) == set(stretches)


def kept(world: World) -> list[Row[tuple[object, ...]]]:
    with world.house.database.read() as tx:
        return list(tx.execute(select(losses).order_by(losses.c.ref, losses.c.n)))


def kept_by_an_upgrade(world: World) -> list[Row[tuple[object, ...]]]:
    """The same if none had been kept until now."""
    upgrade = import_module("schemas.migrations.versions.0005_losses")
    with world.house.database.write() as tx:
        tx.execute(delete(losses))
        upgrade.fill(tx, losses)
    return kept(world)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.mark.slow
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    some=st.lists(
        st.one_of(ended, st.lists(st.one_of(act, act, reopened), max_size=6)), max_size=4
    ),
    zone=st.sampled_from(["UTC", "America/Mexico_City"]),
    narrow=st.booleans(),
)
@example(some=[ABSENT_AND_SUSPENDED], zone="UTC", narrow=True)
@example(some=[NOT_SO], zone="UTC", narrow=False)
@example(some=[BACK_AGAIN], zone="America/Mexico_City", narrow=True)
def test_a_report_of_any_history_is_what_its_ledger_says(
    folder: Path,
    key_files: dict[str, Path],
    some: list[Acts],
    zone: str,
    narrow: bool,  # they recognise no suspended member: who turns bad is deleted, not told as bad
):
    world = connected_world(folder / secrets.token_hex(4), key_files, ("mx-neec", "ca-pip"))
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", time_zone=zone, working_days=[1, 2, 3])
        if narrow:
            agreements.change(tx, "mx-neec", statuses=["VALIDATED"])

    happen(world, [one for acts in some for one in acts])

    agree(world)
    assert kept(world) == kept_by_an_upgrade(world)
    world.house.database.close()


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_both_databases_keep_the_same_and_an_upgrade_finds_it_in_the_ledger(small_world: World):
    never = ("deliver", "", NEVER_ARRIVED)
    granted, one = ("grant", ACCOUNTS[0], ""), ACCOUNTS[1]
    happen(
        small_world,
        [
            *(*lost("push", "SUSPENDED"), *NOT_SO, granted, *ABSENT_AND_SUSPENDED),
            *(HOURS, ("push", one, "REMOVED"), never, DAYS, ("push", one, "VALIDATED"), DELIVERED),
            *(DAYS, ("absent", one, ""), never, HOURS, ("revoke", one, ""), DAYS),
        ],
    )

    agree(small_world)
    assert {one.cause for one in kept(small_world)} >= {"suspended", "removed", "absent"}
    assert kept(small_world) == kept_by_an_upgrade(small_world)


def test_a_deletion_that_was_not_so_lets_it_go_on_until_it_is_confirmed_again(small_world: World):
    happen(small_world, NOT_SO[: NOT_SO.index(("not so", ACCOUNTS[0], "")) + 1])
    [life] = [one for one in kept(small_world) if one.partner == "mx-neec"]
    assert life.ended_at is None

    small_world.deliver(50)

    [life] = [one for one in kept(small_world) if one.partner == "mx-neec"]
    assert life.ended_at is not None
    assert life.ended_at > life.since + view.timedelta(days=11)
