"""Metrics that are planted for Prometheus' own tool, and which alarm must fire of them."""

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
    *(
        (
            "MrxReceiptsNotBelieved",
            {
                of("mrx_receipt_verification_failures_total", **MEXICO, reason="MRX-3010"): first,
                of("mrx_ledger_entries_total"): watched,
            },
            90,
            fires,
        )
        for first, watched, fires in (
            ("_x70 1x60", "5x130", True),  # the first that there ever was
            ("_x70 1x60", "_x70 5x60", False),  # the first that Prometheus looked at
            ("1x130", "5x130", False),
        )
    ),
    *(
        (
            "MrxContradiction",
            {of("mrx_contradictions_total", **MEXICO, what=what): counted},
            minute,
            fires,
        )
        for what, counted, minute, fires in (
            ("batch", "0x30 1x60", 60, True),
            ("receipt", "3x30 4x60", 60, True),
            ("batch", "3x90", 60, False),
            ("batch", "0x30 1x9000", DAY, True),  # it stands until somebody had a day to look
            ("batch", "0x30 1x9000", 3 * DAY, False),
        )
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
PLANTED += [
    *(
        (
            "MrxRetentionOverdue",
            {
                of("mrx_retention_last_run_timestamp_seconds"): last,
                of("mrx_retention_on"): f"{on}x9000",
            },
            3 * DAY + 90,
            fires,
        )
        for last, on, fires in (
            ("0x9000", 1, True),
            ("0x9000", 0, False),
            ("0x47 86400x9000", 1, False),  # it ran on the second day
        )
    ),
    ("MrxRetentionNeverRan", {of("mrx_retention_on"): "1x9000"}, 3 * DAY + 60, True),
    ("MrxRetentionNeverRan", {of("mrx_retention_on"): "1x9000"}, 3 * DAY - 60, False),
    ("MrxRetentionNeverRan", {of("mrx_retention_on"): "0x9000"}, 3 * DAY + 60, False),
    (
        "MrxRetentionNeverRan",
        {
            of("mrx_retention_on"): "1x9000",
            of("mrx_retention_last_run_timestamp_seconds"): "0x9000",
        },
        3 * DAY + 60,
        False,
    ),
]
for alarm, what, partner, within in (
    ("MrxRestoredLanesShut", "lanes", "mx-neec", 30),
    ("MrxRestoredConsentsOwed", "consents", "", 30),
    ("MrxRestoredRollIncomplete", "roll", "mx-neec", 60),
):
    series = of("mrx_restored_waiting", partner=partner, what=what)
    PLANTED += [
        (alarm, {series: "1x200"}, within + 5, True),
        (alarm, {series: "1x200"}, within - 5, False),
        (alarm, {series: "1x9 0x200"}, within + 5, False),
        *(
            (alarm, {of("mrx_restored_waiting", partner=partner, what=other): "1x200"}, 90, False)
            for other in {"lanes", "consents", "roll"} - {what}
        ),
    ]
for alarm, why, minute, counted, fires in (
    ("MrxAskedTooOften", "token", 60, "0+10x200", True),
    ("MrxAskedTooOften", "partner", 60, "0+10x200", True),
    ("MrxAskedTooOften", "session", 60, "0+10x200", True),
    ("MrxAskedTooOften", "session", 60, "0+3x200", False),  # it waits as it is told
    ("MrxAskedTooOften", "token", 40, "0x30 200x200", False),  # once
    ("MrxAskedTooOften", "address", 60, "0+10x200", False),
    ("MrxCredentialsGuessed", "address", 60, "0x55 1x60", True),
    ("MrxCredentialsGuessed", "address", 60, "0x30 1x60", False),
    ("MrxCredentialsGuessed", "token", 60, "0+10x200", False),
    ("MrxConnectionsFull", "full", 60, "0x30 0+1x60", True),
    ("MrxConnectionsFull", "full", 60, "0x56 1x60", False),  # for a moment
    ("MrxConnectionsFull", "slow", 60, "0+10x200", False),
    ("MrxRequestsBroken", "slow", 150, "0+3x200", True),
    ("MrxRequestsBroken", "malformed", 150, "0+3x200", True),
    ("MrxRequestsBroken", "malformed", 150, "0+1x200", False),
    ("MrxRequestsBroken", "full", 150, "0+3x200", False),
):
    PLANTED.append((alarm, {of("mrx_turned_away_total", why=why): counted}, minute, fires))
for days, level in ((61, None), (60, 60), (31, 60), (30, 30), (14, 14), (7, 7), (-1, 7)):
    series = of("mrx_certificate_expiry_timestamp_seconds", owner="ours", use="current", key="a")
    ends = {series: f"{days * 86_400 + 600}x9000"}
    older = of("mrx_certificate_expiry_timestamp_seconds", owner="ours", use="pinned", key="b")
    PLANTED += [
        (f"MrxCertificateEnds{one}", ends | {older: "0x9000"}, 100, level == one)
        for one in (60, 30, 14, 7)
    ]
