"""Replays of what Mexico turned down: begun, worked, looked at."""

from typing import Any

from gateway import replaying
from gateway.acts import replays as acts
from gateway.identity.actor import Actor
from gateway.identity.roles import Role, rights
from gateway.views import replays as view
from gateway.views.replays import Replay
from tests.gateway.acts.entries import entries as entries_of
from tests.world import World

JANE = Actor("jane", rights({Role.OPERATOR}))
MARY = Actor("mary", rights({Role.APPROVER}))
CODE = "MRX-2210"


def start(world: World, code: str | None = CODE, **more: bool) -> Replay:
    return acts.start(
        world.house, JANE, "mx-neec", code, reason="repaired", now=world.clock(), **more
    )


def run(world: World, *, chunk: int = 3) -> None:
    while replaying.go_on(world.house, now=world.clock(), chunk=chunk):
        pass


def now_so(world: World, replay: Replay) -> Replay:
    with world.house.database.read() as tx:
        return view.get(tx, replay.id)


def entries(world: World, kind: str) -> list[dict[str, Any]]:
    return entries_of(world.house, kind)
