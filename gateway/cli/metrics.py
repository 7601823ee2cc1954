"""`mrx metrics`: what /metrics says, on this host and without a token."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli import here
from gateway.cli.nouns import noun
from gateway.metrics import page as catalogue

app = noun()


@app.command("metrics", epilog="Example: mrx metrics > mrx.prom")
def show(
    *,
    page: Annotated[bool, typer.Option(help="What they all mean, as docs/metrics.md.")] = False,
    openmetrics: Annotated[bool, typer.Option(help="In the format of OpenMetrics.")] = False,
) -> None:
    """Put all metrics on stdout, as Prometheus reads them.

    They are computed from the database; nothing has to run for it.
    """
    if page:
        sys.stdout.write(catalogue.page())
        return
    from gateway.metrics.exporter import Exporter  # noqa: PLC0415  # the page needs none of it

    accept = "application/openmetrics-text; version=1.0.0" if openmetrics else None
    with here.house() as house:
        exporter = Exporter(house)
        exporter.count()
        text, _ = exporter.text(accept, now=datetime.now(UTC))
    sys.stdout.write(text.decode())
