"""Marked companies go through everything, and none of them stands where it must not.

Not in the log, metrics, addresses that we write, answers that are errors, traces; and in no page of
somebody who may not see companies. What is searched for are names, identifiers and accounts, of our
members and of a partner's.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import orjson
import pytest

from outbox.batch import file as file_of
from tests.conftest import connected_world
from tests.gateway.canary import MARKS, NAME, Run, everything, found
from tests.gateway.marked import all_logged

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, key_files) -> Iterator[Run]:
    """The run itself, with the log and traces of all of it."""
    world = connected_world(tmp_path_factory.mktemp("canary"), key_files, ("mx-neec", "ca-pip"))
    world.clock.now = datetime.now(UTC)  # as by HTTP
    with all_logged() as log:
        made = Run(world, log)
        everything(made)
    yield made
    world.house.database.close()


def test_the_run_reached_what_it_is_about(run: Run):
    assert run.seen > 500
    written = [orjson.loads(line) for line in run.log.getvalue().splitlines()]
    events = {line["event"] for line in written}
    assert {"request", "send", "inbound", "push"} <= events
    assert any(line.get("code") == "MRX-9999" for line in written)
    assert {line.get("status") for line in written} >= {200, 303, 401, 403, 404, 422, 500}
    assert {one.partition(" ")[0] for one in run.traces} >= {"send", "seal", "settle", "request"}
    assert len(run.hidden) > 50


def test_the_marks_are_there_to_be_found(run: Run):
    with run.house.database.read() as tx:
        assert MARKS.search(str(file_of(tx, 1, 1)))
    assert found([("x", f"<td>{NAME.lower()}</td>"), ("y", "QZXQ")])


def test_not_in_the_log(run: Run):
    assert found([("log", line) for line in run.log.getvalue().splitlines()]) == []


def test_not_in_metrics(run: Run):
    assert "mrx_batches_total" in run.metrics
    assert found([("metrics", line) for line in run.metrics.splitlines()]) == []


def test_not_in_traces(run: Run):
    assert found([("trace", one) for one in run.traces]) == []


def test_not_in_answers_that_are_errors(run: Run):
    assert len(run.errors) > 200
    assert found(run.errors) == []


def test_not_in_addresses_that_we_write(run: Run):
    assert found(run.addresses) == []


def test_not_in_what_commands_say_beside_their_answer(run: Run):
    assert any(run.said)
    assert found([("stderr", one) for one in run.said]) == []


def test_not_on_pages_of_who_may_not_see_companies(run: Run):
    assert found(run.hidden) == []
