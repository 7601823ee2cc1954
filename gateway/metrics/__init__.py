"""What Prometheus reads: counts and states of the exchange, computed from the database.

    catalogue ── page       every metric: its kind, its labels, what it says; docs/metrics.md
    tally                   counters: what happened so far, each batch counted once
    gauges                  what is so now, by index probes
    exporter                both, in one view of the database, as Prometheus or OpenMetrics text

Nothing is kept in a process that the tables do not say: whichever process is asked gives the same
answer, after a restart too. Labels are partners, lanes, outcomes, codes: never a member, never a
host.
"""
