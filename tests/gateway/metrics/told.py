"""What an exporter says, as a test reads it."""

from datetime import datetime

from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics.exporter import Exporter
from outbox.house import House


class Told(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """Every sample. `told("mrx_lane_state", partner="mx-neec", ...)` is its value, or None."""

    def __call__(self, name: str, **labels: str) -> float | None:
        return self.get((name, frozenset(labels.items())))

    def total(self, name: str, **labels: str) -> float:
        """The sum over all series of this name that have these labels."""
        return sum(n for (one, of), n in self.items() if one == name and labels.items() <= set(of))


def read(text: str) -> Told:
    found = Told()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name, frozenset(sample.labels.items())] = sample.value
    return found


def told(of: House | Exporter, now: datetime) -> Told:
    exporter = of if isinstance(of, Exporter) else Exporter(of)
    text, _ = exporter.text(None, now=now)
    return read(text.decode())
