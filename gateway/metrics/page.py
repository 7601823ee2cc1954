"""The page of all metrics, `docs/metrics.md`: made from the catalogue, never by hand."""

from typing import Final

from gateway.metrics.catalogue import METRICS

HEAD: Final = """# Metrics

What `GET /metrics` says, for Prometheus (or OpenMetrics, where it is asked for). Made by `make docs` from `gateway/metrics/catalogue.py`.

Everything is computed from the database when it is asked for: every process of a gateway gives the same answer, and a restart
loses nothing. Only `mrx_turned_away_total` is each server's own, since it started. Labels are partners, lanes, outcomes and codes
(`mrx explain CODE`); no metric knows a company.

Who may read it: a token with the scope `viewer` (`mrx token create prometheus --scope viewer`), or whoever connects from
`MRX_METRICS_ADDRESSES`. `mrx metrics` prints the same text on the host itself. Alarms that use them: `deploy/prometheus/alerts.yml`;
a dashboard: `deploy/grafana/mrx.json`.

| metric | kind | labels | says |
|---|---|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    rows = (
        f"| `{one.name}` | {one.kind} | {' '.join(one.labels) or '-'} | {one.says} |"
        for one in METRICS
    )
    return HEAD + "\n".join(rows) + "\n"
