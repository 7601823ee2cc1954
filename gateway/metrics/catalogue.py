"""Every metric, on one page: what dashboards, alert rules and docs/metrics.md may name."""

from dataclasses import dataclass
from typing import Final, Literal

from gateway.views.count import MOST, SOME

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `labels` are all it has; `bounds` are a histogram's, in seconds."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    says: str
    bounds: tuple[float, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """The names under which its samples stand."""
        if self.kind == "histogram":
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.name,)


_ATTEMPT: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_HOUR: Final = 3_600
_CONFIRMATION: Final = (
    *(1, 10, 60, 600, _HOUR, 4 * _HOUR, 12 * _HOUR),
    *(24 * _HOUR, 48 * _HOUR, 168 * _HOUR),
)

METRICS: Final = (
    # -- what happened: counters --------------------------------------------------------------
    Metric(
        "mrx_batches_total",
        "counter",
        ("partner", "lane", "outcome"),
        "Batches that were closed: settled, or refused whole.",
    ),
    Metric(
        "mrx_notices_total",
        "counter",
        ("partner", "lane", "outcome"),
        "Notices that a partner answered: held, refused or withdrawn.",
    ),
    Metric(
        "mrx_delivery_attempts_total",
        "counter",
        ("partner", "outcome", "code"),
        "Transmissions that ended, and how; the code is empty where a receipt came.",
    ),
    Metric(
        "mrx_delivery_duration_seconds",
        "histogram",
        ("partner",),
        "From a transmission's beginning to its end, whatever it was.",
        _ATTEMPT,
    ),
    Metric(
        "mrx_receipt_verification_failures_total",
        "counter",
        ("partner", "reason"),
        "Answers to a transmission that were no receipt one may believe, by code.",
    ),
    Metric(
        "mrx_withdrawal_confirmation_seconds",
        "histogram",
        ("partner",),
        "From a revocation to the partner's signed confirmation of deletion.",
        _CONFIRMATION,
    ),
    Metric(
        "mrx_contradictions_total",
        "counter",
        ("partner", "what"),
        "What the partner signed against what it signed before: a batch with a number that we have "
        "with other bytes, or that names another one before it; a receipt with another verdict. "
        "Each number, and each receipt, counts once.",
    ),
    Metric("mrx_ledger_entries_total", "counter", (), "Entries of the ledger."),
    Metric(
        "mrx_retention_erased_rows_total",
        "counter",
        ("rule",),
        "Rows that were erased because their term was over, by the rule.",
    ),
    # -- what is so now: gauges ---------------------------------------------------------------
    Metric(
        "mrx_pending_notices",
        "gauge",
        ("partner", "lane"),
        f"Notices that wait for their batch and are not blocked; counted up to {MOST:,}.",
    ),
    Metric(
        "mrx_blocked_notices",
        "gauge",
        ("partner", "code"),
        "Notices that cannot be said or are not allowed, by the code of why; of each counted up to "
        f"{SOME:,}.",
    ),
    Metric(
        "mrx_refused_notices",
        "gauge",
        ("partner", "code"),
        f"Notices that the partner refused and that wait for a person; counted up to {SOME:,}.",
    ),
    Metric(
        "mrx_held_records", "gauge", ("partner",), "Records that the partner's receipts confirm."
    ),
    Metric(
        "mrx_holdings_agree",
        "gauge",
        ("partner",),
        "1 if the partner's last receipt said that it holds what we think it holds, else 0.",
    ),
    Metric(
        "mrx_lane_state",
        "gauge",
        ("partner", "lane", "state"),
        "1 for the state the lane is in (open, paused, failing), 0 for the others.",
    ),
    Metric(
        "mrx_oldest_pending_seconds",
        "gauge",
        ("partner", "lane"),
        "How long the oldest notice that is pending has waited; 0 where none is. On the urgent lane "
        "what a closed gate holds back does not count.",
    ),
    Metric(
        "mrx_oldest_unanswered_seconds",
        "gauge",
        ("partner", "lane"),
        "How long ago the batch in flight was first sent; 0 where none is.",
    ),
    Metric(
        "mrx_oldest_received_seconds",
        "gauge",
        ("partner", "lane"),
        "How long ago the oldest batch was first sent that the partner has received and not yet "
        "applied; 0 where there is none.",
    ),
    Metric(
        "mrx_last_receipt_timestamp_seconds",
        "gauge",
        ("partner",),
        "When a receipt last closed a batch; absent where none ever did.",
    ),
    Metric(
        "mrx_partner_enabled",
        "gauge",
        ("partner",),
        "1 if the exchange with the partner is switched on, else 0.",
    ),
    Metric(
        "mrx_revocations_open",
        "gauge",
        ("partner",),
        "Revocations whose deletion the partner has not confirmed.",
    ),
    Metric(
        "mrx_revocations_overdue",
        "gauge",
        ("partner",),
        "Of those, the ones whose time is over.",
    ),
    Metric(
        "mrx_quarantined",
        "gauge",
        ("partner", "direction"),
        "What waits for a person: partners' batches (in), pushes of the source (out, no partner).",
    ),
    Metric(
        "mrx_retention_last_run_timestamp_seconds",
        "gauge",
        (),
        "When a run of retention last ended; absent where none ever did.",
    ),
    Metric(
        "mrx_retention_on",
        "gauge",
        (),
        "1 if the gateway erases by itself what is over its term, else 0.",
    ),
    Metric(
        "mrx_restored_waiting",
        "gauge",
        ("partner", "what"),
        "1 for what a gateway that was restored from a backup still waits for, else 0: the source's "
        "consents (no partner), the comparison with a partner, before which nothing leaves for it "
        "(lanes), and what a partner told us since (roll).",
    ),
    Metric("mrx_approvals_waiting", "gauge", (), "Acts that wait for a second person."),
    Metric(
        "mrx_roll_members", "gauge", ("partner",), "Members of the partner's programme, as it says."
    ),
    Metric(
        "mrx_roll_heard_timestamp_seconds",
        "gauge",
        ("partner",),
        "When the partner last said anything signed; absent where it never did.",
    ),
    Metric(
        "mrx_roll_silence_limit_seconds",
        "gauge",
        ("partner",),
        "How long the partner may be silent before its roll counts as stale.",
    ),
    Metric(
        "mrx_consent_feed_age_seconds",
        "gauge",
        (),
        "How old the source's consents are; absent where they were never heard.",
    ),
    Metric(
        "mrx_consent_feed_limit_seconds",
        "gauge",
        (),
        "From which age on nobody is announced to anyone (P9).",
    ),
    Metric(
        "mrx_member_feed_age_seconds",
        "gauge",
        (),
        "How old the source's members are; absent where they were never heard.",
    ),
    Metric(
        "mrx_certificate_expiry_timestamp_seconds",
        "gauge",
        ("owner", "use", "key"),
        "When a certificate ends; use is current, next, pinned or staged, key the beginning of its "
        "fingerprint.",
    ),
    Metric(
        "mrx_turned_away_total",
        "counter",
        ("why",),
        "Requests and connections that this server turned away unheard since it started: too many "
        "with a token, under a partner's certificate or in a session, too many wrong credentials "
        "from an address, malformed, slow, or one connection too many (full).",
    ),
    Metric("mrx_build_info", "gauge", ("version",), "Always 1; which version this is."),
    Metric(
        "mrx_counters_ready",
        "gauge",
        (),
        "1 once the counters are there. After a start they are missing until everything that ever "
        "happened has been counted, some seconds; they are never too low.",
    ),
)

BY_NAME: Final = {metric.name: metric for metric in METRICS}
SERIES: Final = frozenset(name for metric in METRICS for name in metric.series)
"""Every name that may stand in a PromQL expression."""
