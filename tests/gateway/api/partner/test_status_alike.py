"""Known and unknown are answered alike: in looks, in time, in statements."""

import time
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import event

from tests.conftest import BOTH
from tests.gateway.api.partner.puller import Puller, puller
from tests.gateway.api.partner.status_calls import ask, two_known
from tests.world import World


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


FLOOR = 0.1


@pytest.fixture
def world(whole_world: World) -> World:
    return two_known(whole_world)


@pytest.fixture
def mexico(world: World) -> Puller:
    return puller(world, status_answer_seconds=0)


def looks(answer: Response) -> tuple[object, ...]:
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, headers, len(answer.content), list(answer.json())


@pytest.mark.slow
@pytest.mark.parametrize("value", ["QZZZ", "QXQB", "QXQC", "%00", "x" * 64])
def test_known_and_unknown_look_alike(mexico: Puller, value: str):
    known = mexico.get("/status?scheme=SCAC&value=QXQA")
    unknown = mexico.get(f"/status?scheme=SCAC&value={value}")

    assert looks(known) == looks(unknown)
    assert known.json()["known"]
    assert not unknown.json()["known"]


@pytest.mark.slow
def test_known_and_unknown_take_alike_long(world: World):
    """No answer leaves before the floor, and none much later."""
    mexico = puller(world, status_answer_seconds=FLOOR)
    took: dict[str, list[float]] = {"QXQA": [], "QZZZ": [], "QXQB": []}
    for _ in range(7):
        for value, times in took.items():
            began = time.perf_counter()
            ask(mexico, value)
            times.append(time.perf_counter() - began)

    assert min(min(times) for times in took.values()) >= FLOOR
    quickest = [min(times) for times in took.values()]  # what a busy machine adds says nothing
    assert max(quickest) - min(quickest) < FLOOR / 2, took


def test_the_same_statements_run_either_way(world: World, mexico: Puller):
    seen: dict[str, list[str]] = {}
    for value in ("QXQA", "QZZZ"):
        run = seen.setdefault(value, [])
        engine = world.house.database._writer

        def note(_c: Any, _r: Any, statement: str, *_: Any, run: list[str] = run) -> None:
            run.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        ask(mexico, value)
        event.remove(engine, "before_cursor_execute", note)

    assert seen["QXQA"] == seen["QZZZ"]
    assert seen["QXQA"]
