"""What deploy/ asks of Prometheus: the rules of its alarms, and what the panels of the dashboard show."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = json.loads((ROOT / "deploy/grafana/mrx.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ASKED = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]


def rules() -> Iterator[dict[str, str]]:
    """The rules' words. Our file is written so that no YAML parser is needed to read it."""
    for text in ALERTS.read_text(encoding="utf-8").split("- alert: ")[1:]:
        name = text.split("\n", 1)[0]
        facts = dict(re.findall(r"^\s+(\w+): (.+)$", text, re.MULTILINE))
        yield {"alert": name, **facts}


RULES = list(rules())
