"""A plan is what the push and its delivery then do, partner by partner, in worlds drawn by chance."""

import random
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import select

from outbox import notices
from outbox.notices import State
from outbox.preview import Plan
from partners import agreements, roll
from schemas.consent import Event
from schemas.status import Status
from schemas.tables import standing_consents
from tests.outbox.test_preview import NUMBERS, lives, planned
from tests.world import World, member

ACCOUNTS = [f"100000{n:02}" for n in range(1, 15)]
NAMES = ("Invented Company", "Invented Café Ñ", "Invented 發明", "Invented " + "Long " * 40)
STATUSES = tuple(status.value for status in Status)
KINDS = (None, "Importer", "Broker")


def drawn(chance: random.Random, account: str) -> dict[str, object]:
    return member(
        account,
        name=f"{chance.choice(NAMES)} {account}",
        identifiers=[number for number in NUMBERS if chance.random() < 0.6],
        status=chance.choice(STATUSES),
        business_type=chance.choice(KINDS),
    )


def tighten(world: World, chance: random.Random) -> None:
    """Agreements allow less than they did, and one is closed."""
    some = chance.sample(sorted(world.partners), 4)
    allowed: list[dict[str, Any]] = [
        {"statuses": ["VALIDATED", "EXCEEDING"]},
        {"business_types": ["Importer"]},
        {"schemes": ["SCAC"]},
        {"enabled": False},
    ]
    with world.house.database.write() as tx:
        for partner, facts in zip(some, allowed, strict=True):
            agreements.change(tx, partner, **facts)


def became(world: World, before: dict[tuple[str, str], tuple[str, int]], accounts: Iterable[str]):
    """What really became of each pair, counted as a plan counts."""
    after, found = lives(world.house), {partner: Counter[str]() for partner in world.partners}
    with world.house.database.read() as tx:
        consented = {
            (row.programme, row.account)
            for row in tx.execute(select(standing_consents))
            if row.event == Event.GRANTED
        }
        stuck = {
            (one.partner, one.account): one.code
            for one in notices.every(tx, world.house, now=world.clock())
            if one.state in (State.BLOCKED, State.REFUSED)
        }
    for partner, counts in found.items():
        for account in accounts:
            pair = (partner, account)
            was, is_ = before.get(pair), after.get(pair)
            if pair not in consented:
                counts["no_consent"] += 1
            elif was is not None and (is_ is None or is_[0] != was[0]):
                counts["withdrawn"] += 1
            elif was != is_:
                counts["new" if was is None else "changed"] += 1
            else:
                counts[stuck.get(pair, "unchanged")] += 1
    return found


def counted(plan: Plan) -> Counter[str]:
    facts = ("new", "changed", "withdrawn", "unchanged", "no_consent")
    return Counter({name: getattr(plan, name) for name in facts} | dict(plan.blocked))


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))]
)
def test_a_plan_is_what_the_push_and_its_delivery_then_do(whole_world: World, seed: int):
    world, chance = whole_world, random.Random(seed)
    world.push(*(drawn(chance, account) for account in ACCOUNTS[:10]))
    for partner in world.partners:
        world.grant(*chance.sample(ACCOUNTS[:10], 8), to=[partner])
    world.deliver()
    tighten(world, chance)
    for partner in world.partners:  # known, consented, and not told yet
        world.grant(*chance.sample(ACCOUNTS[:10], 2), to=[partner])
    world.revoke(chance.choice(ACCOUNTS[:10]), of=chance.choice(sorted(world.partners)))
    pushed = [drawn(chance, account) for account in ACCOUNTS if chance.random() < 0.8]
    with world.house.database.read() as tx:
        same = {m["account"]: m for m in roll_as_pushed(tx)}
    pushed = [
        same.get(str(one["account"]), one) if chance.random() < 0.3 else one for one in pushed
    ]
    doubtful = [a for a in ACCOUNTS[:10] if a not in {one["account"] for one in pushed}][:1]
    before = lives(world.house)

    plans = planned(world, *pushed, doubtful=doubtful)

    lines = [*pushed, *(member(account, status="NOBODY KNOWS") for account in doubtful)]
    world.push(*lines)
    for partner in world.partners:  # one by one: a closed one is looked at again and again
        world.deliver(rounds=10, only=partner)
    happened = became(world, before, [str(one["account"]) for one in lines])
    assert {partner: +counted(plan) for partner, plan in plans.items()} == happened
    assert sum(counted(plan).total() for plan in plans.values()) == 5 * len(lines)


def roll_as_pushed(tx: Any) -> list[dict[str, object]]:
    return [
        member(
            entry.member.account,
            name=entry.member.name,
            identifiers=[{"scheme": i.scheme, "value": i.value} for i in entry.member.identifiers],
            status=entry.member.status.value,
            business_type=entry.member.business_type,
        )
        for entry in roll.every(tx)
        if not entry.unknown_status
    ]
