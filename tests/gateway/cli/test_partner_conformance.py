"""`mrx partner conformance`: the report, its file and its exit code."""

from pathlib import Path

from gateway.cli import exits
from partners import agreements
from tests.gateway.cli.command import Mrx
from tests.gateway.cli.ends import served
from tests.world import World

RUN = ("partner", "conformance", "mx-neec")


def test_the_report_is_shown_and_written(mrx: Mrx, world: World, tmp_path: Path):
    file = tmp_path / "report.txt"
    with served(world.partners["mx-neec"]) as url:
        with world.house.database.write() as tx:
            agreements.change(tx, "mx-neec", push_url=url)
        found = mrx.json(*RUN, "--out", file)

    assert (found["well"], found["by"]) == (True, "jdoe")
    assert {one["result"] for one in found["checks"]} == {"ok", "not run"}  # no TLS here
    text = file.read_text()
    assert "ok       sealing: sealed with our key" in text
    shown = {one["step"]: one for one in mrx.json("onboarding", "show", "mx-neec", code=3)}
    assert shown["conformance"]["done"] is True


def test_a_failed_run_exits_with_3_and_stdout_is_the_report_alone(mrx: Mrx, world: World):
    with world.house.database.write() as tx:
        agreements.change(tx, "mx-neec", push_url="http://127.0.0.1:1")

    said = mrx(*RUN, "--out", "-", code=exits.REJECTED)

    assert said.stdout.startswith("Conformance of the exchange with mx-neec\n")
    assert "failed   connection, connect: port 1 takes no connection" in said.stdout
    assert said.stdout.endswith("Something failed.\n")
