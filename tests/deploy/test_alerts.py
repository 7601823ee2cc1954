"""What deploy/ asks of Prometheus exists, can be parsed, and fires when it should and not before."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.metrics.catalogue import BY_NAME, METRICS, SERIES
from gateway.metrics.page import page
from schemas.codes import CODES
from tests.tools import tool

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = json.loads((ROOT / "deploy/grafana/mrx.json").read_text(encoding="utf-8"))
NAME = re.compile(r"\bmrx_[a-z0-9_]+")
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ASKED = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]


def rules() -> Iterator[dict[str, str]]:
    """The rules' words. Our file is written so that no YAML parser is needed to read it."""
    for text in ALERTS.read_text(encoding="utf-8").split("- alert: ")[1:]:
        name = text.split("\n", 1)[0]
        facts = dict(re.findall(r"^\s+(\w+): (.+)$", text, re.MULTILINE))
        yield {"alert": name, **facts}


RULES = list(rules())


def test_the_committed_page_is_the_one_the_catalogue_makes():
    assert (ROOT / "docs/metrics.md").read_text(encoding="utf-8") == page(), "run `make docs`"


def test_metrics_are_named_as_prometheus_wants_them():
    for metric in METRICS:
        assert metric.name.startswith("mrx_")
        assert metric.name.endswith("_total") is (metric.kind == "counter")
        assert bool(metric.bounds) is (metric.kind == "histogram")
        assert not {"account", "member", "name", "ref", "host", "instance"} & set(metric.labels)
        assert metric.says.endswith(".")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_rule_names_metrics_that_exist_and_says_what_to_do(rule: dict[str, str]):
    assert set(NAME.findall(rule["expr"])) <= SERIES
    assert known_labels(rule["expr"])
    for words in ("summary", "description", "runbook"):
        assert len(rule[words]) > 20, words
    assert "severity: " in rule["labels"]
    named = re.findall(r"MRX-\d{4}", " ".join(rule.values()))
    assert set(named) <= CODES.keys()


@pytest.mark.parametrize(("title", "expr"), ASKED, ids=[title for title, _ in ASKED])
def test_every_panel_names_metrics_that_exist(title: str, expr: str):
    assert NAME.findall(expr)
    assert set(NAME.findall(expr)) <= SERIES
    assert known_labels(expr)


def known_labels(expr: str) -> bool:
    """Whether what is selected of each metric are labels it has."""
    for name, selected in re.findall(r"(mrx_[a-z0-9_]+)\{([^}]*)\}", expr):
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        labels = {*BY_NAME.get(name, BY_NAME.get(base)).labels, "le"}
        assert set(re.findall(r"(\w+)\s*[=!]~?", selected)) <= labels, expr
    return True


def test_every_panel_says_its_message_and_has_a_place_of_its_own():
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        assert max(x for x, _ in cells) < 24
    assert all(panel["description"].endswith(".") for panel in PANELS)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_there_are_alarms_on_absence():
    exprs = " ".join(rule["expr"] for rule in RULES)

    assert "absent(" in exprs
    assert "time() - mrx_last_receipt_timestamp_seconds" in exprs
    assert "unless on (instance, job) mrx_consent_feed_age_seconds" in exprs


# -- by Prometheus' own checker --------------------------------------------------------------------


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


UP = {'up{job="mrx", instance="a"}': "1x5000"}
OURS = 'job="mrx", instance="a"'
DAY = 24 * 60
HOURS = 180
Planted = tuple[str, dict[str, str], int, bool]
# What is planted (a value each minute), when it is looked at (minutes), and which alarm must fire.
PLANTED: list[Planted] = [
    ("MrxGone", {}, 10, True),
    ("MrxGone", {'up{job="mrx", instance="a"}': "0x5000"}, 10, True),
    ("MrxGone", UP, 10, False),
    ("MrxTellsNothing", UP, 15, True),
    ("MrxTellsNothing", UP | {f'mrx_build_info{{version="1", {OURS}}}': "1x5000"}, 15, False),
    ("MrxCountersMissing", {f"mrx_counters_ready{{{OURS}}}": "0x5000"}, 40, True),
    ("MrxCountersMissing", {f"mrx_counters_ready{{{OURS}}}": "0x3 1x5000"}, 40, False),
]
for age, stale, aging in ((100, False, False), (800, False, True), (1_001, True, True)):
    feed = {
        f"mrx_consent_feed_age_seconds{{{OURS}}}": f"{age}x5000",
        f"mrx_consent_feed_limit_seconds{{{OURS}}}": "1000x5000",
    }
    PLANTED += [
        ("MrxConsentFeedStale", feed, 60, stale),
        ("MrxConsentFeedAging", feed, 60, aging),
        ("MrxConsentsNeverHeard", feed, 120, False),
    ]
PLANTED.append(
    ("MrxConsentsNeverHeard", {f"mrx_consent_feed_limit_seconds{{{OURS}}}": "9x5000"}, 120, True)
)


def of(name: str, **labels: str) -> str:
    said = ", ".join(f'{key}="{value}"' for key, value in {**labels}.items())
    return f"{name}{{{said}, {OURS}}}" if said else f"{name}{{{OURS}}}"


MEXICO = {"partner": "mx-neec"}
ROUTINE, URGENT = MEXICO | {"lane": "routine"}, MEXICO | {"lane": "urgent"}
ENABLED = {of("mrx_partner_enabled", **MEXICO): "1x9000"}
OPEN = {of("mrx_lane_state", **ROUTINE, state="open"): "1x9000"}
OLD = {of("mrx_oldest_pending_seconds", **ROUTINE): "15000x9000"}
for quarantined, way, alarm in (
    (1, "out", "MrxPushWaits"),
    (0, "out", "MrxPushWaits"),
    (1, "in", "MrxInboundQuarantined"),
    (0, "in", "MrxInboundQuarantined"),
):
    series = of("mrx_quarantined", partner="mx-neec" if way == "in" else "", direction=way)
    PLANTED.append((alarm, {series: f"{quarantined}x5000"}, 90, bool(quarantined)))
PLANTED += [
    ("MrxRevocationOverdue", {of("mrx_revocations_overdue", **MEXICO): "0x5 1x50"}, 20, True),
    ("MrxRevocationOverdue", {of("mrx_revocations_overdue", **MEXICO): "0x50"}, 20, False),
    ("MrxWithdrawalsStuck", {of("mrx_oldest_pending_seconds", **URGENT): "3700x50"}, 20, True),
    ("MrxWithdrawalsStuck", {of("mrx_oldest_unanswered_seconds", **URGENT): "3700x50"}, 20, True),
    ("MrxWithdrawalsStuck", {of("mrx_oldest_pending_seconds", **ROUTINE): "3700x50"}, 20, False),
    ("MrxLaneFailing", {of("mrx_lane_state", **ROUTINE, state="failing"): "1x50"}, 20, True),
    ("MrxLaneFailing", {of("mrx_lane_state", **ROUTINE, state="failing"): "1x5 0x50"}, 20, False),
    ("MrxAnnouncementsWait", OLD | OPEN | ENABLED, 60, True),
    ("MrxAnnouncementsWait", OLD | ENABLED, 60, False),  # paused: another alarm's matter
    ("MrxAnnouncementsWait", OLD | OPEN, 60, False),  # switched off
    (
        "MrxPausedLong",
        {
            of("mrx_lane_state", **ROUTINE, state="paused"): "1x9000",
            of("mrx_pending_notices", **ROUTINE): "3x9000",
        },
        3 * DAY + 5,
        True,
    ),
    (
        "MrxPausedLong",
        {
            of("mrx_lane_state", **ROUTINE, state="paused"): "1x9000",
            of("mrx_pending_notices", **ROUTINE): "0x9000",
        },
        3 * DAY + 5,
        False,
    ),
    *(
        (
            "MrxNoReceipt",
            {
                of("mrx_last_receipt_timestamp_seconds", **MEXICO): "0x9000",
                of("mrx_pending_notices", **ROUTINE): f"{waits}x9000",
                of("mrx_oldest_unanswered_seconds", **ROUTINE): f"{flying}x9000",
            },
            minute,
            fires,
        )
        for waits, flying, minute, fires in (
            (1, 0, 27 * 60, True),
            (0, 9, 27 * 60, True),
            (0, 0, 27 * 60, False),
            (1, 0, 25 * 60, False),
        )
    ),
    (
        "MrxReceivedNotApplied",
        {of("mrx_oldest_received_seconds", **ROUTINE): "172801x90"},
        70,
        True,
    ),
    ("MrxReceivedNotApplied", {of("mrx_oldest_received_seconds", **ROUTINE): "0x90"}, 70, False),
    *(
        (
            "MrxReceiptsNotBelieved",
            {of("mrx_receipt_verification_failures_total", **MEXICO, reason="MRX-3010"): counted},
            60,
            fires,
        )
        for counted, fires in (("3x30 4x60", True), ("3x90", False))
    ),
    ("MrxNoticesRefused", {of("mrx_refused_notices", **MEXICO, code="MRX-2210"): "2x90"}, 70, True),
    (
        "MrxNoticesRefused",
        {of("mrx_refused_notices", **MEXICO, code="MRX-2210"): "0x90"},
        70,
        False,
    ),
    ("MrxHoldingsDiffer", {of("mrx_holdings_agree", **MEXICO): "0x90"}, 70, True),
    ("MrxHoldingsDiffer", {of("mrx_holdings_agree", **MEXICO): "1x90"}, 70, False),
    *(
        (
            "MrxPartnerSilent",
            {
                of("mrx_roll_heard_timestamp_seconds", **MEXICO): "0x9000",
                of("mrx_roll_silence_limit_seconds", **MEXICO): "3600x9000",
                of("mrx_partner_enabled", **MEXICO): f"{enabled}x9000",
            },
            minute,
            fires,
        )
        for enabled, minute, fires in ((1, 130, True), (0, 130, False), (1, 50, False))
    ),
    ("MrxApprovalsWait", {of("mrx_approvals_waiting"): "1x9000"}, DAY + 5, True),
    ("MrxApprovalsWait", {of("mrx_approvals_waiting"): "1x9 0x9000"}, DAY + 5, False),
]
for days, level in ((61, None), (60, 60), (31, 60), (30, 30), (14, 14), (7, 7), (-1, 7)):
    series = of("mrx_certificate_expiry_timestamp_seconds", owner="ours", use="current", key="a")
    ends = {series: f"{days * 86_400 + 600}x9000"}
    older = of("mrx_certificate_expiry_timestamp_seconds", owner="ours", use="pinned", key="b")
    PLANTED += [
        (f"MrxCertificateEnds{one}", ends | {older: "0x9000"}, 100, level == one)
        for one in (60, 30, 14, 7)
    ]


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
