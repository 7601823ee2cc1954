"""`mrx metrics`: the same text as /metrics, and the page of what it means."""

from gateway.metrics.page import page
from tests.gateway.cli.command import Mrx
from tests.gateway.metrics.told import read
from tests.world import World, member


def test_it_says_what_happened_without_anything_running(small_world: World):
    small_world.push(member("10000001"))
    small_world.grant("10000001")
    small_world.deliver()

    said = Mrx(small_world.house.folder)("metrics").stdout

    told = read(said)
    assert told("mrx_counters_ready") == 1
    settled = {"partner": "mx-neec", "lane": "routine", "outcome": "settled"}
    assert told("mrx_batches_total", **settled) == 1
    assert Mrx(small_world.house.folder)("metrics", "--openmetrics").stdout.endswith("# EOF\n")


def test_the_page_needs_no_gateway(tmp_path):
    assert Mrx(tmp_path)("metrics", "--page").stdout == page()
