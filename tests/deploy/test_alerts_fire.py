"""What deploy/ asks of Prometheus, tried with Prometheus' own tool: each alarm fires for what it is for."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.deploy.planted import HOURS, PLANTED, Planted
from tests.deploy.watching import ALERTS, ASKED, RULES
from tests.tools import tool


@pytest.fixture(scope="module")
def promtool() -> str:
    return tool("promtool")


def checked(promtool: str, *args: object) -> None:
    said = subprocess.run(
        [promtool, *map(str, args)], capture_output=True, text=True, check=False, timeout=60
    )
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.second_opinion
def test_prometheus_takes_the_rules(promtool: str):
    checked(promtool, "check", "rules", ALERTS)


@pytest.mark.second_opinion
def test_prometheus_takes_what_panels_ask(promtool: str, tmp_path: Path):
    records = [
        {"record": f"panel:{n}", "expr": expr.replace("$partner", ".*")}
        for n, (_, expr) in enumerate(ASKED)
    ]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": records}]}))  # is YAML, too

    checked(promtool, "check", "rules", file)


def test_every_rule_is_tried_both_ways():
    for way in (True, False):
        assert {alarm for alarm, _, _, fires in PLANTED if fires is way} == {
            rule["alert"] for rule in RULES
        }


def tried(cases: list[Planted], *, step: int, places: bool = True) -> dict[str, object]:
    """Cases as one test of promtool's, a gateway each, looked at every `step` minutes.

    promtool compares labels and words too; whether an alarm is firing is all that is asked here. So
    the alarm's own series, ALERTS, is counted.
    """
    series, looks = [], []
    for n, (alarm, planted, minute, fires) in enumerate(cases):
        series += [
            {"series": name.replace('instance="a"', f'instance="{n}"'), "values": values}
            for name, values in planted.items()
        ]
        place = f', instance="{n}"' if places else ""
        firing = f'ALERTS{{alertname="{alarm}", alertstate="firing"{place}}}'
        looks.append(
            {
                "expr": f"count({firing}) > 0 or vector(0)",
                "eval_time": f"{minute // step * step}m",
                "exp_samples": [{"labels": "{}", "value": int(fires)}],
            }
        )
    return {"interval": f"{step}m", "input_series": series, "promql_expr_test": looks}


@pytest.mark.second_opinion
@pytest.mark.parametrize("step", [1, 30], ids=["within hours", "within days"])
def test_each_alarm_fires_for_what_it_is_for_and_for_nothing_else(
    promtool: str, tmp_path: Path, step: int
):
    mine = [case for case in PLANTED if (case[2] > HOURS) is (step > 1)]
    gone = [case for case in mine if case[0] == "MrxGone"]  # of all gateways at once
    others = [case for case in mine if case[0] != "MrxGone"]
    tests = [tried(others, step=step), *(tried([one], step=step, places=False) for one in gone)]
    file = tmp_path / "tests.yml"
    told = {"rule_files": [str(ALERTS)], "evaluation_interval": f"{step}m", "tests": tests}
    file.write_text(json.dumps(told))

    checked(promtool, "test", "rules", file)
