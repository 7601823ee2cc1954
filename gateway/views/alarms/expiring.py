"""Alarms of certificates that run out: early enough for the weeks that a change takes."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from gateway.views.alarms.alarm import Alarm, many
from gateway.views.rows import Row
from outbox.house import House
from partners import certificates, staged_certificates
from schemas.tables import own_keys

RUNWAYS: Final = (60, 30, 14, 7)
"""Days before a certificate ends: at each of these the alarm is said anew, and louder."""
_LOUD = 14


def expiring(tx: Connection, house: House, rows: Sequence[Row], now: datetime) -> Iterator[Alarm]:
    """On the ladder of `RUNWAYS`: ours, and each partner's that lasts longest."""
    left = (house.key.certificate.not_after - now).days
    if left <= RUNWAYS[0]:
        following = tx.scalar(select(own_keys.c.fingerprint).where(own_keys.c.state == "next"))
        then = "the next one waits to be activated" if following else "no next one is staged"
        yield _runs_out(None, "Our certificate", left, then, "/certificates")
    waiting = {one.certificate.partner for one in staged_certificates.every(tx)}
    ends = certificates.ends(tx)
    for row in rows:
        left = (ends[row.partner] - now).days if row.partner in ends else -1
        if 0 <= left <= RUNWAYS[0]:
            then = "their next one waits to be approved" if row.partner in waiting else "ask for it"
            path = f"/partners/{row.partner}/certificates"
            yield _runs_out(row.partner, f"{row.partner}: their certificate", left, then, path)


def _runs_out(partner: str | None, whose: str, left: int, then: str, path: str) -> Alarm:
    step = min((days for days in RUNWAYS if left <= days), default=RUNWAYS[0])
    ends = f"expires in {many(left, 'day')}" if left >= 0 else "has expired"
    return Alarm(
        kind=f"certificate {step} days",
        partner=partner,
        bad=left <= _LOUD,
        sentence=f"{whose} {ends}; {then}.",
        code=None if left >= 0 else "MRX-3006",
        path=path,
        link="Plan the change",
    )
