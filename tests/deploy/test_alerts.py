"""What deploy/ asks of Prometheus exists, can be parsed, and fires when it should and not before."""

import re
from datetime import timedelta

import pytest

from gateway.api.turned_away import WHY
from gateway.metrics.catalogue import BY_NAME, METRICS, SERIES
from gateway.metrics.page import page
from gateway.views.retention import OVERDUE
from schemas.codes import CODES
from tests.deploy.watching import ASKED, DASHBOARD, PANELS, ROOT, RULES

NAME = re.compile(r"\bmrx_[a-z0-9_]+")


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


def test_every_reason_to_be_turned_away_has_one_alarm():
    watched = [
        why
        for rule in RULES
        for selected in re.findall(r'mrx_turned_away_total\{why=~?"([a-z|]+)"', rule["expr"])
        for why in selected.split("|")
    ]

    assert sorted(watched) == sorted(WHY)


def test_retention_is_overdue_when_the_console_says_so():
    rules = {rule["alert"]: rule for rule in RULES}

    assert f"> {OVERDUE.total_seconds():.0f})" in rules["MrxRetentionOverdue"]["expr"]
    assert rules["MrxRetentionNeverRan"]["for"] == f"{OVERDUE // timedelta(hours=1)}h"


def test_there_are_alarms_on_absence():
    exprs = " ".join(rule["expr"] for rule in RULES)

    assert "absent(" in exprs
    assert "time() - mrx_last_receipt_timestamp_seconds" in exprs
    assert "unless on (instance, job) mrx_consent_feed_age_seconds" in exprs
