"""The one exporter: all metrics from one view of the database, as text."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from sqlalchemy import Connection, case, func, select, type_coerce

from gateway.metrics import gauges
from gateway.metrics.catalogue import BY_NAME, METRICS, Metric
from gateway.metrics.gauges import Sample
from gateway.metrics.tally import Counts, Tally
from outbox.house import House
from schemas.tables import Big, lanes, revocations

# What is counted in one look while the counters are not there yet; they come with a later one.
CHUNKS_A_LOOK: Final = 5
_SECOND = 1_000_000
_CONFIRMATION = BY_NAME["mrx_withdrawal_confirmation_seconds"]
_DURATION = BY_NAME["mrx_delivery_duration_seconds"]

# (buckets from the smallest, the sum in seconds), by labels
Histograms = Mapping[tuple[str, ...], tuple[list[int], float]]


class Exporter:
    """The metrics of one gateway. Safe to share between threads."""

    def __init__(
        self, house: House, turned_away: Callable[[], Mapping[str, int]] | None = None
    ) -> None:
        """`turned_away` counts what only the process that serves knows of."""
        self._house = house
        self._turned_away = turned_away
        self._tally = Tally()
        self._alone = threading.Lock()  # one counts
        self._looking = threading.Lock()  # one reads what confirmations took
        self._ready = False
        self._confirmed: Histograms = {}
        self._confirmed_until = 0.0

    def text(self, accept: str | None, *, now: datetime) -> tuple[bytes, str]:
        """Everything as text, and its media type: Prometheus' own, or OpenMetrics if asked for."""
        encode, media_type = choose_encoder(accept or "")
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Read(self.families(now=now)))
        return encode(registry), media_type

    def families(self, *, now: datetime) -> list[Family]:
        """Everything, metric by metric. One that has nothing to say is left out."""
        self._look_on(now)
        with self._house.database.read() as tx:
            samples = [*gauges.every(tx, self._house, now=now), *_build(self._ready)]
            told = self._counts(tx)
            names = {row.id: (row.partner, row.kind) for row in tx.execute(_LANES)}
            if self._turned_away is not None:
                counts = self._turned_away()
                samples += [("mrx_turned_away_total", (why,), n) for why, n in counts.items()]
            histograms = {_CONFIRMATION.name: self._confirmations(tx)}
        if told is not None:
            samples += _counters(told, names)
            histograms[_DURATION.name] = _durations(told, names)
        return list(_families(samples, histograms))

    def count(self) -> None:
        """Count all that ever happened, in small transactions; `families` then has the counters."""
        while not self._caught_up(datetime.now(UTC)):
            pass

    def _look_on(self, now: datetime) -> None:
        """Count some more, unless another thread is at the first count of all: whoever looks does
        not wait for it, and has the counters with a later look.
        """
        for _ in range(CHUNKS_A_LOOK):
            if (not self._ready and self._alone.locked()) or self._caught_up(now):
                break

    def _caught_up(self, now: datetime) -> bool:
        with self._alone, self._house.database.read() as tx:
            done = self._tally.catch_up(tx, now=now)
            self._ready = self._ready or done
        return done

    def _counts(self, tx: Connection) -> Counts | None:
        if not self._ready:
            return None
        with self._alone:
            return self._tally.counts(tx)

    def _confirmations(self, tx: Connection) -> Histograms:
        """The one statement that reads a table from end to end. However many revocations there have
        been, it takes a twentieth of the time at most: meanwhile what it found last is said again.
        """
        with self._looking:
            began = time.monotonic()
            if began >= self._confirmed_until:
                self._confirmed = _confirmations(tx)
                ended = time.monotonic()
                self._confirmed_until = ended + 20 * (ended - began)
            return self._confirmed


class _Read(Collector):
    """What was read, for one answer."""

    def __init__(self, found: list[Family]) -> None:
        self._found = found

    def collect(self) -> Iterable[Family]:
        return self._found


def _build(ready: bool) -> Iterator[Sample]:  # noqa: FBT001  # it is the sample's value
    try:
        ours = version("mrx")
    except PackageNotFoundError:
        ours = "unknown"
    yield "mrx_build_info", (ours,), 1
    yield "mrx_counters_ready", (), float(ready)


def _counters(told: Counts, names: Mapping[int, tuple[str, str]]) -> list[Sample]:
    found: defaultdict[tuple[str, tuple[str, ...]], int] = defaultdict(int)
    for (lane, state), n in told.batches.items():
        found["mrx_batches_total", (*names[lane], state)] += n
    for (lane, outcome), n in told.notices.items():
        found["mrx_notices_total", (*names[lane], outcome)] += n
    for (lane, outcome, code, _), n in told.attempts.items():
        partner = names[lane][0]
        found["mrx_delivery_attempts_total", (partner, outcome, code)] += n
        if outcome == "no receipt":
            found["mrx_receipt_verification_failures_total", (partner, code)] += n
    return [(name, labels, n) for (name, labels), n in found.items()]


def _durations(told: Counts, names: Mapping[int, tuple[str, str]]) -> Histograms:
    found: dict[tuple[str, ...], tuple[list[int], float]] = {}
    for (lane, _, _, bucket), n in told.attempts.items():
        buckets, _ = found.setdefault((names[lane][0],), ([0] * (len(_DURATION.bounds) + 1), 0))
        buckets[bucket] += n
    for lane, lasted in told.lasted.items():
        buckets, before = found[(names[lane][0],)]
        found[(names[lane][0],)] = (buckets, before + lasted / _SECOND)
    return found


def _confirmations(tx: Connection) -> Histograms:
    found: dict[tuple[str, ...], tuple[list[int], float]] = {}
    for row in tx.execute(_CONFIRMED):
        buckets, took = found.setdefault(
            (row.partner,), ([0] * (len(_CONFIRMATION.bounds) + 1), 0.0)
        )
        buckets[row.bucket] += row.n
        found[(row.partner,)] = (buckets, took + int(row.took) / _SECOND)
    return found


# -- as Prometheus has it --------------------------------------------------------------------------


def _families(samples: Iterable[Sample], histograms: Mapping[str, Histograms]) -> Iterator[Family]:
    by_name: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        assert sample[0] in BY_NAME, "every metric stands in the catalogue"
        by_name[sample[0]].append(sample)
    for metric in METRICS:
        family = _family(metric)
        for _, labels, value in sorted(by_name[metric.name]):
            family.add_metric(labels, value)
        for labels, (counts, total) in sorted(histograms.get(metric.name, {}).items()):
            family.add_metric(labels, _cumulative(metric, counts), total)
        if family.samples:
            yield family


def _family(metric: Metric) -> Any:
    of = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}
    return of.get(metric.kind, HistogramMetricFamily)(
        metric.name, metric.says, labels=list(metric.labels)
    )


def _le(bound: float) -> str:
    return "+Inf" if bound == float("inf") else str(float(bound))


def _cumulative(metric: Metric, counts: list[int]) -> list[tuple[str, float]]:
    upto, found = 0, []
    for bound, n in zip((*metric.bounds, float("inf")), counts, strict=True):
        upto += n
        found.append((_le(bound), float(upto)))
    return found


_LANES = select(lanes.c.id, lanes.c.partner, lanes.c.kind)
_TOOK = type_coerce(revocations.c.confirmed_at, Big) - type_coerce(revocations.c.at, Big)
_BUCKET = case(
    *((int(bound * _SECOND) >= _TOOK, n) for n, bound in enumerate(_CONFIRMATION.bounds)),
    else_=len(_CONFIRMATION.bounds),
).label("bucket")
# What had been deleted before the revocation came took no time, and says nothing of any.
_CONFIRMED = (
    select(
        revocations.c.partner,
        _BUCKET,
        func.count().label("n"),
        func.sum(_TOOK).label("took"),
    )
    .where(revocations.c.confirmed_at >= revocations.c.at)
    .group_by(revocations.c.partner, _BUCKET)
)
